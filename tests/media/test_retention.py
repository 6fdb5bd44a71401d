"""Files of messages that the site keeps no longer go with them, unless a report holds them."""

import secrets
from typing import Any

import pytest

from chatsite.running import threads
from media import holding, reading, sweep
from media.hooks import BlobLinks
from media.models import BlobHold, BlobLink, State
from messaging import retention
from messaging.backends import log
from messaging.backends.base import Busy
from testkit.cast import Person, now_ms
from tests.media.carrying import get, uploaded
from tests.media.test_messages import message, state
from tests.messaging.socket import arrived
from tests.messaging.test_messages import send


async def test_a_file_goes_and_one_that_is_held_is_there_for_the_report_alone(
    alice: Person, bob: Person, conv: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "KEPT_MS", 0)
    at_alice, report = await arrived(alice), secrets.token_bytes(16)
    lost, held, kept = [(await uploaded(alice, conv, b"data")).blob for _ in range(3)]
    for blob in (lost, held):
        frame = message(alice, conv, blob)
        last = (await send(at_alice, frame)).time
    mids = [bytes(frame.client_id)]
    assert await threads.run(holding.hold, report, conv, mids, now_ms()) == 1
    await send(at_alice, message(alice, conv, kept))
    await retention.purge(last + retention.DAY_MS, 1)
    assert [(await get(bob, blob)).status for blob in (lost, held, kept)] == [404, 404, 200]
    assert [await state(blob) for blob in (lost, held)] == [State.DELETING] * 2
    assert await threads.run(holding.row_of, report, mids[0], held)
    assert [row.url for row in await log().page(conv, 9, now_ms(), after=0)][:2] == ["", ""]
    assert await threads.run(BlobLink.objects.filter(conv=conv).count) == 1
    await threads.run(BlobHold.objects.all().delete)


async def test_where_it_broke_off_before_the_files_they_go_with_the_sweep(
    alice: Person, conv: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_alice = await arrived(alice)
    blob = (await uploaded(alice, conv, b"data")).blob
    time = (await send(at_alice, message(alice, conv, blob))).time

    real = BlobLinks.release

    async def lost(self: BlobLinks, where: bytes, *more: Any) -> None:
        if where == conv:  # others may come before it
            raise Busy
        await real(self, where, *more)

    with monkeypatch.context() as broken:
        broken.setattr(BlobLinks, "release", lost)
        with pytest.raises(Busy):
            await retention.purge(time + retention.DAY_MS, 1)
    assert await state(blob) == State.LINKED
    await sweep.sweep(now_ms() + 3_600_000)
    assert await state(blob) is None
