"""Parts past the node: who gets signed calls, and what comes of one that is used too late."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import pytest
from django.conf import settings

from accounts import tokens
from accounts.sessions import Bound
from chatsite.edge.refusals import Conflict, Refusal, Unknown
from chatsite.edge.wire import B32
from chatsite.running import threads
from media import backends, blobs, calling, protocol, refusals, rows, signing, sweep
from media.models import Blob
from media.stores import BlobStore
from testkit.cast import Person, now_ms
from tests.media.carrying import PART, granted, session_of
from tests.media.test_messages import erasing, message
from tests.messaging.socket import arrived
from tests.messaging.test_messages import send
from tests.services import as_settings, own_bucket

DATA = secrets.token_bytes(PART + 1000)
BODIES = [DATA[:PART], DATA[PART:]]


@pytest.fixture(autouse=True)
async def direct(settings: Any, blob_store: BlobStore) -> AsyncIterator[BlobStore]:
    """The site's files are in a bucket, which browsers reach by themselves."""
    with own_bucket() as given:
        settings.BLOB_STORE = "media.backends.s3.store.S3Store"
        settings.S3 = as_settings({**given, "S3_PUBLIC_ENDPOINT": given["S3_ENDPOINT_URL"]})
        settings.MEDIA_TRANSFER = "direct"
        backends.store.cache_clear()
        store = backends.store()
        await store.prepare()
        yield store
        await store.close()


async def asked(
    who: Person, blob: bytes, *parts: int, sums: list[bytes] | None = None
) -> list[protocol.SignedUrl]:
    claims = tokens.check(settings.SECRETS["live"], who.devices[0].token, now_ms())
    wanted = protocol.NewUrls(parts=list(parts), sums=[B32(one) for one in sums or ()])
    bound = Bound(claims.session, claims.uid, claims.device)
    return (await signing.signed(bound, blob, wanted, now_ms())).urls


async def to_put(who: Person, blob: bytes, *parts: int) -> list[protocol.SignedUrl]:
    return await asked(who, blob, *parts, sums=[sha256(BODIES[n]).digest() for n in parts])


async def called(method: str, call: protocol.SignedUrl, body: bytes | None = None) -> int:
    answer = await asyncio.to_thread(calling.call, method, call.url, body, dict(call.headers))
    return answer.status


async def whole(who: Person, conv: bytes) -> bytes:
    grant = await granted(who, conv, len(DATA))
    assert grant.mode == "direct"
    for call, body in zip(await to_put(who, grant.blob, 0, 1), BODIES, strict=True):
        assert await called("PUT", call, body) == 200
    await blobs.whole(who.uid, session_of(who), grant.blob, now_ms())
    return grant.blob


async def test_a_picture_goes_past_the_node_to_the_other_and_to_nobody_else(
    alice: Person, bob: Person, mallory: Person, conv: bytes
) -> None:
    blob = await whole(alice, conv)
    with pytest.raises(Unknown):
        await asked(bob, blob, 0)  # no message has it yet
    at_alice = await arrived(alice)
    frame = message(alice, conv, blob)
    sent = await send(at_alice, frame)
    for who in (alice, bob):
        calls = await asked(who, blob, 0, 1)
        assert [await called("GET", call) for call in calls] == [200, 200]
    for outsider, part in ((mallory, 0), (bob, 2)):
        with pytest.raises(Unknown):
            await asked(outsider, blob, part)
    await send(at_alice, erasing(alice, conv, sent.seq, frame.client_id))
    await sweep.sweep(now_ms())
    with pytest.raises(Unknown):
        await asked(bob, blob, 0)
    assert await called("GET", calls[0]) == 404, "it was handed out before, and dies with the blob"


async def test_parts_are_put_by_their_owner_before_the_blob_is_whole(
    alice: Person, bob: Person, mallory: Person, conv: bytes
) -> None:
    blob = (await granted(alice, conv, len(DATA))).blob
    for outsider in (bob, mallory):
        with pytest.raises(Unknown):
            await to_put(outsider, blob, 0)
    with pytest.raises(Unknown):
        await asked(alice, blob, 2, sums=[bytes(32)])
    with pytest.raises(Refusal, match="sums"):
        await asked(alice, blob, 0, 1, sums=[bytes(32)])
    first, last = await to_put(alice, blob, 0, 1)
    assert await called("PUT", first, BODIES[0][:-1]) >= 400
    assert await called("PUT", last, BODIES[0]) >= 400
    assert await called("PUT", first, BODIES[0]) == 200
    with pytest.raises(Conflict) as missing:
        await blobs.whole(alice.uid, session_of(alice), blob, now_ms())
    assert missing.value.body.present == [(0, 0)]
    assert await called("PUT", last, BODIES[1]) == 200
    await blobs.whole(alice.uid, session_of(alice), blob, now_ms())
    with pytest.raises(refusals.Whole):
        await to_put(alice, blob, 0)


async def test_what_is_put_after_a_cancel_is_deleted_with_its_row(
    alice: Person, conv: bytes, direct: BlobStore
) -> None:
    blob = (await granted(alice, conv, len(DATA))).blob
    [call] = await to_put(alice, blob, 0)
    await blobs.cancel(alice.uid, blob, now_ms())
    assert await threads.run(rows.used_by, alice.uid) == 0
    with pytest.raises(Unknown):
        await to_put(alice, blob, 0)
    await sweep.sweep(now_ms())
    assert await called("PUT", call, BODIES[0]) == 200  # nobody can take it back
    await sweep.sweep(now_ms() + signing.PUT_MS)
    assert await direct.sizes(blob) == {}
    assert not await threads.run(Blob.objects.filter(blob=blob).exists)


async def test_a_page_of_another_day_is_told_to_load_again(
    alice: Person, mallory: Person, conv: bytes, settings: Any
) -> None:
    blob = await whole(alice, conv)
    settings.MEDIA_TRANSFER = "node"
    with pytest.raises(refusals.ByNode):
        await asked(alice, blob, 0)
    with pytest.raises(Unknown):
        await asked(mallory, blob, 0)
