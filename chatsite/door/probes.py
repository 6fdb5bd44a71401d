"""What machines ask a node: `/livez`, `/readyz` and `/metrics`. The door answers as soon as the
head of the request is there: they work before Django does, and cost next to nothing.
"""

from collections.abc import Iterable
from http import HTTPStatus
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from chatsite.door.answers import whole
from chatsite.door.proxies import FOR, Proxies
from chatsite.door.readiness import Readiness
from chatsite.edge import addresses
from chatsite.running import metrics

TEXT = "text/plain; charset=utf-8"
METHODS = (b"GET", b"HEAD")


class Probes:
    def __init__(
        self,
        readiness: Readiness,
        proxies: Proxies,
        readers: Iterable[IPv4Network | IPv6Network] = (),
    ) -> None:
        """`readers`: who may read `/metrics`, beside this machine."""
        self._readiness, self._proxies, self._readers = readiness, proxies, tuple(readers)
        self._of = {
            b"/livez": self._livez,
            b"/readyz": self._readyz,
            b"/metrics": self._metrics,
        }

    def answer(self, method: bytes, target: bytes, peer: str, headers: Any) -> bytes | None:
        """The whole response; None where the request is not for us. `headers` are Twisted's."""
        probe = self._of.get(target.partition(b"?")[0])
        if probe is None or method not in METHODS:
            return None
        response = probe(peer, headers)
        if response is None or method == b"GET":
            return response
        return response[: response.index(b"\r\n\r\n") + 4]

    def _livez(self, peer: str, headers: Any) -> bytes:
        """The event loop has its turn; nothing else, or a restart would follow from a fault that
        a restart does not end."""
        return whole(HTTPStatus.OK, TEXT, b"alive\n")

    def _readyz(self, peer: str, headers: Any) -> bytes:
        state = self._readiness.ask()
        # HAProxy leads nobody new to a node that answers 404, and ends nothing that is there.
        status = HTTPStatus.OK if state == "ready" else HTTPStatus.NOT_FOUND
        return whole(status, TEXT, f"{state}\n".encode())

    def _metrics(self, peer: str, headers: Any) -> bytes | None:
        if not self._may_read(peer, headers):
            return None  # as if there were no such page
        return whole(HTTPStatus.OK, metrics.CONTENT_TYPE, metrics.text().encode())

    def _may_read(self, peer: str, headers: Any) -> bool:
        """By the address of the client itself: a proxy on this machine brings strangers, too."""
        reader = addresses.parse(peer)
        if headers.getRawHeaders(FOR, ()):
            if reader not in self._proxies:
                return False
            reader = self._proxies.client(reader, headers)
        return reader.is_loopback or any(reader in network for network in self._readers)
