"""manage.py prune_stale: nothing goes unasked; then what is unused for so long, and no more."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command

from accounts import housekeeping, stale, suspending
from accounts.models import Device, SessionRecord, User
from accounts.suspending import FOREVER, Kind, Reason
from chatsite import env
from chatsite.env import BadSetting
from chatsite.running.clock import now_ms
from chatsite.stale import POLICIES, apply
from moderation.models import Audit
from tests.accounts import conftest as accounts
from tests.accounts.people import Browser, Person, second_browser
from tests.accounts.test_standing import standing

pytestmark = pytest.mark.django_db
alice, bob, fresh_limits = accounts.alice, accounts.bob, accounts._fresh_limits
DAY = 86_400_000


def said(*words: str) -> str:
    out = StringIO()
    call_command("prune_stale", *words, stdout=out)
    return out.getvalue()


def used(browser: Browser, days: int) -> None:
    """When its session was last in use."""
    mine = SessionRecord.objects.filter(session_id=browser.session_key)
    assert mine.update(seen=now_ms() - days * DAY) == 1


def present(person: Person) -> set[bytes]:
    rows = Device.objects.filter(user__uid=person.uid, gone_at=None)
    return set(rows.values_list("device", flat=True))


def test_nothing_goes_unless_it_is_asked_for(alice: Person) -> None:
    used(alice.browsers[0], 5_000)
    second_browser(alice)
    assert said() == (
        "sessions: stay (STALE_SESSION_DAYS is not set)\n"
        "browsers: stay (STALE_DEVICE_DAYS is not set)\n"
        "accounts: stay (STALE_ACCOUNT_DAYS is not set)\n"
    )
    assert len(present(alice)) == 2
    assert not Audit.objects.exists()


def test_an_unused_session_ends_and_its_browser_keeps_all(
    alice: Person, bob: Person, settings: Any
) -> None:
    settings.STALE_SESSION_DAYS = 30
    [browser] = alice.browsers
    used(browser, 31)
    used(bob.browsers[0], 29)
    assert "sessions: 1 would end, unused for 30 days" in said("--dry-run")
    assert browser.call("GET", "/api/wraps").status == 200
    assert "sessions: 1 ended" in said()
    assert "sessions: 0 ended" in said()
    assert browser.call("GET", "/api/nonce", prove=False).code == "sign_in"
    assert bob.browsers[0].call("GET", "/api/wraps").status == 200
    assert standing(alice.uid, browser.keys) == "listed"
    [entry] = Audit.objects.all()
    assert (entry.actor, entry.object) == ("manage.py prune_stale", "sessions")
    assert Device.objects.get(user__uid=alice.uid).seen is not None


def test_an_unused_browser_is_signed_out_for_good_and_the_last_one_stays(
    alice: Person, bob: Person, settings: Any
) -> None:
    settings.STALE_DEVICE_DAYS = 100
    first, second = alice.browsers[0], second_browser(alice)
    used(first, 102)
    used(second, 101)
    used(bob.browsers[0], 5_000)
    assert "browsers: 1 would end" in said("--dry-run")
    assert "browsers: 1 ended" in said()
    assert "browsers: 0 ended" in said()
    assert present(alice) == {second.keys.id}
    assert standing(alice.uid, first.keys) == "gone"
    assert first.call("GET", "/api/nonce", prove=False).code == "sign_in"
    assert second.call("GET", "/api/wraps").status == 200
    assert bob.browsers[0].call("GET", "/api/wraps").status == 200


def test_a_browser_whose_session_is_over_counts_from_its_last_use(
    alice: Person, settings: Any
) -> None:
    settings.STALE_DEVICE_DAYS = 100
    first, _ = alice.browsers[0], second_browser(alice)
    used(first, 99)
    over = datetime.now(UTC) - timedelta(seconds=1)
    Session.objects.filter(pk=first.session_key).update(expire_date=over)
    housekeeping.prune(now_ms())
    assert not SessionRecord.objects.filter(session_id=first.session_key).exists()
    assert "browsers: 0 ended" in said()
    assert stale.unused_devices(now_ms() - 98 * DAY, now_ms()).count() == 1


def test_where_nobody_knows_the_last_use_it_is_today(alice: Person, settings: Any) -> None:
    settings.STALE_DEVICE_DAYS = 100
    second_browser(alice)
    housekeeping.prune(now_ms())
    housekeeping.end_given_leave()  # an older copy of the data was put back
    Device.objects.update(added=0)
    assert "browsers: 0 ended" in said()
    assert len(present(alice)) == 2
    assert not Device.objects.filter(seen=None).exists()
    assert stale.unused_devices(now_ms() + DAY, now_ms()).count() == 1


def test_of_somebody_who_is_suspended_nothing_goes(alice: Person, settings: Any) -> None:
    settings.STALE_DEVICE_DAYS, settings.STALE_SESSION_DAYS = 100, 7
    first, second = alice.browsers[0], second_browser(alice)
    used(first, 200)
    used(second, 200)
    suspending.suspend(
        User.objects.get(uid=alice.uid), Kind.ALL, until=FOREVER, reason=Reason.SPAM,
        decision=bytes(16), now_ms=now_ms(),
    )  # fmt: skip
    said()
    assert len(present(alice)) == SessionRecord.objects.count() == 2


def test_somebody_who_comes_back_meanwhile_stays(alice: Person, settings: Any) -> None:
    settings.STALE_SESSION_DAYS = 7
    first, second = alice.browsers[0], second_browser(alice)
    used(first, 8)
    used(second, 8)

    def both_are_back() -> None:
        SessionRecord.objects.update(seen=now_ms())

    assert apply(POLICIES[0], now_ms(), "a test", both_are_back) == 1
    assert SessionRecord.objects.count() == 1


@pytest.mark.parametrize(
    ("setting", "least"), [("STALE_SESSION_DAYS", 7), ("STALE_DEVICE_DAYS", 90)]
)
def test_fewer_days_than_people_can_live_with_are_refused(setting: str, least: int) -> None:
    for value in ("0", str(least)):
        with env.reading({setting: value}):
            assert env.days(setting, least) == int(value)
    for value in (str(least - 1), "-1", "x", "36501", ""):
        with env.reading({setting: value}), pytest.raises(BadSetting, match=setting):
            env.days(setting, least)
