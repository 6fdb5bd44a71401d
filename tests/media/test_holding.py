"""What a report holds stays in the store whatever becomes of its message. For its members it is
gone all the same, and it goes once no report holds it."""

import secrets
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.management import call_command
from django.db import connections
from django.db.models import F, ProtectedError

from chatsite.copying import blobs as copying
from chatsite.edge.refusals import Unknown
from chatsite.running import threads
from media import holding, reading, rows, sweep
from media.models import Blob, BlobHold, BlobLink, State
from media.stores import BlobStore
from testkit.cast import Person, now_ms
from tests.media.carrying import PART, get, uploaded
from tests.media.test_messages import erasing, message, state
from tests.messaging.socket import Socket, arrived
from tests.messaging.test_messages import send

DATA = secrets.token_bytes(PART + 1000)
REPORT = secrets.token_bytes(16)


@pytest.fixture(autouse=True)
def nothing_of_others(database_access: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Counts are of the whole site, and what is held cannot be deleted by others."""
    Blob.objects.all().delete()
    with connections["messages"].cursor() as cursor:
        cursor.execute("UPDATE conversation SET url = ''")
    monkeypatch.setattr(reading, "KEPT_MS", 0)
    yield
    BlobHold.objects.all().delete()


@pytest.fixture
async def at_alice(alice: Person, conv: bytes) -> Socket:
    return await arrived(alice)


async def sent(at: Socket, who: Person, conv: bytes, ttl: int = 0) -> tuple[bytes, Any, int]:
    """A blob, the frame that has it, and its seq."""
    blob = (await uploaded(who, conv, DATA)).blob
    frame = message(who, conv, blob, ttl=ttl)
    return blob, frame, (await send(at, frame)).seq


async def hold(conv: bytes, *frames: Any, report: bytes = REPORT) -> int:
    mids = [bytes(frame.client_id) for frame in frames]
    return await threads.run(holding.hold, report, conv, mids, now_ms())


async def read(blob: bytes, frame: Any) -> bytes:
    row = await threads.run(holding.row_of, REPORT, bytes(frame.client_id), blob)
    assert row is not None
    return await holding.part(row, 0) + await holding.part(row, 1)


async def test_what_is_held_outlives_its_message_and_no_member_reads_it(
    alice: Person, bob: Person, conv: bytes, at_alice: Socket, blob_store: BlobStore
) -> None:
    blob, frame, seq = await sent(at_alice, alice, conv)
    assert [await hold(conv, frame) for _ in range(2)] == [1, 1]
    assert (await get(bob, blob)).status == 200
    await send(at_alice, erasing(alice, conv, seq, frame.client_id))
    said = StringIO()
    await sync_to_async(call_command)("prune_attachments", "--check", stdout=said)
    assert "1 of them stay as long as reports need them" in said.getvalue()
    assert (await sweep.sweep(now_ms())).deleted == 0
    assert (await sweep.remove_orphans(now_ms() + 9 * 86_400_000)).orphans == 0
    for who in (alice, bob):
        assert (await get(who, blob)).status == 404
    assert await read(blob, frame) == DATA
    assert await threads.run(rows.used_by, alice.uid) == 0, "it takes none of her room"
    assert await threads.run(copying.wanted) == [blob]
    with pytest.raises(ProtectedError):
        await threads.run(Blob.objects.filter(blob=blob).delete)
    assert await threads.run(holding.let_go, REPORT) == 1
    assert (await sweep.sweep(now_ms())).deleted == 1
    assert (await state(blob), await blob_store.sizes(blob)) == (None, {})


async def test_what_expires_stays_until_the_last_report_lets_go(
    alice: Person, conv: bytes, at_alice: Socket
) -> None:
    blob, frame, _ = await sent(at_alice, alice, conv, ttl=60)
    other = secrets.token_bytes(16)
    assert (await hold(conv, frame), await hold(conv, frame, report=other)) == (1, 1)
    await threads.run(BlobLink.objects.filter(blob__blob=blob).update, expires=F("made"))
    assert (await sweep.sweep(now_ms())).expired == 1
    assert await state(blob) == State.DELETING
    await threads.run(holding.let_go, other)
    await sweep.sweep(now_ms())
    assert await read(blob, frame) == DATA
    await threads.run(holding.let_go, REPORT)
    await sweep.sweep(now_ms())
    assert await state(blob) is None


async def test_a_message_that_is_there_keeps_its_files_without_a_report(
    alice: Person, bob: Person, conv: bytes, at_alice: Socket
) -> None:
    blob, frame, _ = await sent(at_alice, alice, conv)
    await hold(conv, frame)
    await threads.run(holding.let_go, REPORT)
    assert (await sweep.sweep(now_ms())).deleted == 0
    assert (await get(bob, blob)).status == 200


async def test_what_is_gone_or_elsewhere_is_not_held(
    alice: Person, conv: bytes, at_alice: Socket
) -> None:
    blob, frame, seq = await sent(at_alice, alice, conv)
    late, ended, _ = await sent(at_alice, alice, conv, ttl=60)
    assert await hold(secrets.token_bytes(16), frame) == 0
    await send(at_alice, erasing(alice, conv, seq, frame.client_id))
    await threads.run(BlobLink.objects.filter(blob__blob=late).update, expires=F("made"))
    assert await hold(conv, frame, ended) == 0
    assert await threads.run(holding.row_of, REPORT, bytes(frame.client_id), blob) is None
    await sweep.sweep(now_ms())
    assert (await state(blob), await state(late)) == (None, None)


async def test_there_is_no_part_beyond_the_last(
    alice: Person, conv: bytes, at_alice: Socket
) -> None:
    blob, frame, _ = await sent(at_alice, alice, conv)
    await hold(conv, frame)
    row = await threads.run(holding.row_of, REPORT, bytes(frame.client_id), blob)
    assert row is not None
    for n in (-1, 2, 10**9):
        with pytest.raises(Unknown):
            await holding.part(row, n)
