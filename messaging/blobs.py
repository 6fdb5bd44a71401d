"""What messages ask of the side that keeps their files: media, by the setting MESSAGING_BLOBS."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from messaging.domain import Conv, Uid


@dataclass(frozen=True, slots=True)
class Linked:
    """A message that has blobs. `expires`: ms, None = kept. `withheld`: its recipient blocks its
    sender, who alone may read them."""

    sender: Uid
    conv: Conv
    client_id: bytes
    after_seq: int
    expires: int | None
    withheld: bool


class Blobs(ABC):
    """All are repeatable, and say in a database what a store in partitions may not know yet."""

    @abstractmethod
    async def link(self, message: Linked, ids: Sequence[bytes], now: int) -> None:
        """Before the append: from now on these blobs are the message's, all of them or none.

        Raises a Refusal of code `blob` where one is not whole, or not the sender's for this
        conversation. A message that is never appended loses them again, in some days.
        """

    @abstractmethod
    async def erasing(self, conv: Conv, sender: Uid, seq: int, client_id: bytes, now: int) -> None:
        """Before the content of a message goes: if it does, and nobody comes to `release` its
        blobs, they go in some minutes."""

    @abstractmethod
    async def release(self, conv: Conv, sender: Uid, client_id: bytes, now: int) -> None:
        """After the content of a message is gone: its blobs go, too, unless another has them."""


@cache
def blobs() -> Blobs:
    """What settings.MESSAGING_BLOBS names; one for the process."""
    keeper: Blobs = import_string(settings.MESSAGING_BLOBS)()
    return keeper
