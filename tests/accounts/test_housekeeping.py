"""What has had its time goes; what has not stays."""

import asyncio
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import OperationalError

from accounts import housekeeping, protocol, reset
from accounts.models import (
    NO_CODE,
    Device,
    Failure,
    Grant,
    Mailbox,
    NameReservation,
    ResetToken,
    SessionRecord,
    User,
)
from chatsite.running import tasks
from chatsite.running.clock import now_ms
from tests.accounts.people import Browser, Person

pytestmark = pytest.mark.django_db
HOUR = 3_600_000
DAY = 24 * HOUR


def everything(alice: Person) -> None:
    """One row of each kind, made by the product's own ways."""
    alice.sign_in()
    alice.sign_in(auth=alice.code_auth)
    start = protocol.SignUpStart(name="carol")
    Browser().call("POST", "/api/sign-up/start", start, prove=False)
    user = User.objects.get(uid=alice.uid)
    reset.make_token(user, HOUR, now_ms())
    pending = {"wanted": "a@example.org", "code": b"c" * 32, "expires": now_ms() + HOUR}
    Mailbox.objects.create(user=user, **pending)


KINDS = (Grant, NameReservation, ResetToken, Failure)


def test_nothing_goes_before_its_time(alice: Person):
    everything(alice)
    before = [kind.objects.count() for kind in (*KINDS, Session, Mailbox)]
    assert 0 not in before
    assert housekeeping.prune(now_ms()) == 0
    assert [kind.objects.count() for kind in (*KINDS, Session, Mailbox)] == before


def test_afterwards_it_goes(alice: Person):
    everything(alice)
    assert housekeeping.prune(now_ms() + DAY + 1) >= len(KINDS)
    assert [kind.objects.count() for kind in KINDS] == [0, 0, 0, 0]
    assert not Mailbox.objects.exists()
    assert SessionRecord.objects.count() == 2, "ninety days are not over"
    assert housekeeping.prune(now_ms() + DAY + 1) == 0


def test_a_session_that_is_over_leaves_its_device(alice: Person, browser: Browser):
    over = datetime.now(UTC) - timedelta(seconds=1)
    Session.objects.update(expire_date=over)
    housekeeping.prune(now_ms())
    assert not SessionRecord.objects.exists()
    assert Device.objects.filter(gone_at=None).count() == 1
    assert browser.call("GET", "/api/nonce", prove=False).code == "sign_in"


def test_a_confirmed_address_outlives_the_code_of_another(alice: Person):
    everything(alice)
    Mailbox.objects.update(address="kept@example.org")
    housekeeping.prune(now_ms() + DAY)
    box = Mailbox.objects.get()
    assert (box.address, box.wanted, box.code) == ("kept@example.org", "", NO_CODE)


@pytest.mark.django_db(transaction=True, databases=["default", "messages"])
def test_by_hand():
    out = StringIO()
    call_command("prune", "--dry-run", stdout=out)
    assert "Would delete 0 sessions." in out.getvalue()
    assert "Would delete 0 invite links." in out.getvalue()
    call_command("prune", stdout=out)
    assert "Deleted 0 expired rows of accounts." in out.getvalue()


async def test_a_database_that_is_away_for_a_turn_is_tried_again(monkeypatch):
    turns = []
    done = asyncio.Event()
    loop = asyncio.get_running_loop()

    def prune(now):
        turns.append(now)
        if len(turns) == 1:
            raise OperationalError("away")
        loop.call_soon_threadsafe(done.set)

    monkeypatch.setattr(housekeeping, "prune", prune)
    monkeypatch.setattr(housekeeping, "EVERY_SECONDS", 0)
    monkeypatch.setattr(tasks, "FAILED_SECONDS", 0)
    task = asyncio.create_task(housekeeping.every_hour(lambda: 7))
    async with asyncio.timeout(30):
        await done.wait()
    task.cancel()
    assert turns[:2] == [7, 7]


def test_after_a_restore_nothing_gives_leave_any_more(alice: Person):
    everything(alice)
    user = User.objects.get(uid=alice.uid)
    housekeeping.end_given_leave()
    given = (Session, SessionRecord, Grant, NameReservation, ResetToken, Mailbox)
    assert [kind.objects.count() for kind in given] == [0] * len(given)
    assert Failure.objects.exists(), "what slows guessing down stays"
    assert Device.objects.filter(user=user, gone_at=None).exists()
    alice.sign_in()


def test_a_confirmed_address_outlives_a_restore(alice: Person):
    user = User.objects.get(uid=alice.uid)
    confirmed = {"address": "a@example.org", "wanted": "b@example.org", "code": b"c" * 32}
    Mailbox.objects.create(user=user, expires=now_ms() + HOUR, **confirmed)
    housekeeping.end_given_leave()
    box = Mailbox.objects.get(user=user)
    assert (box.address, box.wanted, bytes(box.code)) == ("a@example.org", "", NO_CODE)
