"""One question by HTTP, to one of our own addresses."""

import http.client
import socket
import ssl
from typing import NamedTuple
from urllib.parse import urlsplit

READ_MAX = 256 * 1024  # bytes of an answer
CLIENT = "chatsite-doctor"  # in the logs of a proxy


class Answer(NamedTuple):
    status: int
    location: str
    text: str
    expires: float | None  # of the certificate: seconds since 1970


def get(url: str, seconds: float) -> Answer:
    """Follows no redirect. Raises OSError and HTTPException."""
    parts = urlsplit(url)
    of = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    link = of(parts.netloc, timeout=seconds)
    try:
        link.connect()
        expires = _expires(link.sock)
        link.request("GET", parts.path or "/", headers={"User-Agent": CLIENT})
        answer = link.getresponse()
        text = answer.read(READ_MAX).decode(errors="replace")
        return Answer(answer.status, answer.headers.get("Location", ""), text, expires)
    finally:
        link.close()


def _expires(sock: socket.socket) -> float | None:
    if not isinstance(sock, ssl.SSLSocket):
        return None
    certificate = sock.getpeercert() or {}
    return float(ssl.cert_time_to_seconds(str(certificate["notAfter"])))
