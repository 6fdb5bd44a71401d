"""What can be broken where messages lie in Cassandra."""

import asyncio
import re
from functools import cache
from typing import Any

import pytest

LATE_SECONDS = 2.0  # several looks of the observer, on a busy machine, too
CONDITION = re.compile(r"\sIF (NOT EXISTS|\w+ = :\w+( AND \w+ = :\w+)*)")
MARKER = re.compile(r":(\w+)")


def no_dedupe(patch: pytest.MonkeyPatch) -> None:
    """A repeated client_id is another message: nothing remembers it in the log."""
    from messaging.backends.cassandra import batch
    from messaging.backends.cassandra.store import Statement

    real = batch.append
    remembered = re.compile(r"INSERT INTO conversation [^;]* IF NOT EXISTS [^;]*;")

    @cache
    def forgetful(count: int) -> Statement:
        return Statement(remembered.sub("", real(count).cql), real(count).profile)

    patch.setattr(batch, "append", forgetful)


def unknown_is_done(patch: pytest.MonkeyPatch) -> None:
    """A compare-and-set of which nobody knows counts as applied."""
    from messaging.backends.cassandra.store import Reply, Store, Unsettled

    real = Store.cas

    async def hopeful(self: Any, *asked: Any) -> Reply:
        try:
            return await real(self, *asked)
        except Unsettled:
            return Reply(True, {})

    patch.setattr(Store, "cas", hopeful)


def plain_writes(patch: pytest.MonkeyPatch) -> None:
    """What is to be compared and set is set."""
    from messaging.backends.cassandra.store import Reply, Statement, Store

    async def plain(self: Any, statement: Statement, values: Any) -> Reply:
        cql = CONDITION.sub("", statement.cql)
        named = {name: values[name] for name in MARKER.findall(cql) if name in values}
        await self.run(Statement(cql), named)
        return Reply(True, {})

    patch.setattr(Store, "cas", plain)


def ack_before_watermarks(patch: pytest.MonkeyPatch) -> None:
    """A message is promised first; who has it unread is written a little later, if it is."""
    from messaging.backends.cassandra import watermarks

    patch.setattr(watermarks, "sent", _late(watermarks.sent))


def floor_after_the_answer(patch: pytest.MonkeyPatch) -> None:
    """A floor is told to be raised first; then it is."""
    from messaging.backends.cassandra.log import CassandraMessageLog

    patch.setattr(CassandraMessageLog, "raise_floor", _late(CassandraMessageLog.raise_floor))


ALL = (no_dedupe, unknown_is_done, plain_writes, ack_before_watermarks, floor_after_the_answer)

_late_ones: set[asyncio.Task[None]] = set()


def _late(real: Any) -> Any:
    """The same call, which answers at once and is done later."""

    async def later(*asked: Any) -> None:
        await asyncio.sleep(LATE_SECONDS)
        await real(*asked)

    async def answered(*asked: Any) -> None:
        task = asyncio.create_task(later(*asked))
        _late_ones.add(task)
        task.add_done_callback(_late_ones.discard)

    return answered
