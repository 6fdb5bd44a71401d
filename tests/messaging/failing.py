"""The store of the site with faults that a real one has: busy for a while, or somebody quicker."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.test import override_settings

from messaging import backends
from messaging.backends.base import PairConflict
from messaging.backends.sql.connections import SqlConnectionStore
from messaging.backends.sql.log import SqlMessageLog


class FailingLog(SqlMessageLog):
    """Raises each of `faults` once before it works: in `mark` and `expire`."""

    faults: list[Exception] = []

    async def mark(self, *args: Any, **more: Any) -> None:
        self._fail()
        await super().mark(*args, **more)

    async def expire(self, *args: Any) -> int:
        self._fail()
        return await super().expire(*args)

    def _fail(self) -> None:
        if self.faults:
            raise self.faults.pop(0)


class ContestedStore(SqlConnectionStore):
    """The other side's change comes first, `rivals` times; of a pair that was just made, contact
    rows come `late` looks later."""

    rivals = late = 0

    async def change(self, was: Any, *args: Any) -> Any:
        if self.rivals:
            type(self).rivals -= 1
            raise PairConflict(was)
        return await super().change(was, *args)

    async def contact(self, *args: Any) -> Any:
        if self.late:
            type(self).late -= 1
            return None
        return await super().contact(*args)


@contextmanager
def failing(*faults: Exception) -> Iterator[list[Exception]]:
    """What is left of the faults shows whether they came."""
    FailingLog.faults = list(faults)
    with _adapter("MESSAGE_LOG", FailingLog, backends.log):
        yield FailingLog.faults


@contextmanager
def contested(rivals: int = 0, *, late: int = 0) -> Iterator[None]:
    ContestedStore.rivals, ContestedStore.late = rivals, late
    with _adapter("CONNECTION_STORE", ContestedStore, backends.connection_store):
        yield


@contextmanager
def _adapter(setting: str, adapter: type, of: Any) -> Iterator[None]:
    assert issubclass(adapter, (SqlMessageLog, SqlConnectionStore))
    assert getattr(settings, setting).startswith("messaging.backends.sql.")
    of.cache_clear()
    try:
        with override_settings(**{setting: f"{__name__}.{adapter.__name__}"}):
            yield
    finally:
        of.cache_clear()
