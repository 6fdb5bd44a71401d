"""The address of a Redis that Sentinels lead to, read without a driver.

    redis://user:password@host:6379/0
    redis+sentinel://user:password@host:26379,host:26379/SERVICE/0

By the second, Sentinels are asked which server is the primary, at each new connection: after a
failover the next one leads to another. Login and number are those of Redis, not of the Sentinels.
`rediss` has TLS, to Sentinels as well.
"""

import re
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote

SENTINEL = "+sentinel"  # behind redis or rediss
SENTINEL_PORT = 26379
# Not by urlsplit: some Pythons take no brackets of IPv6 in a list of hosts.
ADDRESS = re.compile(r"([^:/?#]+)://(?:([^/?#]*)@)?([^/?#@]*)([^?#]*)(?:\?([^#]*))?")
HOST = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([^\s:\[\]]+))(?::([0-9]{1,5}))?")
PATH = re.compile(r"/([^/]+)(?:/([0-9]*))?")


class Sentinels(NamedTuple):
    hosts: list[tuple[str, int]]
    service: str
    options: dict[str, Any]  # of a connection to Redis
    secure: dict[str, Any]  # of those and of one to a Sentinel


def sentinels(url: str) -> Sentinels | None:
    """None for an address without them. Raises ValueError."""
    scheme, sentinel, rest = url.partition("://")[0].lower().partition(SENTINEL)
    if not sentinel:
        return None
    parts = ADDRESS.fullmatch(url)
    path = PATH.fullmatch(parts[4]) if parts else None
    if scheme not in ("redis", "rediss") or rest or parts is None or path is None:
        raise ValueError("no address of Sentinels")
    user, _, password = (parts[2] or "").partition(":")
    secure: dict[str, Any] = {"ssl": True} if scheme == "rediss" else {}
    secure |= {name: values[0] for name, values in parse_qs(parts[5] or "").items()}
    login_of = {"username": unquote(user) or None, "password": unquote(password) or None}
    options = {"db": int(path[2] or 0), **{name: it for name, it in login_of.items() if it}}
    return Sentinels([_host(one) for one in parts[3].split(",")], unquote(path[1]), options, secure)


def _host(place: str) -> tuple[str, int]:
    host = HOST.fullmatch(place)
    port = int(host[3] or SENTINEL_PORT) if host else 0
    if host is None or not 0 < port < 65536:
        raise ValueError("no address of Sentinels")
    return host[1] or host[2], port
