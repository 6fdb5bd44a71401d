"""Real pictures as phones and programs write them, with everything in them that must not be sent.

Pixels are drawn by the browser of the test; what surrounds them is put together here.
"""

import base64
import struct
import zlib
from collections.abc import Sequence

from playwright.sync_api import Page

SECRET = b"N 48 12.345 E 11 34.567"
CORNERS = (
    "red",
    "lime",
    "blue",
    "white",
)  # upright: top left, top right, bottom left, bottom right
# Which corner of the upright picture lies where in the stored one: Exif 2.32, 4.6.4, Orientation.
STORED = {
    1: (0, 1, 2, 3), 2: (1, 0, 3, 2), 3: (3, 2, 1, 0), 4: (2, 3, 0, 1),
    5: (0, 2, 1, 3), 6: (1, 3, 0, 2), 7: (3, 1, 2, 0), 8: (2, 0, 3, 1),
}  # fmt: skip
DRAW = """async ([w, h, type, corners]) => {
  const canvas = new OffscreenCanvas(w, h), pen = canvas.getContext("2d");
  for (const [at, colour] of corners.entries()) {
    pen.fillStyle = colour;
    pen.fillRect((at % 2) * w / 2, Math.floor(at / 2) * h / 2, w / 2, h / 2);
  }
  const blob = await canvas.convertToBlob({type, quality: 0.95});
  if (blob.type !== type) throw new Error(blob.type);
  let text = "";
  for (const byte of new Uint8Array(await blob.arrayBuffer())) text += String.fromCharCode(byte);
  return btoa(text);
}"""

LANDSCAPE = """async () => {
  const [w, h] = [1600, 1067], canvas = new OffscreenCanvas(w, h), pen = canvas.getContext("2d");
  const fill = (colours, shape) => {
    pen.fillStyle = pen.createLinearGradient(0, 0, 0, h);
    for (const [at, colour] of colours.entries())
      pen.fillStyle.addColorStop(at / (colours.length - 1), colour);
    pen.beginPath();
    shape();
    pen.fill();
  };
  const hills = (height, wave) => () => {
    pen.moveTo(0, h);
    for (let x = 0; x <= w; x += 8)
      pen.lineTo(x, h * height - 70 * Math.sin(x / wave + height * 9));
    pen.lineTo(w, h);
  };
  fill(["#2b4a7f", "#e9a27b", "#f7d9b0"], () => pen.rect(0, 0, w, h));
  fill(["#fff4d6", "#ffd99a"], () => pen.arc(w * .68, h * .4, 78, 0, 7));
  fill(["#6d7fa6", "#5a6b91"], hills(.55, 170));
  fill(["#3d5673", "#33485f"], hills(.68, 240));
  fill(["#22384a", "#15242f"], hills(.84, 130));
  const blob = await canvas.convertToBlob({type: "image/jpeg", quality: .9});
  let text = "";
  for (const byte of new Uint8Array(await blob.arrayBuffer())) text += String.fromCharCode(byte);
  return btoa(text);
}"""

FILM = """async (mime) => {
  const canvas = Object.assign(document.createElement("canvas"), {width: 64, height: 48});
  const pen = canvas.getContext("2d"), pieces = [];
  const recorder = new MediaRecorder(canvas.captureStream(), {mimeType: mime});
  recorder.ondataavailable = ({data}) => pieces.push(data);
  recorder.start();
  for (let frame = 0; frame < 30; frame++) {
    pen.fillStyle = ["red", "blue"][frame % 2];
    pen.fillRect(0, 0, 64, 48);
    await new Promise(requestAnimationFrame);
  }
  await new Promise((done) => { recorder.onstop = done; recorder.stop(); });
  const bytes = new Uint8Array(await new Blob(pieces).arrayBuffer());
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}"""


def film(page: Page, mime: str = "video/webm") -> bytes:
    """Half a second, as a browser records it: it does not say how long it is."""
    return base64.b64decode(page.evaluate(FILM, mime))


def landscape(page: Page) -> bytes:
    return base64.b64decode(page.evaluate(LANDSCAPE))


def drawn(
    page: Page, mime: str, size: tuple[int, int] = (96, 64), corners: Sequence[str] = CORNERS
) -> bytes:
    return base64.b64decode(page.evaluate(DRAW, [*size, mime, list(corners)]))


def photo(page: Page, orientation: int = 1, size: tuple[int, int] = (96, 64)) -> bytes:
    """A JPEG as a camera writes it: Exif with a place, XMP, IPTC, a comment, a film behind it."""
    w, h = size if orientation < 5 else (size[1], size[0])
    corners = [CORNERS[corner] for corner in STORED[orientation]]
    plain = drawn(page, "image/jpeg", (w, h), corners)
    segments = [
        _segment(0xE1, b"Exif\0\0" + exif(orientation)),
        _segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>" + SECRET),
        _segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04" + SECRET),
        _segment(0xFE, SECRET),
    ]
    return plain[:2] + b"".join(segments) + plain[2:] + b"\0\0\0\x18ftypmp42" + SECRET


def exif(orientation: int) -> bytes:
    """A TIFF with the orientation, and a GPS directory that ends in the place."""
    entries = [
        struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0),
        struct.pack("<HHII", 0x010F, 2, len(SECRET) + 1, 38),
    ]
    return b"II*\0" + struct.pack("<IH", 8, 2) + b"".join(entries) + bytes(4) + SECRET + b"\0"


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def screenshot(page: Page, orientation: int = 0) -> bytes:
    """A PNG with texts, and if asked with an Exif block."""
    plain = drawn(page, "image/png")
    told = _chunk(b"tEXt", b"Comment\0" + SECRET)
    if orientation:
        told += _chunk(b"eXIf", exif(orientation))
    return plain[:33] + told + plain[33:] + SECRET


def _chunk(name: bytes, body: bytes) -> bytes:
    crc = zlib.crc32(name + body)
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", crc)


def moving_gif() -> bytes:
    frame = bytes(
        [0x21, 0xF9, 4, 0, 10, 0, 0, 0, 0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0]
    )
    head = b"GIF89a" + bytes([1, 0, 1, 0, 0x80, 0, 0, 255, 0, 0, 0, 0, 255])
    loop = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
    comment = b"\x21\xfe" + bytes([len(SECRET)]) + SECRET + b"\0"
    return head + loop + comment + 2 * frame + b";" + SECRET


def moving_webp(page: Page) -> bytes:
    frames = [drawn(page, "image/webp", corners=[colour] * 4) for colour in ("red", "blue")]
    body = _riff(b"VP8X", struct.pack("<I", 0x0E) + _u24(95) + _u24(63))
    body += _riff(b"ANIM", bytes(6))
    for frame in frames:
        still = frame[frame.index(b"VP8 ") :]
        body += _riff(b"ANMF", bytes(6) + _u24(95) + _u24(63) + _u24(100) + b"\0" + still)
    body += _riff(b"EXIF", exif(1)) + _riff(b"XMP ", SECRET)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def moving_png(page: Page) -> bytes:
    """Two frames, the second of which repeats the first."""
    plain = screenshot(page)
    at = plain.index(b"IDAT") - 4
    length = struct.unpack(">I", plain[at : at + 4])[0]
    pixels = plain[at + 8 : at + 8 + length]
    size = plain[16:24]

    def frame(number: int) -> bytes:
        return _chunk(b"fcTL", struct.pack(">I", number) + size + bytes(8) + b"\0\1\0\2\0\0")

    control = _chunk(b"acTL", struct.pack(">II", 2, 0))
    end = at + 12 + length
    second = frame(1) + _chunk(b"fdAT", struct.pack(">I", 2) + pixels)
    return plain[:at] + control + frame(0) + plain[at:end] + second + plain[end:]


def _riff(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def _u24(value: int) -> bytes:
    return struct.pack("<I", value)[:3]


def heic() -> bytes:
    """What tells a HEIC, and its size; no browser of these tests decodes one."""
    size = b"ispe" + struct.pack(">III", 0, 4032, 3024)
    inner = struct.pack(">I", 4 + len(size)) + size
    return b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0\0\0\x40meta" + inner + SECRET


def bomb() -> bytes:
    """A PNG of 60,000 by 60,000 that is small as a file."""
    head = struct.pack(">II", 60_000, 60_000) + bytes([8, 0, 0, 0, 0])
    pixels = zlib.compress(bytes(60_001))
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + _chunk(b"IDAT", pixels)
        + _chunk(b"IEND", b"")
    )
