"""Leave to upload, parts, the word that all are there: with refusals, repeats and races."""

import asyncio
import secrets
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from chatsite.edge.refusals import Conflict, Unknown
from chatsite.running import threads
from media import blobs, refusals, rows, sweep, tickets
from media.models import Blob, State
from media.parts import Parts
from media.reading import SHARE
from messaging import connections
from messaging.conversations import NotConnected
from testkit.cast import Person, now_ms
from tests.media.carrying import (
    PART,
    ask,
    get,
    granted,
    put,
    secret_of_tickets,
    session_of,
    uploaded,
    wanted,
)

DATA = secrets.token_bytes(2 * PART + 1000)


async def state(blob: bytes) -> int | None:
    row = await threads.run(Blob.objects.filter(blob=blob).first)
    return None if row is None else row.state


async def test_parts_come_in_any_order_and_again_until_it_is_whole(
    alice: Person, conv: bytes
) -> None:
    grant = await granted(alice, conv, len(DATA))
    assert (grant.state, grant.present) == ("granted", [])
    for n in (2, 0, 2):
        assert (await put(grant, n, DATA[n * PART : (n + 1) * PART])).status == 204
    resumed = await blobs.resume(alice.uid, session_of(alice), grant.blob, now_ms())
    assert resumed.present == [(0, 0), (2, 2)]
    with pytest.raises(Conflict) as missing:
        await blobs.whole(alice.uid, session_of(alice), grant.blob, now_ms())
    assert missing.value.body.present == [(0, 0), (2, 2)]
    assert (await put(grant, 1, DATA[PART : 2 * PART])).status == 204
    for _ in range(2):
        whole = await blobs.whole(alice.uid, session_of(alice), grant.blob, now_ms())
        assert (whole.state, whole.present) == ("whole", [(0, 2)])
    late = await put(grant, 1, DATA[:PART])
    assert (late.status, b'"whole"' in late.body) == (409, True)


async def test_the_same_grant_again_is_the_same_and_another_is_not(
    alice: Person, bob: Person, conv: bytes
) -> None:
    first = wanted(alice, conv, len(DATA))
    for _ in range(2):
        assert (await blobs.grant(first, session_of(alice), now_ms())).blob == first.blob
    for other in (
        replace(first, size=len(DATA) + 1), replace(first, part=1 << 20),
        replace(first, owner=bob.uid),
    ):  # fmt: skip
        with pytest.raises(refusals.Taken):
            await blobs.grant(other, session_of(alice), now_ms())
    assert await threads.run(rows.used_by, alice.uid) == len(DATA)


async def test_while_nothing_has_arrived_parts_may_become_smaller(
    alice: Person, bob: Person, conv: bytes
) -> None:
    large = wanted(alice, conv, len(DATA), part=1 << 20)
    before = await blobs.grant(large, session_of(alice), now_ms())
    smaller = replace(large, part=PART)
    for other in (replace(smaller, size=len(DATA) + 1), replace(smaller, owner=bob.uid)):
        with pytest.raises(refusals.Taken):
            await blobs.grant(other, session_of(alice), now_ms())
    grant = await blobs.grant(smaller, session_of(alice), now_ms())
    assert (grant.part, grant.present) == (PART, [])
    assert (await put(before, 0, DATA)).status == 404  # it was on its way
    assert (await put(grant, 0, DATA[:PART])).status == 204
    with pytest.raises(refusals.Taken):
        await blobs.grant(large, session_of(alice), now_ms())
    assert (await blobs.resume(alice.uid, session_of(alice), grant.blob, now_ms())).part == PART


async def test_what_was_begun_stays_in_its_parts(alice: Person, conv: bytes) -> None:
    large = wanted(alice, conv, len(DATA), part=1 << 20)
    await put(await blobs.grant(large, session_of(alice), now_ms()), 0, DATA)
    with pytest.raises(refusals.Taken):
        await blobs.grant(replace(large, part=PART), session_of(alice), now_ms())


async def test_two_grants_whole_twice_and_cancel_at_once_have_one_outcome(
    alice: Person, conv: bytes
) -> None:
    upload = wanted(alice, conv, 1000)
    grants = await asyncio.gather(
        *(blobs.grant(upload, session_of(alice), now_ms()) for _ in range(5))
    )
    assert await threads.run(Blob.objects.filter(blob=upload.blob).count) == 1
    await asyncio.gather(*(put(grant, 0, bytes([n]) * 1000) for n, grant in enumerate(grants)))
    ways = [blobs.whole(alice.uid, session_of(alice), upload.blob, now_ms()) for _ in range(3)]
    outcomes = await asyncio.gather(
        *ways, blobs.cancel(alice.uid, upload.blob, now_ms()), return_exceptions=True
    )
    for outcome in outcomes:
        assert outcome is None or isinstance(outcome, Unknown | refusals.Linked) or outcome.state
    assert await state(upload.blob) in (State.WHOLE, State.DELETING)


async def test_what_was_cancelled_is_gone_and_takes_no_room(
    alice: Person, conv: bytes, blob_store: Any
) -> None:
    grant = await granted(alice, conv, 1000)
    await put(grant, 0, bytes(1000))
    await blobs.cancel(alice.uid, grant.blob, now_ms())
    assert await blob_store.sizes(grant.blob) == {}
    assert await threads.run(rows.used_by, alice.uid) == 0
    assert (await put(grant, 0, bytes(1000))).status == 404
    with pytest.raises(Unknown):
        await blobs.cancel(alice.uid, grant.blob, now_ms())
    await blob_store.put(grant.blob, 0, bytes(1000))  # was on its way by then
    await sweep.sweep(now_ms())
    assert (await blob_store.sizes(grant.blob), await state(grant.blob)) == ({}, None)


async def test_many_grants_add_up_the_whole_site_once(
    alice: Person, conv: bytes, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blobs, "site", blobs.Site())
    used = await threads.run(rows.used_in_all)
    settings.MEDIA_SITE_QUOTA = 100 * (used + 10_000)
    await granted(alice, conv, 5_000)
    monkeypatch.setattr(rows, "used_in_all", None)
    await granted(alice, conv, 5_000)


async def test_near_the_limit_of_the_site_nothing_of_other_processes_is_overlooked(
    alice: Person, conv: bytes, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blobs, "site", blobs.Site())
    other = blobs.Site()
    settings.MEDIA_SITE_QUOTA = await threads.run(rows.used_in_all) + 10_000
    settings.MEDIA_PERSON_QUOTA = 1
    with pytest.raises(refusals.Quota):  # takes nothing of the site's room either
        await granted(alice, conv, 5_000)
    settings.MEDIA_PERSON_QUOTA = 0
    await granted(alice, conv, 5_000)
    here = blobs.site
    monkeypatch.setattr(blobs, "site", other)
    await granted(alice, conv, 5_000)
    monkeypatch.setattr(blobs, "site", here)
    with pytest.raises(refusals.SiteFull):
        await granted(alice, conv, 5_000)


async def test_grants_at_once_do_not_pass_the_limit_of_the_site(
    alice: Person, conv: bytes, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blobs, "site", blobs.Site())
    settings.MEDIA_SITE_QUOTA = await threads.run(rows.used_in_all) + 15_000
    ways = [granted(alice, conv, 5_000) for _ in range(6)]
    outcomes = await asyncio.gather(*ways, return_exceptions=True)
    assert sum(isinstance(one, refusals.SiteFull) for one in outcomes) >= 3
    assert await threads.run(rows.used_in_all) <= settings.MEDIA_SITE_QUOTA


async def test_what_has_no_room_is_refused_with_figures(
    alice: Person, conv: bytes, settings: Any
) -> None:
    settings.MEDIA_FILE_MAX, settings.MEDIA_PERSON_QUOTA = 10_000, 25_000
    with pytest.raises(refusals.FileTooLarge) as large:
        await granted(alice, conv, blobs.sealed_max(10_000) + 1)
    assert large.value.limit == 10_000
    await granted(alice, conv, blobs.sealed_max(10_000))
    await granted(alice, conv, 10_000)
    with pytest.raises(refusals.Quota) as over:
        await granted(alice, conv, 10_000)
    assert (over.value.limit, over.value.used) == (25_000, 10_000 + blobs.sealed_max(10_000))
    settings.MEDIA_PERSON_QUOTA, settings.MEDIA_SITE_QUOTA = 0, 1
    with pytest.raises(refusals.SiteFull):
        await granted(alice, conv, 10_000)
    settings.MEDIA_SITE_QUOTA = 0
    told = await blobs.storage(alice.uid)
    assert (told.used, told.limit, told.file_max) == (10_000 + blobs.sealed_max(10_000), 0, 10_000)


async def test_nobody_fills_the_site_by_what_they_begin_and_cancel(
    alice: Person, conv: bytes, settings: Any
) -> None:
    settings.MEDIA_PERSON_QUOTA = 10_000
    for _ in range(2):
        grant = await granted(alice, conv, 10_000)
        await blobs.cancel(alice.uid, grant.blob, now_ms())
    with pytest.raises(refusals.Going) as going:
        await granted(alice, conv, 10_000)
    assert (going.value.status, going.value.headers) == (503, {"Retry-After": "30"})
    await sweep.sweep(now_ms())
    await granted(alice, conv, 10_000)


async def test_two_at_once_do_not_both_find_the_last_room(
    alice: Person, conv: bytes, settings: Any
) -> None:
    settings.MEDIA_PERSON_QUOTA = 15_000
    ways = [granted(alice, conv, 10_000) for _ in range(4)]
    outcomes = await asyncio.gather(*ways, return_exceptions=True)
    assert sum(isinstance(one, refusals.Quota) for one in outcomes) == 3


async def test_more_parts_than_a_blob_may_have_are_refused(
    alice: Person, conv: bytes, settings: Any
) -> None:
    settings.MEDIA_FILE_MAX = 2**40
    with pytest.raises(Exception, match="parts"):
        await granted(alice, conv, PART * blobs.PARTS_MAX + 1)


async def test_outsiders_get_no_leave(
    alice: Person, bob: Person, mallory: Person, conv: bytes
) -> None:
    with pytest.raises(Unknown):
        await granted(mallory, conv, 1000)
    grant = await granted(alice, conv, 1000)
    for outsider in (bob, mallory):
        with pytest.raises(Unknown):
            await blobs.cancel(outsider.uid, grant.blob, now_ms())
        for use in (blobs.resume, blobs.whole):
            with pytest.raises(Unknown):
                await use(outsider.uid, session_of(outsider), grant.blob, now_ms())
    await connections.act(alice.uid, bob.uid, "block", 3, now_ms())
    with pytest.raises(NotConnected):
        await granted(alice, conv, 1000)


async def test_a_part_needs_its_own_ticket_and_its_own_length(alice: Person, conv: bytes) -> None:
    grant, other = await granted(alice, conv, len(DATA)), await granted(alice, conv, len(DATA))
    path, data = f"/blobs/{grant.blob.hex()}/0", DATA[:PART]
    good = f"Ticket {grant.ticket}"
    forged = grant.ticket[:-6] + ("A" if grant.ticket[-6] != "A" else "B") + grant.ticket[-5:]
    upload = tickets.Ticket(wanted(alice, conv, len(DATA), blob=grant.blob), session_of(alice))
    old, _ = tickets.make(
        secret_of_tickets(), upload, now_ms=now_ms() - 3_600_001, random=bytes(16)
    )
    foreign, _ = tickets.make([("k1", bytes(32))], upload, now_ms=now_ms(), random=bytes(16))
    for ticket in (forged, old, foreign, "", "x", "A" * 600):
        assert (await ask("PUT", path, f"Ticket {ticket}", data)).status == 401
    for nothing in ("", grant.ticket, f"Live {alice.devices[0].token}"):
        assert (await ask("PUT", path, nothing, data)).status == 401
    assert (await ask("PUT", path, f"Ticket {other.ticket}", data)).status == 404
    for n in ("3", "-1", "00", "1x", "", "9" * 30):
        assert (await ask("PUT", f"/blobs/{grant.blob.hex()}/{n}", good, data)).status == 404
    assert (await ask("PUT", path.upper(), good, data)).status == 404
    assert (await ask("PUT", path, good, data[:-1])).status == 400
    assert (await ask("PUT", path, good, data + b"x")).status == 413
    assert (await ask("PUT", path, good, data[:-1], length=PART)).status == 400
    assert (await ask("POST", path, good, data)).status == 405
    assert (await ask("PUT", path, good, data)).status == 204


async def test_whole_counts_only_parts_of_the_right_size(
    alice: Person, conv: bytes, blob_store: Any
) -> None:
    grant = await granted(alice, conv, 1000)
    await blob_store.put(grant.blob, 0, bytes(999))
    with pytest.raises(Conflict):
        await blobs.whole(alice.uid, session_of(alice), grant.blob, now_ms())


async def test_an_uploaded_blob_is_read_by_its_owner(alice: Person, conv: bytes) -> None:
    grant = await uploaded(alice, conv, DATA)
    assert grant.state == "whole"


async def test_a_person_reads_so_many_parts_at_once_and_others_go_on(
    alice: Person, bob: Person, conv: bytes
) -> None:
    app, blob = Parts(), (await uploaded(alice, conv, b"x" * 100)).blob
    with ExitStack() as reading:
        for _ in range(SHARE):
            reading.enter_context(app._shares.one(alice.uid))
        refused = await get(alice, blob, app=app)
        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        assert b'"share"' in refused.body
        assert (await get(bob, blob, app=app)).status == 404, "others have their own"
    assert (await get(alice, blob, app=app)).status == 200
    assert not app._shares._taken, "nothing is kept of who reads nothing"


def test_runs_of_parts() -> None:
    assert blobs.runs([]) == []
    assert blobs.runs([0, 1, 2, 5, 7, 8]) == [(0, 2), (5, 5), (7, 8)]
