"""How each connection is set up, and that a database ends with its threads."""

import asyncio
import threading

import pytest

from chatsite.edge.refusals import Unknown
from messaging.backends.base import Busy
from messaging.backends.sql.database import Database, database
from tests.contracts.adapters import Adapters


@pytest.fixture
def db(adapters: Adapters) -> Database:
    return database(adapters.alias)


async def setting(db: Database, name: str) -> object:
    show = f"PRAGMA {name}" if db.sqlite else f"SHOW {name}"
    [value] = (await db.write(lambda session: session.all(show)))[0]
    return value


async def test_a_commit_survives_power_loss(db):
    if db.sqlite:
        assert (await setting(db, "journal_mode"), await setting(db, "synchronous")) == ("wal", 2)
    else:
        assert (await setting(db, "synchronous_commit"), await setting(db, "fsync")) == ("on", "on")


async def test_what_is_deleted_is_overwritten(db):
    if db.sqlite:
        assert await setting(db, "secure_delete") == 1


async def test_nobody_waits_for_a_lock_for_ever(db):
    name = "busy_timeout" if db.sqlite else "lock_timeout"
    assert await setting(db, name) in (5_000, "5s")


async def test_a_refusal_keeps_the_rest_of_its_transaction(db):
    def refuse(_session):
        raise Unknown

    with pytest.raises(Unknown):
        await db.write(refuse)
    assert await db.write(lambda session: session.one("SELECT 1")) == (1,)


async def test_a_mistake_in_sql_is_no_busy_store(db):
    for way in (db.read, db.write):
        with pytest.raises(Exception, match="nonsense") as error:
            await way(lambda session: session.execute("SELECT nonsense FROM conversation"))
        assert not isinstance(error.value, Busy)


async def test_a_mistake_spoils_nothing_else_of_its_commit(db):
    works = [lambda session: session.one("SELECT 1")] * 5
    works[2] = lambda session: session.execute("SELECT nonsense FROM conversation")
    answers = await asyncio.gather(*map(db.write, works), return_exceptions=True)
    assert "nonsense" in str(answers.pop(2))
    assert answers == [(1,)] * 4


def threads_of(adapters: Adapters) -> set[threading.Thread]:
    return {one for one in threading.enumerate() if one.name.startswith(adapters.alias)}


async def test_closed_it_leaves_no_thread(adapters):
    before = threads_of(adapters)
    other = Database(adapters.alias)
    await other.read(lambda session: session.one("SELECT 1"))
    await other.write(lambda session: session.one("SELECT 1"))
    assert threads_of(adapters) > before
    await asyncio.to_thread(other.close)
    assert threads_of(adapters) == before


async def test_a_server_that_hung_up_is_busy_once(db):
    if db.sqlite:
        return  # it has none
    for way in (db.read, db.write):
        with pytest.raises(Busy):
            await way(lambda session: session.all("SELECT pg_terminate_backend(pg_backend_pid())"))
        for _ in range(20):  # every thread of the pool
            assert await way(lambda session: session.one("SELECT 1")) == (1,)


async def test_a_group_whose_server_hung_up_is_busy_as_a_whole(db):
    """Its items are not tried one by one, each of which would wait for the server."""
    if db.sqlite:
        return
    tries = 0

    def hang_up(session):
        nonlocal tries
        tries += 1
        session.all("SELECT pg_terminate_backend(pg_backend_pid())")

    answers = await asyncio.gather(*[db.write(hang_up) for _ in range(10)], return_exceptions=True)
    assert [type(answer) for answer in answers] == [Busy] * 10
    assert tries < 10
    assert await db.write(lambda session: session.one("SELECT 1")) == (1,)
