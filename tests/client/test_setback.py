"""An older backup is put back: what people of the Python client keep, and that they talk on."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accounts import protocol
from messaging.protocol import Frame, Send
from testkit.client import account
from testkit.client.live import Closed, Live
from testkit.client.people import Person
from testkit.running import Site, new_site

START = protocol.Start(name="anybody")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    # On SQLite always: elsewhere a backup goes into an empty site.
    site = new_site({"LIVE_RATE_FACTOR": "1000", "DATABASE_URL": ""}, tmp_path).start()
    yield site
    site.remove()


async def set_back(site: Site, folder: Path, *people: Person) -> None:
    site.kill()
    site.manage("restore", str(folder))
    site.start()
    for person in people:
        await sign_in_again(person)
        for device in person.devices:
            await device.connect()


async def sign_in_again(person: Person) -> None:
    for device in person.devices:
        with contextlib.suppress(OSError):  # the connection of before the kill
            await asyncio.to_thread(device.api.post, "/api/start", START, protocol.Started)
        await asyncio.to_thread(account.sign_in_again, device.api, person.secrets)


async def test_lost_messages_stay_and_new_ones_arrive(site: Site, tmp_path: Path) -> None:
    alice = await Person.sign_up(site, "alice")
    bob = await Person.sign_up(site, "bob")
    conv = await alice.connect(bob)
    await alice.device.send(bob, "before")
    await bob.device.next_text()
    site.manage("backup", str(tmp_path / "backup"))
    await alice.device.send(bob, "lost")
    assert await bob.device.next_text() == "lost"
    counter = alice.device.conversation(conv).ctr

    await set_back(site, tmp_path / "backup", alice, bob)
    for person in (alice, bob):
        talk = person.device.conversation(conv)
        assert talk.texts() == ["before"]
        assert [message.text for message in talk.only] == ["lost"]
        assert person.device.row(conv).last_seq == 1
    await alice.device.send(bob, "after")
    assert await bob.device.next_text() == "after"
    await bob.device.send(alice, "answer")
    assert await alice.device.next_text() == "answer"
    assert alice.device.conversation(conv).ctr == counter + 1, "a counter is never given twice"
    assert alice.device.alarms == bob.device.alarms == []
    for person in (alice, bob):
        await person.close()


async def test_a_counter_of_the_log_that_is_no_more_is_not_given_again(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The promise did not arrive, and the epoch it was sealed under is lost, too: it is sealed
    again. Bob has seen the first one."""
    alice = await Person.sign_up(site, "alice")
    bob = await Person.sign_up(site, "bob")
    conv = await alice.connect(bob)
    await alice.device.send(bob, "before")
    assert await bob.device.next_text() == "before"
    site.manage("backup", str(tmp_path / "backup"))
    await alice.device.rotate(bob)
    ask = Live.ask

    async def unheard(live: Live, frame: Send) -> Frame:
        await ask(live, frame)
        raise Closed(None)

    with monkeypatch.context() as broken:
        broken.setattr(Live, "ask", unheard)
        with pytest.raises(Closed):
            await alice.device.send(bob, "twice")
    assert await bob.device.next_text() == "twice"

    await set_back(site, tmp_path / "backup", alice, bob)
    talks = [person.device.conversation(conv) for person in (alice, bob)]
    await bob.device.until(lambda: talks[1].have == 2)
    assert [talk.texts() for talk in talks] == [["before", "twice"]] * 2
    assert talks[0].ctr == 3
    assert alice.device.alarms == bob.device.alarms == []
    for person in (alice, bob):
        await person.close()


async def test_what_comes_before_the_logs_were_compared_waits(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others wrote past what bob has, one more comes during the comparison, and the line breaks.
    Were that one applied, both logs would seem to agree up to there."""
    alice = await Person.sign_up(site, "alice")
    bob = await Person.sign_up(site, "bob")
    conv = await alice.connect(bob)
    await alice.device.send(bob, "before")
    site.manage("backup", str(tmp_path / "backup"))
    for text in ("lost 1", "lost 2"):
        await alice.device.send(bob, text)
    talk = bob.device.conversation(conv)
    await bob.device.until(lambda: talk.have == 3)

    await set_back(site, tmp_path / "backup", alice)
    await sign_in_again(bob)
    for text in ("new 1", "new 2"):
        await alice.device.send(bob, text)
    ask = Live.page

    async def breaks(live: Live, conv: bytes, **more: Any) -> Frame:
        if live is not bob.device.live:
            return await ask(live, conv, **more)
        await alice.device.send(bob, "new 3")
        await bob.device.until(lambda: bool(talk.held))
        raise Closed(None)

    with monkeypatch.context() as broken:
        broken.setattr(Live, "page", breaks)
        with pytest.raises(Closed):
            await bob.device.connect()
    assert talk.texts() == ["before", "lost 1", "lost 2"]
    await bob.device.connect()
    assert talk.texts() == ["before", "new 1", "new 2", "new 3"]
    assert [message.text for message in talk.only] == ["lost 1", "lost 2"]
    assert bob.device.alarms == []
    for person in (alice, bob):
        await person.close()
