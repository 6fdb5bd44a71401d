"""Bytes of protocol m1: `cat`, strict parsing, canonical base64, ids (docs/encryption.md 4.1)."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import Final

from e2ee.errors import BadEncoding

SUITE: Final = 2
"""X-Wing, HKDF-SHA256, AES-256-GCM; no other value is ever accepted."""

ZERO: Final = bytes(32)
NO_U32: Final = 0xFFFFFFFF
"""How "none" is written where a u32 stands."""

MAX_UINT: Final = 2**53 - 1
"""The largest number that a reader takes: a JavaScript number holds no larger one exactly."""

_HEX_ID: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)


def cat(label: str, *fields: bytes) -> bytes:
    """lp(label) ‖ lp(f1) ‖ …: the input of every hash, MAC, signature and `info`."""
    return lp(label.encode("ascii")) + b"".join(map(lp, fields))


def lp(field: bytes) -> bytes:
    return len(field).to_bytes(4) + field


def parse(data: bytes, label: str, widths: Sequence[int | None]) -> tuple[bytes, ...]:
    """The fields of `cat(label, …)`; a width of None takes any length.

    Exact label, number of fields and widths, and nothing after the last one;
    anything else raises BadEncoding, so that a record has exactly one reading.
    """
    wanted = label.encode("ascii")
    fields: list[bytes] = []
    offset = 0
    for width in (len(wanted), *widths):
        start = offset + 4
        size = int.from_bytes(data[offset:start])
        offset = start + size
        if offset > len(data) or (width is not None and size != width):
            raise BadEncoding(f"{label}: field {len(fields)} has the wrong length")
        fields.append(data[start:offset])
    if fields[0] != wanted:
        raise BadEncoding(f"{label}: another label stands there")
    if offset != len(data):
        raise BadEncoding(f"{label}: bytes after the last field")
    return tuple(fields[1:])


def uint(field: bytes) -> int:
    """The one way a number gets out of a record: what a client could not read is never stored."""
    value = int.from_bytes(field)
    if value > MAX_UINT:
        raise BadEncoding("a number above 2^53 - 1")
    return value


def u8(value: int) -> bytes:
    return _unsigned(value, 1)


def u32(value: int) -> bytes:
    return _unsigned(value, 4)


def u64(value: int) -> bytes:
    return _unsigned(value, 8)


def _unsigned(value: int, width: int) -> bytes:
    try:
        return value.to_bytes(width)
    except OverflowError:
        raise BadEncoding(f"{value} does not fit into u{width * 8}") from None


def h(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def mac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


def to_base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str, length: int | None = None) -> bytes:
    """Standard, padded and canonical: the text must be just what `to_base64` writes."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadEncoding("not standard base64") from None
    if to_base64(data) != text:
        raise BadEncoding("not canonical base64")
    if length is not None and len(data) != length:
        raise BadEncoding(f"{length} bytes were expected")
    return data


def id_from_hex(text: str) -> bytes:
    """An id as it stands in a URL: 32 lower-case hex digits."""
    if not _HEX_ID.fullmatch(text):
        raise BadEncoding("an id has 32 lower-case hex digits")
    return bytes.fromhex(text)
