"""Files that tests send: made here byte by byte, so that it is plain what is in them."""

import struct
import zlib
from dataclasses import dataclass, field


@dataclass
class File:
    """What one entry of `att` says of itself, and its bytes."""

    name: str
    mime: str
    data: bytes
    more: dict[str, object] = field(default_factory=dict)  # w, h, alt, ms, wave
    thumb: bytes = b""


def png(width: int, height: int, colour: tuple[int, int, int] = (90, 120, 220)) -> bytes:
    row = b"\0" + bytes(colour) * width
    return _png(width, height, zlib.compress(row * height, 9))


def bomb() -> bytes:
    """A few bytes that would be 3.6 GB once decoded."""
    return _png(30_000, 30_000, zlib.compress(b"\0"))


def gif() -> bytes:
    """One pixel, red and blue in turn, ten times a second, for ever."""
    head = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\xff\0\0\0\0\xff"
    loop = b"!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
    pause = b"!\xf9\x04\x04\x0a\0\0\0"
    frame = b",\0\0\0\0\x01\0\x01\0\0\x02\x02"
    return head + loop + pause + frame + b"D\x01\0" + pause + frame + b"L\x01\0" + b";"


def wav(seconds: int = 2) -> bytes:
    """A tone, 8,000 samples a second."""
    samples = bytes(128 + (40 if at // 10 % 2 else -40) for at in range(8000 * seconds))
    form = struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8)
    body = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(samples))
    return b"RIFF" + struct.pack("<I", len(body) + len(samples)) + body + samples


def photo(name: str = "photo.png", width: int = 640, height: int = 480, **more: object) -> File:
    size = {"w": width, "h": height}
    thumb = png(width // 8, height // 8)
    return File(name, "image/png", png(width, height), {**size, **more}, thumb)


def _png(width: int, height: int, data: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
