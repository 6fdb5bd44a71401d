"""Messages with blobs: linked before the append, read by members alone, gone with their message."""

import json
import secrets

import pytest
from django.db.models import F

from accounts import suspending
from accounts.models import User
from accounts.suspending import FOREVER, Kind, Reason
from chatsite.edge.wire import Id
from chatsite.running import threads
from media import reading, rows
from media.models import Blob, BlobLink, State
from media.parts import Parts
from media.stores import BlobStore
from messaging import protocol
from testkit import cast
from testkit.cast import Person, now_ms
from tests.media.carrying import PART, ask, get, granted, uploaded
from tests.messaging.socket import Socket, arrived
from tests.messaging.test_messages import block, page, refusal, send, unblock

DATA = secrets.token_bytes(PART + 1000)


def message(who: Person, conv: bytes, *blobs: bytes, ttl: int = 0) -> protocol.Send:
    frame = who.message(conv, "see this", ttl=ttl)
    frame.blobs = [Id(blob) for blob in blobs]
    return frame


def erasing(who: Person, conv: bytes, seq: int, client_id: bytes) -> protocol.Send:
    note = who.message(conv, "erased", kind=2)
    note.erase = protocol.Erase(seq=seq, client_id=Id(client_id))
    return note


async def state(blob: bytes) -> int | None:
    row = await threads.run(Blob.objects.filter(blob=blob).first)
    return None if row is None else row.state


@pytest.fixture
async def at_alice(alice: Person, conv: bytes) -> Socket:
    return await arrived(alice)


async def test_a_picture_comes_to_the_other_and_to_nobody_else(
    alice: Person, bob: Person, mallory: Person, conv: bytes, at_alice: Socket
) -> None:
    at_bob = await arrived(bob)
    blob = (await uploaded(alice, conv, DATA)).blob
    assert (await get(bob, blob)).status == 404, "no message has it yet"
    frame = message(alice, conv, blob)
    sent = await send(at_alice, frame)
    assert await send(at_alice, frame) == sent, "a repeat"
    row = await at_bob.next(protocol.Msg)
    assert row.blobs == [blob]
    assert (await page(at_bob, conv)).rows[0].blobs == [blob]
    for who in (alice, bob):
        first, last = await get(who, blob, 0), await get(who, blob, 1)
        assert first.body + last.body == DATA
        assert (first.headers["content-length"], first.headers["accept-ranges"]) == (
            str(PART), "none",
        )  # fmt: skip
        assert first.headers["content-type"] == "application/octet-stream"
        assert first.headers["x-content-type-options"] == "nosniff"
        assert first.headers["cross-origin-resource-policy"] == "same-origin"
        assert "private" in first.headers["cache-control"]
        assert (await get(who, blob, 2)).status == 404
    nothing = await get(bob, secrets.token_bytes(16))
    foreign = await get(mallory, blob)
    assert (foreign.status, foreign.body, foreign.headers) == (
        nothing.status, nothing.body, nothing.headers,
    )  # fmt: skip


async def test_a_token_that_is_not_good_reads_nothing(
    alice: Person, bob: Person, conv: bytes, at_alice: Socket
) -> None:
    blob = (await uploaded(alice, conv, DATA)).blob
    await send(at_alice, message(alice, conv, blob))
    path, good = f"/blobs/{blob.hex()}/0", bob.devices[0].token
    for bad in ("", "Live", "Live x", f"Live {good[:-8]}AAAA{good[-4:]}", f"Bearer {good}", good):
        assert (await ask("GET", path, bad)).status == 401
    await threads.run(_revoke, bob)
    assert (await get(bob, blob)).status == 401


async def test_who_is_suspended_reads_nothing_and_hears_why(
    alice: Person, bob: Person, conv: bytes, at_alice: Socket
) -> None:
    blob = (await uploaded(alice, conv, DATA)).blob
    await send(at_alice, message(alice, conv, blob))
    await threads.run(_suspend, bob)
    answer = await get(bob, blob)
    assert answer.status == 403
    assert json.loads(answer.body)["code"] == "suspended"


def _suspend(who: Person) -> None:
    suspending.suspend(
        User.objects.get(uid=who.uid), Kind.ALL, until=FOREVER, reason=Reason.SPAM,
        decision=secrets.token_bytes(16), now_ms=now_ms(),
    )  # fmt: skip


def _revoke(who: Person) -> None:
    from accounts.models import Device

    Device.objects.filter(device=who.devices[0].keys.id).update(gone_at=1)


async def test_what_is_not_the_senders_whole_blob_of_this_chat_is_refused(
    alice: Person, bob: Person, mallory: Person, conv: bytes, at_alice: Socket
) -> None:
    other_chat = await cast.connect(alice, mallory)
    whole = (await uploaded(alice, conv, DATA)).blob
    half = (await granted(alice, conv, len(DATA))).blob
    elsewhere = (await uploaded(alice, other_chat, DATA)).blob
    bobs = (await uploaded(bob, conv, DATA)).blob
    for bad in (half, elsewhere, bobs, secrets.token_bytes(16)):
        assert (await refusal(at_alice, message(alice, conv, whole, bad))).code == "blob"
    assert await state(whole) == State.WHOLE, "all or none"
    assert not (await page(at_alice, conv)).rows
    doubled = message(alice, conv, whole, whole)
    assert (await refusal(at_alice, doubled)).code == "unsupported"


async def test_twenty_fit_into_a_message(alice: Person, conv: bytes, at_alice: Socket) -> None:
    blobs = [(await uploaded(alice, conv, b"x" * 100)).blob for _ in range(protocol.BLOBS_MAX)]
    await send(at_alice, message(alice, conv, *blobs))
    assert (await page(at_alice, conv)).rows[0].blobs == blobs


async def test_an_erased_message_takes_its_blobs_along_unless_another_has_them(
    alice: Person, bob: Person, conv: bytes, at_alice: Socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "KEPT_MS", 0)
    blob, shared = [(await uploaded(alice, conv, DATA)).blob for _ in range(2)]
    first, second = message(alice, conv, blob, shared), message(alice, conv, shared)
    one, two = await send(at_alice, first), await send(at_alice, second)
    app = Parts()
    assert (await get(bob, blob, app=app)).status == 200
    gone = erasing(alice, conv, one.seq, first.client_id)
    for _ in range(2):
        await send(at_alice, gone)
    assert (await get(bob, blob, app=app)).status == 404
    assert (await get(alice, blob, app=app)).status == 404
    assert (await get(bob, shared, app=app)).status == 200
    again = await send(at_alice, first)
    assert again.seq == one.seq, "a late repeat of what is erased is no refusal"
    assert (await state(blob), await state(shared)) == (State.DELETING, State.LINKED)
    await send(at_alice, erasing(alice, conv, two.seq, second.client_id))
    assert await state(shared) == State.DELETING


async def test_nobody_else_erases_them(
    alice: Person, bob: Person, conv: bytes, at_alice: Socket
) -> None:
    blob = (await uploaded(alice, conv, DATA)).blob
    frame = message(alice, conv, blob)
    sent = await send(at_alice, frame)
    at_bob = await arrived(bob)
    assert (await refusal(at_bob, erasing(bob, conv, sent.seq, frame.client_id))).code == "unknown"
    assert await state(blob) == State.LINKED


async def test_who_sends_under_an_id_of_the_other_takes_nothing_of_theirs_along(
    alice: Person, bob: Person, conv: bytes, at_alice: Socket
) -> None:
    """A store in partitions knows an id for some days alone."""
    of_alice, of_bob = [(await uploaded(who, conv, b"x" * 100)).blob for who in (alice, bob)]
    frame = message(alice, conv, of_alice)
    await send(at_alice, frame)
    to = rows.Link(conv, frame.client_id, 0, None, withheld=False)
    assert await threads.run(rows.link, bob.uid, [of_bob], to, now_ms())
    assert await threads.run(rows.release, conv, bob.uid, frame.client_id, now_ms()) == 1
    assert (await state(of_alice), await state(of_bob)) == (State.LINKED, State.DELETING)
    assert (await get(bob, of_alice)).status == 200


async def test_a_withheld_one_is_for_its_sender_alone(
    alice: Person, bob: Person, conv: bytes
) -> None:
    await block(bob, alice)
    at_alice = await arrived(alice)
    blob = (await uploaded(alice, conv, DATA)).blob
    await send(at_alice, message(alice, conv, blob))
    assert (await get(alice, blob)).status == 200
    assert (await get(bob, blob)).status == 404
    await unblock(bob, alice)
    assert (await get(bob, blob)).status == 404


async def test_what_was_first_tried_while_blocked_is_shown_by_what_came_of_it(
    alice: Person, bob: Person, conv: bytes, at_alice: Socket
) -> None:
    blob = (await uploaded(alice, conv, DATA)).blob
    frame = message(alice, conv, blob)
    tried = rows.Link(conv, frame.client_id, 0, None, withheld=True)
    assert await threads.run(rows.link, alice.uid, [blob], tried, now_ms())
    assert (await get(bob, blob)).status == 404
    await send(at_alice, frame)  # again, and bob has unblocked her
    assert (await get(bob, blob)).status == 200


async def test_an_expired_one_is_gone_for_the_other(
    alice: Person, bob: Person, conv: bytes, at_alice: Socket
) -> None:
    blob = (await uploaded(alice, conv, DATA)).blob
    await send(at_alice, message(alice, conv, blob, ttl=60))
    assert (await get(bob, blob)).status == 200
    await threads.run(BlobLink.objects.filter(blob__blob=blob).update, expires=F("made"))
    assert (await get(bob, blob)).status == 404


async def test_a_missing_part_is_a_404_and_told_unless_the_blob_was_deleted(
    alice: Person, bob: Person, conv: bytes, at_alice: Socket, blob_store: BlobStore,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    lost, going = [(await uploaded(alice, conv, DATA)).blob for _ in range(2)]
    await send(at_alice, message(alice, conv, lost))
    frame, app = message(alice, conv, going), Parts()
    sent = await send(at_alice, frame)
    assert (await get(bob, going, app=app)).status == 200, "it is remembered from now on"
    await send(at_alice, erasing(alice, conv, sent.seq, frame.client_id))
    for blob in (going, lost):
        await blob_store.delete(blob)
        assert (await get(bob, blob, app=app)).status == 404
    told = [entry.getMessage() for entry in caplog.records if entry.name == "media.parts"]
    assert told == [f"a part of a blob is missing: {lost.hex()}"]
