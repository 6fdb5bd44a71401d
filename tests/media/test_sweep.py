"""What nobody wants goes, and nothing else: by the minute, by the day, and by hand."""

import asyncio
import secrets
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.management import CommandError, call_command
from django.db import connections

from chatsite.running import threads
from media import auditing, blobs, erasures, ownership, refusals, rows, sweep
from media.hooks import BlobLinks
from media.models import Blob, BlobLink, Erasure, SiteName, State
from messaging import protocol
from messaging.backends import log, tables
from messaging.backends.base import Busy
from messaging.domain import Row
from testkit.cast import Person, now_ms
from tests.faulty import faulty
from tests.media.carrying import get, granted, put, session_of, uploaded, wanted
from tests.media.test_messages import erasing, message, state
from tests.messaging.socket import arrived
from tests.messaging.test_messages import send

HOUR = 3_600_000
DAY = 24 * HOUR


@pytest.fixture(autouse=True)
def nothing_of_others(database_access: None) -> None:
    """Counts are of the whole site."""
    Blob.objects.all().delete()
    with connections["messages"].cursor() as cursor:
        cursor.execute("UPDATE conversation SET url = ''")


async def linked_without_message(who: Person, conv: bytes, now: int) -> bytes:
    """As a process leaves it that ends before the append."""
    blob = (await uploaded(who, conv, b"x" * 100)).blob
    to = rows.Link(conv, secrets.token_bytes(16), 0, None, withheld=False)
    assert await threads.run(rows.link, who.uid, [blob], to, now)
    return blob


async def test_an_upload_that_nobody_goes_on_with_goes_after_a_day(
    alice: Person, conv: bytes, blob_store: Any
) -> None:
    half, whole = await granted(alice, conv, 100), await uploaded(alice, conv, b"x" * 100)
    await put(half, 0, b"x" * 100)
    now = now_ms()
    assert (await sweep.sweep(now + DAY - HOUR)).unclaimed == 0
    await blobs.resume(alice.uid, session_of(alice), whole.blob, now + DAY - HOUR)
    swept = await sweep.sweep(now + DAY + HOUR)
    assert (swept.unclaimed, swept.deleted) == (1, 1)
    assert await state(half.blob) is None
    assert await blob_store.sizes(half.blob) == {}
    assert await state(whole.blob) == State.WHOLE
    assert (await sweep.sweep(now + 3 * DAY)).unclaimed == 1


async def test_a_message_that_was_never_appended_loses_its_blobs(
    alice: Person, conv: bytes
) -> None:
    now = now_ms()
    blob = await linked_without_message(alice, conv, now)
    for later in (HOUR, 2 * DAY - HOUR):
        assert (await sweep.sweep(now + later)).unsent == 0
    assert await state(blob) == State.LINKED
    assert (await sweep.sweep(now + 2 * DAY + HOUR)).unsent == 1
    assert await state(blob) is None


async def test_one_that_was_appended_keeps_them_and_is_looked_for_once(
    alice: Person, bob: Person, conv: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_alice = await arrived(alice)
    blob = (await uploaded(alice, conv, b"x" * 100)).blob
    await send(at_alice, message(alice, conv, blob))
    await sweep.sweep(now_ms() + HOUR)
    monkeypatch.setattr(type(log()), "find", None)
    await sweep.sweep(now_ms() + 9 * DAY)
    assert await state(blob) == State.LINKED
    assert (await get(bob, blob)).status == 200


@pytest.mark.parametrize("refused", [False, True])
async def test_an_erasure_that_broke_off_is_ended(
    alice: Person, conv: bytes, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process ends before it comes to the files, or before it erases anything."""
    at_alice = await arrived(alice)
    blob = (await uploaded(alice, conv, b"x" * 100)).blob
    frame = message(alice, conv, blob)
    sent = await send(at_alice, frame)

    async def lost(*_: object) -> None:
        raise Busy

    monkeypatch.setattr(type(log()), "append", lost) if refused else monkeypatch.setattr(
        BlobLinks, "release", lost
    )
    at_alice.send(erasing(alice, conv, sent.seq, frame.client_id))
    await at_alice.next(protocol.Busy)
    now = now_ms()
    assert (await sweep.sweep(now)).erased == 0, "it may be under way"
    assert (await sweep.sweep(now + HOUR)).erased == (not refused)
    assert await state(blob) == (State.LINKED if refused else None)
    assert not await threads.run(Erasure.objects.exists)


async def test_one_that_was_erased_before_it_was_looked_for_loses_them(
    alice: Person, conv: bytes
) -> None:
    """As a late repeat leaves it that is broken off."""
    at_alice = await arrived(alice)
    frame = message(alice, conv, (await uploaded(alice, conv, b"x" * 100)).blob)
    sent = await send(at_alice, frame)
    await send(at_alice, erasing(alice, conv, sent.seq, frame.client_id))
    blob = (await uploaded(alice, conv, b"x" * 100)).blob
    to = rows.Link(conv, frame.client_id, 0, None, withheld=False)
    assert await threads.run(rows.link, alice.uid, [blob], to, now_ms())
    assert (await sweep.sweep(now_ms() + HOUR)).erased == 1
    assert await state(blob) is None


async def test_a_log_that_is_damaged_holds_up_no_other(alice: Person, conv: bytes) -> None:
    """Who reads such a log as people do hears of the hole."""
    at_alice = await arrived(alice)
    frame = message(alice, conv, (await uploaded(alice, conv, b"x" * 100)).blob)
    sent = await send(at_alice, frame)
    await threads.run(erasures.begin, conv, alice.uid, sent.seq, frame.client_id, now_ms())
    with faulty("MESSAGE_LOG") as store, store.raising("page"):
        assert (await sweep.sweep(now_ms() + HOUR)).erased == 0
    assert not await threads.run(Erasure.objects.exists)


async def test_a_link_that_comes_meanwhile_wins(
    alice: Person, conv: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep has looked and found nothing; then the message is sent after all."""
    now = now_ms()
    blob = await linked_without_message(alice, conv, now)
    [link] = await threads.run(lambda: list(BlobLink.objects.filter(blob__blob=blob)))
    real: Callable[..., Any] = type(log()).find

    async def found(*arguments: Any) -> int | None:
        seq: int | None = await real(*arguments)
        to = rows.Link(conv, link.client_id, 0, None, withheld=False)
        await threads.run(rows.link, alice.uid, [blob], to, now + 2 * DAY + HOUR - 1)
        return seq

    monkeypatch.setattr(type(log()), "find", found)
    assert (await sweep.sweep(now + 2 * DAY + HOUR)).unsent == 0
    assert await state(blob) == State.LINKED


async def test_links_sweeps_and_releases_at_once_leave_no_blob_without_its_message(
    alice: Person, conv: bytes
) -> None:
    now = now_ms()
    for _ in range(5):
        blob = await linked_without_message(alice, conv, now)
        client_id = secrets.token_bytes(16)
        to = rows.Link(conv, client_id, 0, None, withheld=False)
        linked, *_ = await asyncio.gather(
            threads.run(rows.link, alice.uid, [blob], to, now + 3 * DAY),
            sweep.sweep(now + 3 * DAY),
        )
        links = await threads.run(BlobLink.objects.filter(blob__blob=blob).count)
        assert (await state(blob), links) == ((State.LINKED, 1) if linked else (None, 0))


async def test_blobs_of_an_expired_message_go(alice: Person, bob: Person, conv: bytes) -> None:
    at_alice = await arrived(alice)
    blob = (await uploaded(alice, conv, b"x" * 100)).blob
    await send(at_alice, message(alice, conv, blob, ttl=60))
    assert (await sweep.sweep(now_ms() + 61_000)).expired == 0, "never before its message"
    assert (await sweep.sweep(now_ms() + 180_000)).expired == 1
    assert await state(blob) is None
    assert (await get(bob, blob)).status == 404


async def test_parts_without_a_row_go_after_three_days(
    alice: Person, conv: bytes, blob_store: Any
) -> None:
    kept, nobodys = await uploaded(alice, conv, b"x" * 100), secrets.token_bytes(16)
    await blob_store.put(nobodys, 0, b"x")
    assert (await sweep.remove_orphans(now_ms() + 2 * DAY)).orphans == 0
    assert (await sweep.remove_orphans(now_ms() + 4 * DAY, dry=True)).orphans == 1
    assert (await sweep.remove_orphans(now_ms() + 4 * DAY)).orphans == 1
    assert (await blob_store.sizes(nobodys), await blob_store.sizes(kept.blob)) == ({}, {0: 100})


async def test_a_site_deletes_nothing_from_the_store_of_another(
    alice: Person, conv: bytes, blob_store: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """As with an empty database, or that of a second site."""
    later, theirs = now_ms() + 4 * DAY, secrets.token_bytes(16)
    await blob_store.put(theirs, 0, b"x")
    with pytest.raises(ownership.Foreign, match="does not know most files"):
        await sweep.remove_orphans(later)
    mine = [(await uploaded(alice, conv, b"x" * 100)).blob for _ in range(2)]
    await blob_store.put(ownership.NAME_BLOB, 0, secrets.token_bytes(16))
    for dry in (False, True):
        with pytest.raises(ownership.Foreign, match="the name of another site"):
            await sweep.remove_orphans(later, dry=dry)
    run = sync_to_async(pruned)
    for words in ((), ("--dry-run",), ("--dry-run", "--adopt")):
        with pytest.raises(CommandError, match="--adopt makes the store this site's"):
            await run(*words)
    assert len(await blob_store.sizes(theirs)) == 1
    task = asyncio.ensure_future(sweep.every_day(lambda: later))
    async with asyncio.timeout(60):
        while "the name of another site" not in caplog.text:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])
    assert len(await blob_store.sizes(theirs)) == 1
    await run("--adopt")
    assert (await sweep.remove_orphans(later)).orphans == 1
    assert [one.blob for one in await blob_store.blobs()] == sorted([*mine, ownership.NAME_BLOB])


async def test_who_cancels_an_upload_takes_nothing_from_the_store_of_another(
    alice: Person, conv: bytes, blob_store: Any
) -> None:
    """In a copy of an older day the upload is under way; in the newer one a message may have it."""
    upload = await granted(alice, conv, 100)
    await put(upload, 0, b"x" * 100)
    await blob_store.put(ownership.NAME_BLOB, 0, secrets.token_bytes(16))
    await blobs.cancel(alice.uid, upload.blob, now_ms())
    assert (await state(upload.blob), len(await blob_store.sizes(upload.blob))) == (
        State.DELETING,
        1,
    )
    await ownership.adopt()
    await sweep.sweep(now_ms())
    assert await blob_store.sizes(upload.blob) == {}


async def test_an_empty_store_is_taken_by_who_comes_first(blob_store: Any) -> None:
    await sweep.remove_orphans(now_ms(), dry=True)
    assert await blob_store.blobs() == []
    await sweep.remove_orphans(now_ms())
    [named] = await blob_store.blobs()
    assert named.blob == ownership.NAME_BLOB
    await threads.run(SiteName.objects.all().delete)
    with pytest.raises(ownership.Foreign):
        await sweep.remove_orphans(now_ms())


async def test_a_copy_of_an_older_day_deletes_nothing_that_came_since(
    alice: Person, conv: bytes, blob_store: Any
) -> None:
    """As after a restore of the database beside an S3 server, until the operator wants that."""
    older, gone = await uploaded(alice, conv, b"x" * 100), await granted(alice, conv, 100)
    await sweep.remove_orphans(now_ms())
    then = await threads.run(rows.rounds_of_site)
    await sweep.remove_orphans(now_ms())
    newer, later = secrets.token_bytes(16), now_ms() + 4 * DAY
    await blob_store.put(newer, 0, b"x")
    await put(gone, 0, b"x" * 100)
    await blobs.cancel(alice.uid, gone.blob, now_ms())
    await put_back(blob_store, gone.blob)
    await threads.run(SiteName.objects.update, rounds=then)
    for work in (sweep.remove_orphans(later), sweep.sweep(now_ms())):
        with pytest.raises(ownership.Older, match="a newer copy of this database"):
            await work
    for blob in (older.blob, newer, gone.blob):
        assert await blob_store.sizes(blob), "nothing is deleted"
    await sync_to_async(pruned)("--adopt")
    assert (await sweep.remove_orphans(later)).orphans == 1
    assert [await blob_store.sizes(one) for one in (newer, gone.blob)] == [{}, {}]
    await threads.run(SiteName.objects.update, rounds=then)
    with pytest.raises(ownership.Older):
        await sweep.remove_orphans(later)


async def put_back(blob_store: Any, blob: bytes) -> None:
    """A part that was on its way while its upload was cancelled."""
    await blob_store.put(blob, 0, b"x" * 100)


async def test_one_that_cannot_be_deleted_does_not_hold_up_the_rest(
    alice: Person, conv: bytes, blob_store: Any, tmp_path: Path
) -> None:
    stuck, other = [await uploaded(alice, conv, b"x" * 100) for _ in range(2)]
    for name in (stuck.blob.hex(), "00" * 16):  # of nobody
        folder = tmp_path / "blobs" / name[:2] / name
        (folder / "1").mkdir(parents=True)  # where a part belongs: nobody can unlink it
        (folder / "0").touch()
    later = now_ms() + 9 * DAY
    swept = await sweep.sweep(later)
    assert (swept.deleted, swept.stuck) == (1, [stuck.blob])
    assert (await state(stuck.blob), await state(other.blob)) == (State.DELETING, None)
    orphans = await sweep.remove_orphans(later)
    assert (orphans.orphans, orphans.stuck) == (0, [bytes(16)])
    assert stuck.blob.hex() in await sync_to_async(pruned)()
    (tmp_path / "blobs" / stuck.blob.hex()[:2] / stuck.blob.hex() / "1").rmdir()
    assert (await sweep.sweep(later)).deleted == 1


async def test_nobody_uploads_the_name_of_the_site(alice: Person, conv: bytes) -> None:
    with pytest.raises(refusals.Taken):
        await blobs.grant(
            wanted(alice, conv, 16, blob=ownership.NAME_BLOB), session_of(alice), now_ms()
        )


async def test_a_round_that_writes_its_number_is_no_file_that_nobody_knows(
    alice: Person, conv: bytes, blob_store: Any
) -> None:
    """Another process begins the first round between two questions of this one."""
    await put(await granted(alice, conv, 100), 0, b"x" * 100)
    await blob_store.put(secrets.token_bytes(16), 0, b"x")
    await blob_store.put(ownership.NAME_BLOB, ownership.ROUNDS, b"1")
    await ownership.require(claim=False)


async def test_the_server_does_both_by_itself(alice: Person, conv: bytes, blob_store: Any) -> None:
    half, nobodys = await granted(alice, conv, 100), secrets.token_bytes(16)
    await put(half, 0, b"x" * 100)
    await blob_store.put(nobodys, 0, b"x")
    later = now_ms() + 4 * DAY
    await ownership.require(claim=True)  # or, once one of two files is gone, most are unknown
    work = [
        asyncio.ensure_future(one(lambda: later)) for one in (sweep.every_minute, sweep.every_day)
    ]
    async with asyncio.timeout(60):
        while await state(half.blob) or await blob_store.sizes(nobodys):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    for one in work:
        one.cancel()
    await asyncio.wait(work)


def pruned(*arguments: str) -> str:
    out = StringIO()
    call_command("prune_attachments", *arguments, stdout=out)
    return out.getvalue()


async def test_by_hand_with_counts_and_a_test_of_the_truth(
    alice: Person, bob: Person, conv: bytes, blob_store: Any
) -> None:
    at_alice = await arrived(alice)
    blob, doomed = [(await uploaded(alice, conv, b"x" * 100)).blob for _ in range(2)]
    await send(at_alice, message(alice, conv, blob))
    frame = message(alice, conv, doomed)
    sent = await send(at_alice, frame)
    row = await threads.run(Blob.objects.get, blob=doomed)
    old_link = await threads.run(lambda: BlobLink.objects.get(blob=row))
    await send(at_alice, erasing(alice, conv, sent.seq, frame.client_id))
    # A process that ends between the two leaves the link.
    await threads.run(Blob.objects.filter(pk=row.pk).update, state=State.LINKED)
    await threads.run(old_link.save, force_insert=True)
    run = sync_to_async(pruned)
    assert "Would delete" in await run("--dry-run", "--check")
    assert await state(doomed) == State.LINKED
    told = await run("--check", "--people", "3")
    assert await state(doomed) is None
    assert "Now 1 files take 100 bytes." in told
    assert alice.name in told
    await blob_store.delete(blob)
    with pytest.raises(CommandError, match=blob.hex()):
        await run("--check")
    await threads.run(Blob.objects.filter(blob=blob).delete)
    with pytest.raises(CommandError, match=blob.hex()):
        await run("--check")


async def test_what_a_message_lost_by_its_end_is_no_loss(
    alice: Person, conv: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The messages are read once, and meanwhile people go on."""
    at_alice = await arrived(alice)
    blob = (await uploaded(alice, conv, b"x" * 100)).blob
    frame = message(alice, conv, blob)
    sent = await send(at_alice, frame)
    real: Callable[..., Any] = type(tables()).browse

    async def read(*arguments: Any, **more: Any) -> Any:
        found = await real(*arguments, **more)
        if any(isinstance(one, Row) and one.conv == conv for one in found.records):
            await send(at_alice, erasing(alice, conv, sent.seq, frame.client_id))
        return found

    monkeypatch.setattr(type(tables()), "browse", read)
    truth = await auditing.audit(lambda *_: None, now_ms(), dry=True)
    assert (truth.named, truth.lost, truth.broken) == (1, set(), set())


def test_a_store_of_messages_that_is_away_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def busy(*_: Any, **__: Any) -> Any:
        raise Busy

    monkeypatch.setattr(type(tables()), "browse", busy)
    with pytest.raises(CommandError, match="The store of messages does not answer"):
        pruned("--check")
