import asyncio
import threading

import pytest
from django.db import DatabaseError, OperationalError, connection

from chatsite.running import threads


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


@pytest.mark.django_db(transaction=True)
async def test_after_a_stop_it_starts_again():
    assert await threads.run(lambda: 1) == 1
    await asyncio.to_thread(threads.stop)
    assert await threads.run(lambda: 2) == 2


@pytest.mark.django_db(transaction=True)
async def test_many_that_wait_for_one_that_hangs_are_turned_away(monkeypatch):
    monkeypatch.setattr(threads, "WAITING_MAX", threads.THREADS + 2)
    go = threading.Event()
    waiting = [asyncio.ensure_future(threads.run(go.wait)) for _ in range(threads.WAITING_MAX)]
    await asyncio.sleep(0)
    more = asyncio.ensure_future(threads.run(lambda: 1))  # nobody has waited for long
    await asyncio.sleep(0)
    monkeypatch.setattr(threads, "STUCK_SECONDS", -1.0)
    with pytest.raises(OperationalError):
        await threads.run(lambda: 1)
    go.set()
    assert await asyncio.gather(*waiting, more) == [*[True] * threads.WAITING_MAX, 1]
    assert await threads.run(lambda: 2) == 2
