"""What happened, in the order in which the one controller saw it: one JSON object a line.

`t` is seconds of one monotonic clock. An operation begins with `invoke` and ends with `ok`
(it happened), `fail` (it did not) or `info` (nobody knows); observations are `ok` alone.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO


@dataclass(frozen=True)
class Event:
    t: float
    client: str
    op: str
    type: str
    value: dict[str, Any]


@dataclass
class History:
    path: Path | None = None
    events: list[Event] = field(default_factory=list)
    _file: TextIO | None = None
    _began: float = field(default_factory=time.monotonic)

    @property
    def now(self) -> float:
        return round(time.monotonic() - self._began, 4)

    def add(self, client: str, op: str, kind: str, **value: Any) -> None:
        event = Event(self.now, client, op, kind, value)
        self.events.append(event)
        if self.path is not None:
            self._file = self._file or self.path.open("w")
            self._file.write(json.dumps(asdict(event)) + "\n")

    def of(self, op: str, kind: str | None = None) -> Iterator[Event]:
        return (event for event in self.events if event.op == op and kind in (None, event.type))

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
