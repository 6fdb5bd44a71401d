"""What people hear while the store, or a database, is away; and for how long an answer is kept."""

import secrets
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import OperationalError

from accounts import tokens
from media import blobs, reading, refusals, rows, sweep
from media.models import State
from media.parts import Parts
from media.reading import Readers
from media.stores import StoreAway, StoreFull
from messaging.backends.base import Busy
from testkit.cast import Person, now_ms
from tests.faulty import Faulty, faulty
from tests.media.carrying import get, granted, put, session_of, uploaded
from tests.media.test_messages import erasing, message, state
from tests.messaging.socket import arrived
from tests.messaging.test_messages import send

DATA = secrets.token_bytes(1000)


@pytest.fixture
def faulty_store(blob_store: object) -> Iterator[Faulty]:
    with faulty("BLOB_STORE") as store:
        yield store


async def test_a_store_that_is_away_says_when_to_come_back(
    alice: Person, conv: bytes, faulty_store: Faulty
) -> None:
    grant = await granted(alice, conv, len(DATA))
    with faulty_store.failing("put", StoreAway(), StoreFull("full")):
        away, full = await put(grant, 0, DATA), await put(grant, 0, DATA)
    assert (away.status, away.headers["retry-after"], full.status) == (503, "1", 507)
    with (
        faulty_store.failing("sizes", StoreAway(), StoreAway()),
        pytest.raises(refusals.StorageAway),
    ):
        await blobs.whole(alice.uid, session_of(alice), grant.blob, now_ms())
    assert (await put(grant, 0, DATA)).status == 204
    assert (await blobs.whole(alice.uid, session_of(alice), grant.blob, now_ms())).state == "whole"


async def test_what_cannot_be_deleted_now_is_deleted_later(
    alice: Person, conv: bytes, faulty_store: Faulty
) -> None:
    grant = await granted(alice, conv, len(DATA))
    with faulty_store.failing("delete", StoreAway(), StoreAway()):
        await blobs.cancel(alice.uid, grant.blob, now_ms())
        assert await state(grant.blob) == State.DELETING
        with pytest.raises(StoreAway):
            await sweep.sweep(now_ms())
    await sweep.sweep(now_ms())
    assert await state(grant.blob) is None


async def test_a_database_that_is_away_is_no_404(
    alice: Person, conv: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = await uploaded(alice, conv, DATA)

    def gone(*_: object) -> None:
        raise OperationalError("the connection is lost")

    with monkeypatch.context() as broken:
        broken.setattr(rows, "shown", gone)
        broken.setattr(rows, "state_for", gone)
        for answer in (await get(alice, grant.blob), await put(grant, 0, DATA)):
            assert (answer.status, "retry-after" in answer.headers) == (503, True)
    assert (await get(alice, grant.blob)).status == 200


async def test_who_may_read_is_asked_once_and_a_deleted_file_is_gone_in_half_a_minute(
    alice: Person, bob: Person, conv: bytes
) -> None:
    at_alice = await arrived(alice)
    blob = (await uploaded(alice, conv, DATA)).blob
    frame = message(alice, conv, blob)
    app = Parts()
    assert (await get(bob, blob, app=app)).status == 404, "which is not remembered"
    sent = await send(at_alice, frame)
    with faulty("CONNECTION_STORE") as store:
        with store.failing("contact", Busy()):
            assert (await get(bob, blob, app=app)).status == 503
        assert (await get(bob, blob, app=app)).status == 200
        with store.raising("contact"):
            assert (await get(bob, blob, app=app)).status == 200
    await send(at_alice, erasing(alice, conv, sent.seq, frame.client_id))
    readers, who = Readers(), _claims(bob)
    assert await readers.find(who, blob, now_ms()) is None
    known = app._readers
    assert await known.find(who, blob, now_ms()) is not None
    assert await known.find(who, blob, now_ms() + reading.KEPT_MS) is None


def _claims(who: Person) -> tokens.Claims:
    return tokens.check(settings.SECRETS["live"], who.devices[0].token, now_ms())
