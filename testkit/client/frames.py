"""A frame of the server as the client takes it: one row that cannot be read costs itself alone.

A message keeps its place as a row without content; a row of the vector is left out.
"""

from collections.abc import Callable
from typing import TypeVar

import msgspec
from msgspec import Raw

from chatsite.edge.wire import U32, Decoder, Id, Malformed, N, decoder
from messaging import protocol
from messaging.protocol import Frame, Msg, VectorRow

T = TypeVar("T")


class _Place(msgspec.Struct, tag_field="t", tag="msg"):
    conv: Id
    seq: N


class _Page(msgspec.Struct, tag_field="t", tag="page"):
    ref: U32
    rows: list[Raw]
    more: bool


class _State(msgspec.Struct, tag_field="t", tag="state"):
    rows: list[Raw]
    part: U32
    of: U32
    now: N


_frames: Decoder[_Place | _Page | _State] = decoder(_Place | _Page | _State)
_messages: Decoder[Msg] = decoder(Msg)
_places: Decoder[_Place] = decoder(_Place)
_vector_rows: Decoder[VectorRow] = decoder(VectorRow)


def read(text: str | bytes) -> Frame | None:
    """None: nothing of it can be read."""
    return _read(protocol.parse_server, text) or _salvaged(text)


def _salvaged(text: str | bytes) -> Frame | None:
    frame = _read(_frames.decode, text)
    if isinstance(frame, _Page):
        rows = [row for row in map(_message, frame.rows) if row]
        return protocol.Page(ref=frame.ref, rows=rows, more=frame.more)
    if isinstance(frame, _State):
        vector = [row for row in (_read(_vector_rows.decode, raw) for raw in frame.rows) if row]
        return protocol.State(rows=vector, part=frame.part, of=frame.of, now=frame.now)
    return Msg(conv=frame.conv, seq=frame.seq) if frame else None


def _message(raw: Raw) -> Msg | None:
    place = None if (whole := _read(_messages.decode, raw)) else _read(_places.decode, raw)
    return whole or (Msg(conv=place.conv, seq=place.seq) if place else None)


def _read(decode: Callable[[str | bytes], T], text: str | bytes) -> T | None:
    try:
        return decode(text)
    except Malformed:
        return None
