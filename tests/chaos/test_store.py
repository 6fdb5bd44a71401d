"""What is read of a store is the same on every engine. The scan for readable texts finds them in
every spelling: else its silence would say nothing."""

import asyncio
import base64
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from messaging.backends.tables import Table
from tests.chaos import store
from tests.chaos.history import History
from tests.chaos.outcome import Mark, Row
from tests.chaos.reader import Told, told
from tests.chaos.store import leaks
from tests.contracts.adapters import (  # noqa: F401 -- fixtures
    NOW,
    Adapters,
    Chat,
    adapters,
    connected,
    database_access,
)

WORD = "zebra-0f3c"


@dataclass
class Here:
    """A store of this process, with the records of one chat: others write to it as well."""

    adapters: Adapters
    chat: Chat

    def ask(self, *tables: Table) -> Told:
        found: Told = json.loads(asyncio.run(told(self.adapters.tables, tables)))
        ours = {self.chat.conv.hex(), self.chat.alice.hex(), self.chat.bob.hex()}
        return {name: [one for one in rows if ours & set(one)] for name, rows in found.items()}


@pytest.fixture
async def chat(adapters: Adapters) -> Chat:  # noqa: F811
    """Without an epoch: the records of other tests are none that can be read."""
    return await connected(adapters, epoch=False)


async def test_every_engine_shows_the_same(adapters: Adapters, chat: Chat) -> None:  # noqa: F811
    alice, bob, conv = chat.alice.hex(), chat.bob.hex(), chat.conv.hex()
    here = Here(adapters, chat)
    first, second = await chat.send(chat.alice), await chat.send(chat.alice)
    await chat.log.mark(chat.conv, chat.bob, chat.alice, NOW, got=2, read=(1, 1))
    await chat.log.raise_floor(chat.conv, 1)
    assert await asyncio.to_thread(store.heads, here) == {conv: 2}
    assert await asyncio.to_thread(store.read_ords, here) == {(conv, bob): 1}
    dumped = await asyncio.to_thread(store.dump, here)
    assert dumped.heads == {conv: 2}
    assert dumped.marks == (Mark(conv, alice, bob, read_seq=1, read_ord=1, got_seq=2),)
    devices = first.device.hex(), second.device.hex()
    assert dumped.rows == (
        Row(conv, 1, first.client_id.hex(), alice, devices[0], ctr=1, ord=1, kind=1, epoch=0),
        Row(conv, 2, second.client_id.hex(), alice, devices[1], ctr=2, ord=2, kind=1, epoch=0),
    )


async def test_an_observer_notes_every_register(adapters: Adapters, chat: Chat) -> None:  # noqa: F811
    await chat.send(chat.alice)
    await chat.log.mark(chat.conv, chat.bob, chat.alice, NOW, got=1, read=(1, 1), own_only=True)
    await chat.log.raise_floor(chat.conv, 3)
    history = History()
    await asyncio.to_thread(store.observe, Here(adapters, chat), history)
    [floor, mark] = [event.value for event in history.events]
    assert floor.pop("asked") >= 0
    assert floor == {"conv": chat.conv.hex(), "last_seq": 1, "floor": 3}
    assert mark["marks"] == {"read_seq": 1, "read_ord": 1, "got_seq": 1}


@pytest.mark.parametrize(
    "content",
    [
        f"…{WORD}…".encode(),
        WORD.encode("utf-16-le"),
        WORD.encode().hex().encode(),
        *(base64.b64encode(b"x" * before + WORD.encode() + b"yz") for before in range(3)),
    ],
)
def test_a_readable_text_is_found(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/messages.sqlite3-wal").write_bytes(b"\0" * 100 + content)
    assert leaks(tmp_path, WORD) == ["deep/messages.sqlite3-wal holds a text"]


def test_another_word_is_not(tmp_path: Path) -> None:
    (tmp_path / "server.log").write_text("zebra-ffff")
    assert leaks(tmp_path, WORD) == []
