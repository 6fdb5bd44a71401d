"""Parts of files straight to the store and from it, where a site has that way (ADR 56)."""

import hashlib
import http.client
from urllib.parse import urlsplit

from chatsite.edge.wire import B32
from media import protocol
from testkit.client.api import Api, ApiError

TIMEOUT_SECONDS = 30
BY_NODE = "by_node"


def put(api: Api, leave: protocol.Grant, n: int, data: bytes) -> None:
    """Raises ApiError, OSError and http.client's errors."""
    digest = B32(hashlib.sha256(data).digest())
    one = _signed(api, leave.blob, protocol.NewUrls(parts=[n], sums=[digest]))
    _called("PUT", one, data)


def get(api: Api, blob: bytes, n: int) -> bytes | None:
    """None: the site has no such way. Raises as `put`."""
    try:
        one = _signed(api, blob, protocol.NewUrls(parts=[n]))
    except ApiError as refusal:
        if refusal.code == BY_NODE:
            return None
        raise
    return _called("GET", one, b"")


def _signed(api: Api, blob: bytes, wanted: protocol.NewUrls) -> protocol.SignedUrl:
    path = f"/api/blobs/{blob.hex()}/urls"
    return api.post(path, wanted, protocol.SignedUrls, proof=True).urls[0]


def _called(method: str, one: protocol.SignedUrl, data: bytes) -> bytes:
    parts = urlsplit(one.url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=TIMEOUT_SECONDS)
    try:
        connection.request(method, f"{parts.path}?{parts.query}", data or None, dict(one.headers))
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise ApiError(answer.status, text)
    return text
