"""Callers of one turn of the loop share a statement, and nothing else."""

import asyncio

import pytest

from messaging.backends.base import Busy
from messaging.backends.cassandra.marks import BOTH, MOVED, marks
from messaging.backends.cassandra.sharing import CALLERS_MAX
from messaging.backends.cassandra.store import Store
from tests.contracts.adapters import NOW, new_id
from tests.messaging.backends.cassandra.faults import Gone

GOT = MOVED[BOTH, False, True]


def ways(count: int) -> list[dict[str, bytes]]:
    return [{"sender": new_id(), "reader": new_id()} for _ in range(count)]


def put(store: Store, way: dict[str, bytes], got: int = 1):
    return store.shared(GOT, way | {"got": got, "time": NOW})


async def got(store: Store, way: dict[str, bytes]) -> set[int | None]:
    """As both have it."""
    return {row[5] for row in await store.shared(marks, way)}


async def test_each_writes_its_own(tables: Store) -> None:
    some = ways(2 * CALLERS_MAX + 1)
    before = tables.spent.statements
    await asyncio.gather(*(put(tables, way, n) for n, way in enumerate(some, 1)))
    assert tables.spent.statements == before + 3
    for n, way in enumerate(some, 1):
        assert await got(tables, way) == {n}


async def test_one_who_gives_up_is_nothing_to_the_others(tables: Store) -> None:
    some = ways(3)
    calls = [asyncio.ensure_future(put(tables, way)) for way in some]
    await asyncio.sleep(0)
    calls[0].cancel()
    assert await asyncio.gather(*calls[1:]) == [[], []]
    assert await got(tables, some[2]) == {1}


async def test_a_value_that_does_not_fit_fails_alone(tables: Store) -> None:
    good, bad = ways(2)
    calls = [put(tables, good), put(tables, bad | {"reader": b"short"})]
    done, failed = await asyncio.gather(*calls, return_exceptions=True)
    assert done == []
    assert isinstance(failed, ValueError)
    assert await got(tables, good) == {1}


async def test_a_store_that_is_away_is_away_for_all(tables: Store, monkeypatch) -> None:
    away = Gone(monkeypatch)
    away.arm(1, after=False)
    calls = [put(tables, way) for way in ways(3)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(answer) for answer in answers] == [Busy] * 3


@pytest.mark.parametrize("count", [1, 3])
def test_callers_of_another_loop_do_not_wait_for_this_one(tables: Store, count: int) -> None:
    async def left() -> None:
        asyncio.ensure_future(put(tables, ways(1)[0]))  # noqa: RUF006 -- its loop ends with it
        await asyncio.sleep(0)

    async def write() -> None:
        some = ways(count)
        await asyncio.gather(*(put(tables, way) for way in some))
        assert await got(tables, some[-1]) == {1}

    asyncio.run(left())
    asyncio.run(write())
