"""What a row or an answer needs is not to be had for a while: a device goes on by itself."""

from collections.abc import Callable

import pytest

from accounts.protocol import DeviceList
from messaging import protocol
from messaging.protocol import Frame, Send
from testkit.client import deleting
from testkit.client.device import Device
from testkit.client.directory import Directory
from testkit.client.epochbook import EpochBook
from testkit.client.live import Closed, Live
from testkit.client.m1.epochs import OpenEpoch
from testkit.client.outbound import SendRefused
from tests.client.conftest import MakePerson

TEXT = "under a key to be fetched"


def keys_are_away(
    patched: pytest.MonkeyPatch, device: Device, true: Callable[[], bool]
) -> list[bool]:
    """As long as it is true this device cannot fetch one; what it was told each time."""
    opened = EpochBook.opened
    told: list[bool] = []

    def perhaps(book: EpochBook, conv: bytes, peer: bytes, n: int) -> OpenEpoch:
        if book is device.epochs:
            told.append(not true())
            if not told[-1]:
                raise OSError("away")
        return opened(book, conv, peer, n)

    patched.setattr(EpochBook, "opened", perhaps)
    return told


async def test_a_row_that_cannot_be_opened_yet_is_opened_by_itself(
    someone: MakePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else comes that would try it again."""
    alice, bob = await someone("alice"), await someone("bob")
    await alice.connect(bob)
    told = keys_are_away(monkeypatch, bob.device, lambda: len(told) == 0)
    await alice.device.send(bob, TEXT)
    assert await bob.device.next_text() == TEXT
    assert told[:1] == [False]


async def test_a_second_try_is_refused_while_the_log_cannot_be_read(
    someone: MakePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deletion of which an older backup does not know what it erases: it would stay on its way
    for ever, with all that comes behind it."""
    alice, bob = await someone("alice"), await someone("bob")
    conv = await alice.connect(bob)
    talk, ask = alice.device.conversation(conv), Live.ask

    async def busy(live: Live, frame: Send) -> Frame:
        if live is not alice.device.live or talk.pending is None or talk.pending.attempts > 1:
            return await ask(live, frame)
        if talk.have == 0:
            await bob.device.rotate(alice)
            await bob.device.send(alice, TEXT)
        return protocol.Busy(client_id=frame.client_id, retry_ms=1)

    monkeypatch.setattr(Live, "ask", busy)
    told = keys_are_away(
        monkeypatch, alice.device, lambda: talk.pending is not None and talk.pending.attempts < 3
    )
    with pytest.raises(SendRefused):
        await deleting.delete(alice.device, bob, bytes(16), seq=7)
    assert told[0] is False
    assert talk.pending is None
    await alice.device.until(lambda: talk.texts() == [TEXT])


async def test_a_line_that_is_over_is_not_asked(someone: MakePerson) -> None:
    """Nobody would hear the answer: who asks would wait for ever."""
    alice, bob = await someone("alice"), await someone("bob")
    conv = await alice.connect(bob)
    before = alice.device.line
    await before.hang_up()
    with pytest.raises(Closed):
        await before.page(conv, after=0)


async def test_a_list_that_grows_or_is_behind_for_a_while_alarms_nobody(
    someone: MakePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It grows between two questions; or an older backup was put back, and lacks its last link."""
    alice, bob = await someone("alice"), await someone("bob")
    await alice.connect(bob)
    directory, page = alice.device.directory, Directory._page
    directory.of(bob.uid)
    before = {after: directory._page(bob.uid, after) for after in (0, 1, 2)}
    await bob.add_device()
    left = [1]

    def late(asked: Directory, uid: bytes, after: int) -> DeviceList:
        return before[after] if after in left else page(asked, uid, after)

    monkeypatch.setattr(Directory, "_page", late)
    directory.refresh(bob.uid)
    assert directory.known[bob.uid].head.k == 1
    left.clear()
    directory.refresh(bob.uid)
    assert directory.known[bob.uid].head.k == 2

    left[:] = [0, 2]
    directory.refresh(bob.uid)
    assert directory.known[bob.uid].head.k == 2
    assert bob.uid in directory.outdated
    left.clear()
    directory.refresh(bob.uid)
    assert bob.uid not in directory.outdated
