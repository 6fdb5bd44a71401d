"""A ticket is good for an hour, and for no longer than the session that it was given to."""

import secrets

import pytest
from django.db.transaction import atomic

from accounts import sessions, suspending
from accounts.models import Device, SessionRecord, User
from accounts.suspending import FOREVER, Kind, Reason
from chatsite.running import threads
from testkit.cast import Person, now_ms
from tests.media.carrying import PART, granted, put, session_of

DATA = bytes(2 * PART)


@pytest.mark.parametrize(
    ("end", "status"), [("suspended", 403), ("signed out", 401), ("device gone", 401)]
)
async def test_a_ticket_ends_with_the_session_that_it_was_given_to(
    alice: Person, conv: bytes, end: str, status: int
) -> None:
    grant = await granted(alice, conv, len(DATA))
    assert (await put(grant, 0, DATA[:PART])).status == 204
    await threads.run(ENDS[end], alice)
    assert (await put(grant, 1, DATA[PART : 2 * PART])).status == status


def _suspend(who: Person) -> None:
    suspending.suspend(
        User.objects.get(uid=who.uid), Kind.ALL, until=FOREVER, reason=Reason.SPAM,
        decision=secrets.token_bytes(16), now_ms=now_ms(),
    )  # fmt: skip


def _sign_out(who: Person) -> None:
    with atomic():
        sessions.end(SessionRecord.objects.get(hash=session_of(who)))


def _lose(who: Person) -> None:
    with atomic():
        sessions.retire(Device.objects.get(device=who.devices[0].keys.id), now_ms())


ENDS = {"suspended": _suspend, "signed out": _sign_out, "device gone": _lose}
