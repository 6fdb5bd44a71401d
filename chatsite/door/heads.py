"""Heads of requests that no part of the site behind the door could make sense of."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from daphne.utils import HEADER_NAME_RE, INVALID_HEADER_VALUE_BYTES

from chatsite.door.refusals import MALFORMED, NO_SOCKET, Answer

SOCKET_TARGET = b"/live"
# Daphne believes the first from anybody and decodes the second as ASCII; our pages send neither.
UNWANTED = (b"Daphne-Root-Path", b"Sec-WebSocket-Protocol")
_FORBIDDEN = bytes(INVALID_HEADER_VALUE_BYTES)


def judge(target: bytes, headers: Any) -> Answer | None:
    """`headers` are Twisted's; takes away what is UNWANTED."""
    if not target.startswith(b"/") or not target.isascii():
        return MALFORMED
    if not all(_is_sound(name, values) for name, values in headers.getAllRawHeaders()):
        return MALFORMED
    if not all(_is_origin(value) for value in headers.getRawHeaders(b"Origin", ())):
        return MALFORMED
    for name in UNWANTED:
        headers.removeHeader(name)
    upgrades = headers.getRawHeaders(b"Upgrade", ())
    if upgrades and upgrades[0].lower() == b"websocket" and _path(target) != SOCKET_TARGET:
        return NO_SOCKET
    return None


def _is_sound(name: bytes, values: Iterable[bytes]) -> bool:
    """Daphne refuses the rest too, but keeps the connection: a thousand such requests in one
    packet are answered one inside the other, until the stack is full."""
    return HEADER_NAME_RE.fullmatch(name) is not None and all(
        len(value.translate(None, _FORBIDDEN)) == len(value) for value in values
    )


def _is_origin(value: bytes) -> bool:
    """Whether it can be parsed. Who sent it is decided elsewhere."""
    try:
        return urlsplit(value.decode("latin1")).port is None or True
    except ValueError:
        return False


def _path(target: bytes) -> bytes:
    return target.partition(b"?")[0]
