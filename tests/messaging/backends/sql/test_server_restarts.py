"""A PostgreSQL that keeps the messages, stopped and started."""

from collections.abc import Iterator

import pytest

from messaging.backends.base import Busy
from messaging.backends.sql import database
from messaging.domain import PAGE_MAX
from tests.contracts.adapters import NOW, Adapters, connected, postgres_settings, sql_adapters
from tests.services import Service, own_server


@pytest.fixture(scope="module")
def server() -> Iterator[Service]:
    with own_server() as server:
        yield server


@pytest.fixture(scope="module")
def adapters(server: Service, django_db_blocker) -> Iterator[Adapters]:
    with django_db_blocker.unblock():
        yield from sql_adapters(postgres_settings(server.url))


async def test_a_restart_is_noticed_by_no_reader(adapters, server) -> None:
    """However short ago they used the connection."""
    chat = await connected(adapters)
    await chat.send(chat.alice)
    for _ in range(database.POSTGRES_READERS):
        await chat.log.page(chat.conv, PAGE_MAX, NOW)
    server.stop()
    with pytest.raises(Busy):
        await chat.log.page(chat.conv, PAGE_MAX, NOW)
    with pytest.raises(Busy):
        await chat.send(chat.alice)
    server.start()
    for _ in range(database.POSTGRES_READERS):
        assert len(await chat.log.page(chat.conv, PAGE_MAX, NOW)) == 1


async def test_nor_by_a_writer_that_was_idle(adapters, server, monkeypatch) -> None:
    chat = await connected(adapters)
    await chat.send(chat.alice)
    server.stop()
    server.start()
    monkeypatch.setattr(database, "IDLE_SECONDS", -1.0)
    assert (await chat.send(chat.alice)).seq == 2


async def test_a_writer_that_was_not_idle_does_not_know_what_became_of_it(
    adapters, server, monkeypatch
) -> None:
    chat = await connected(adapters)
    await chat.send(chat.alice)
    server.stop()
    server.start()
    monkeypatch.setattr(database, "IDLE_SECONDS", float("inf"))
    draft = chat.draft(chat.alice)
    with pytest.raises(Busy):
        await chat.log.append(draft, lambda _: ("kid", b"R" * 32), NOW)
    assert (await chat.log.append(draft, lambda _: ("kid", b"R" * 32), NOW)).seq == 2


async def test_statements_are_prepared_once_for_numbers_of_any_size(adapters) -> None:
    def asked(session: database.Session) -> object:
        for number in (1, 2**20, 2**40):
            session.execute("SELECT %s + 1", (number,))
        listed = "SELECT statement, parameter_types::text FROM pg_prepared_statements"
        return [row for row in session.execute(listed).fetchall() if row[0] == "SELECT $1 + 1"]

    read = adapters.log._db.read
    assert await read(asked) == [("SELECT $1 + 1", "{bigint}")]
