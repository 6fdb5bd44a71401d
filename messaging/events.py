"""What one node tells another: the events of the fan-out, and their bytes."""

from typing import Self

import msgspec

from messaging.domain import Conv, Uid


class _Event(msgspec.Struct, array_like=True, frozen=True):
    users: list[Uid]  # whose sessions are meant

    def to(self, users: list[Uid]) -> Self:
        """The same event for some of its users."""
        return msgspec.structs.replace(self, users=users)


class Push(_Event, tag=True, frozen=True):
    """A frame for the clients. `changes`: it also changes what the sessions know."""

    data: bytes
    changes: bool
    but: bytes | None  # the device that has it already


class Forget(_Event, tag=True, frozen=True):
    """What the sessions know of a conversation is out of date; nothing is shown to anyone."""

    conv: Conv


class Evict(_Event, tag=True, frozen=True):
    """Sessions end: those of a device, of a web session (its hash), or all. `until`: ms, when
    live tokens from before open sessions again."""

    device: bytes | None
    session: bytes | None
    reason: str
    until: int | None = None


class Pardon(_Event, tag=True, frozen=True):
    """Sessions of the user may be opened again."""


class Displace(_Event, tag=True, frozen=True):
    """The session of this name gives way: its device has a newer one on another node."""

    conn: bytes


class Echo(_Event, tag=True, frozen=True):
    """To oneself, to find out whether frames come."""

    incarnation: str


Event = Push | Forget | Evict | Pardon | Displace | Echo

_encoder = msgspec.msgpack.Encoder(enc_hook=bytes)  # ids of the wire are a subclass
_decoder: msgspec.msgpack.Decoder[Event] = msgspec.msgpack.Decoder(Event)


def encode(event: Event) -> bytes:
    return _encoder.encode(event)


def decode(data: bytes) -> Event:
    """Raises ValueError for what is no event."""
    return _decoder.decode(data)
