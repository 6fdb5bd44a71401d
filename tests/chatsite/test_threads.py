import asyncio
import threading

import pytest
from django.db import DatabaseError, OperationalError, connection

from chatsite.running import away, threads


@pytest.mark.django_db(transaction=True)
async def test_a_broken_connection_is_replaced():
    def break_it() -> None:
        connection.ensure_connection()
        raise OperationalError

    def ask() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.fetchone()[0]

    for _ in range(threads.THREADS + 1):
        with pytest.raises(DatabaseError):
            await threads.run(break_it)
        assert await threads.run(ask) == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
async def test_what_was_open_is_tried_when_a_database_was_away():
    if connection.vendor != "postgresql":
        pytest.skip("a file is not cut off")

    def cut() -> None:
        connection.ensure_connection()
        connection.connection.close()

    def ask() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.fetchone()[0]

    for _ in range(threads.THREADS + 1):
        await threads.run(cut)
    away.tell(OperationalError("away"))
    for _ in range(threads.THREADS + 1):
        assert await threads.run(ask) == 1


@pytest.mark.django_db(transaction=True)
async def test_after_a_stop_it_starts_again():
    assert await threads.run(lambda: 1) == 1
    await asyncio.to_thread(threads.stop)
    assert await threads.run(lambda: 2) == 2


@pytest.mark.django_db(transaction=True)
async def test_many_that_wait_for_one_that_hangs_are_turned_away(monkeypatch):
    few = threads.Threads("few", 1, waiting=3)
    go = threading.Event()
    waiting = [asyncio.ensure_future(few.run(go.wait)) for _ in range(3)]
    await asyncio.sleep(0)
    more = asyncio.ensure_future(few.run(lambda: 1))  # nobody has waited for long
    await asyncio.sleep(0)
    monkeypatch.setattr(threads, "STUCK_SECONDS", -1.0)
    with pytest.raises(OperationalError):
        await few.run(lambda: 1)
    go.set()
    assert await asyncio.gather(*waiting, more) == [True, True, True, 1]
    assert await few.run(lambda: 2) == 2
    await asyncio.to_thread(few.stop)
