"""Appends of this process that wait for their turn in one conversation: side by side they would
only refuse each other."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from messaging.domain import Draft, Row, Seal


@dataclass(slots=True, eq=False)
class Asked:
    """An append in the line. `row` comes from who had its turn before, and took it along."""

    draft: Draft
    seal: Seal
    now: int
    alone: bool = False  # it did not fit among others
    row: Row | None = None


@dataclass(slots=True, eq=False, weakref_slot=True)
class Line:
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # in the order of coming
    _asked: list[Asked] = field(default_factory=list)

    @contextmanager
    def place(self, asked: Asked) -> Iterator[None]:
        self._asked.append(asked)
        try:
            yield
        finally:
            self._asked.remove(asked)

    @property
    def waiting(self) -> Sequence[Asked]:
        return [asked for asked in self._asked if asked.row is None]
