"""Who deleted what, and how that ended, as the history tells it."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tests.chaos.history import Event

T = TypeVar("T")


@dataclass(frozen=True)
class Deletion:
    """For everyone, by a device of who sent it."""

    conv: str
    text: str
    mid: str  # of what is deleted
    blobs: tuple[str, ...]
    began: float
    ended: float
    how: str  # ok, fail, info; open where it did not end


def of(history: Iterable[Event]) -> list[Deletion]:
    found: dict[tuple[str, str], Deletion] = {}
    for event in history:
        if event.op != "delete":
            continue
        told, name = event.value, (event.client, str(event.value["text"]))
        if event.type == "invoke":
            blobs = tuple(told["blobs"])
            found[name] = Deletion(
                told["conv"], name[1], told["target"], blobs, event.t, event.t, "open"
            )
        else:
            was = found[name]
            found[name] = Deletion(
                was.conv, was.text, was.mid, was.blobs, was.began, event.t, event.type
            )
    return list(found.values())


def texts(history: Iterable[Event]) -> frozenset[str]:
    """Those that are deleted, or perhaps."""
    return frozenset(one.text for one in of(history) if one.how != "fail")


def one_of(found: Sequence[T], has_file: Callable[[T], bool]) -> T:
    """As often as not one with a file: there are few of them."""
    filed = [one for one in found if has_file(one)]
    return random.choice(filed if filed and random.random() < 0.5 else found)
