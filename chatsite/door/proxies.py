"""Whose request it is. A proxy says so in X-Forwarded-For and X-Forwarded-Proto. Anybody can write
anything there, so these count from trusted proxies alone.

Behind the door each request has one X-Forwarded-For with the one address, and X-Forwarded-Proto
only where a trusted proxy set it. Daphne makes the scope of both, for requests and sockets alike.
Where a proxy names no client, the request carries the mark of chatsite/edge/addresses.py besides.
"""

import logging
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from chatsite.edge import addresses
from chatsite.edge.addresses import Address

FOR, PROTO = b"X-Forwarded-For", b"X-Forwarded-Proto"
UNNAMED = addresses.UNNAMED.encode()
SCHEMES = {b"http", b"https"}
# Strangers' requests cause these: logged once a minute (chatsite/logs.py).
NO_CLIENT = "the proxy %s does not name its client in X-Forwarded-For; it is taken for the client"
NO_SCHEME = "the proxy %s does not say http or https in X-Forwarded-Proto; http is assumed"

logger = logging.getLogger(__name__)


class Proxies:
    def __init__(self, networks: Iterable[IPv4Network | IPv6Network] = ()) -> None:
        self._networks = tuple(networks)

    def __contains__(self, address: Address) -> bool:
        return any(address in network for network in self._networks)

    def settle(self, peer: str, headers: Any) -> str:
        """The client's address. `headers` are Twisted's, and agree with it afterwards."""
        sender = addresses.parse(peer)
        trusted = sender in self
        headers.removeHeader(UNNAMED)
        client = self.client(sender, headers) if trusted else sender
        scheme = headers.getRawHeaders(PROTO, ())
        headers.removeHeader(PROTO)
        headers.setRawHeaders(FOR, [str(client).encode()])
        if trusted:
            if len(scheme) == 1 and scheme[0].lower() in SCHEMES:
                headers.setRawHeaders(PROTO, [scheme[0].lower()])
            else:
                logger.warning(NO_SCHEME, sender)
        return str(client)

    def client(self, proxy: Address, headers: Any) -> Address:
        """The last that is not a proxy of ours: a stranger wrote those before it. Marks a request
        whose client nobody names."""
        known = proxy
        said = b",".join(headers.getRawHeaders(FOR, ())).decode("latin1")
        for entry in reversed(said.split(",")):
            try:
                known = addresses.parse(_without_port(entry.strip()))
            except ValueError:
                logger.warning(NO_CLIENT, known)
                headers.setRawHeaders(UNNAMED, [b"1"])
                break
            if known not in self:
                break
        return known


def _without_port(entry: str) -> str:
    """The address in 192.0.2.1:443, [2001:db8::1]:443 and [2001:db8::1]."""
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0] if entry.count(":") == 1 else entry
