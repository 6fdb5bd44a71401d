"""Accounts that were never used go by `manage.py prune_stale`; each use keeps one."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.management import call_command

from accounts.closing import Deletion
from accounts.models import Device, SessionRecord, User
from chatsite.leaving import unused
from chatsite.running.clock import now_ms
from media.models import Blob
from moderation.models import Audit, Report
from presence.models import LastSeen
from tests.accounts.people import Person
from tests.messaging.test_views import act, befriend

DAY = 86_400_000
LONG_AGO = 200 * DAY


@pytest.fixture(autouse=True)
def of_no_others(database_access: None, settings: Any) -> None:
    """Others in the database have just come."""
    settings.STALE_ACCOUNT_DAYS = 100


def old(*people: Person) -> None:
    """They signed up long ago, and were not there since."""
    uids = [person.uid for person in people]
    User.objects.filter(uid__in=uids).update(joined=now_ms() - LONG_AGO)
    SessionRecord.objects.filter(user__uid__in=uids).update(seen=now_ms() - LONG_AGO)


def pruned(*words: str) -> str:
    out = StringIO()
    call_command("prune_stale", *words, stdout=out)
    return out.getvalue()


def is_deleted(person: Person) -> bool:
    return Deletion.objects.filter(user__uid=person.uid).exists()


def test_it_goes_as_if_its_person_had_left(
    ann: Person, ben: Person, eve: Person, audited: None
) -> None:
    befriend(ann, ben)
    old(ann, ben, eve)
    assert "accounts: 1 would end, unused for 100 days" in pruned("--dry-run")
    assert not is_deleted(eve)
    assert "accounts: 1 ended" in pruned()
    assert "accounts: 0 ended" in pruned()
    assert Deletion.objects.get(user__uid=eve.uid).ended is not None
    assert eve.browsers[0].call("GET", "/api/nonce", prove=False).code == "sign_in"
    assert eve.sign_in()[1].code == "wrong"
    assert not is_deleted(ann)
    assert not is_deleted(ben)
    assert Audit.objects.get(action="prune_stale").object == "accounts"


def asked(eve: Person, ann: Person) -> None:
    act(eve, ann, "request")


def was_asked(eve: Person, ann: Person) -> None:
    act(ann, eve, "request")
    act(eve, ann, "decline")


def uploaded(eve: Person, _: Person) -> None:
    Blob.objects.create(blob=eve.uid, owner=eve.uid, conv=eve.uid, size=9, part=9, changed=0)


def reported(eve: Person, ann: Person) -> None:
    report = {"reporter": ann.uid, "peer": eve.uid, "reason": 1, "kid": "k1", "mids": b""}
    Report.objects.create(report=eve.uid, sealed=b"", made=0, **report)


def was_there(eve: Person, _: Person) -> None:
    LastSeen.objects.create(user=eve.uid, seen=now_ms() - 99 * DAY)


def opened_a_page(eve: Person, _: Person) -> None:
    SessionRecord.objects.filter(user__uid=eve.uid).update(seen=now_ms())


def waits_for_approval(eve: Person, _: Person) -> None:
    User.objects.filter(uid=eve.uid).update(approved=False)


USES = (asked, was_asked, uploaded, reported, was_there, opened_a_page, waits_for_approval)


@pytest.mark.parametrize("use", USES)
def test_one_that_was_used_in_any_way_stays(
    ann: Person, eve: Person, use: Callable[[Person, Person], None]
) -> None:
    old(eve)
    use(eve, ann)
    if use is not opened_a_page:
        SessionRecord.objects.filter(user__uid=eve.uid).update(seen=now_ms() - LONG_AGO)
    pruned()
    assert not is_deleted(eve)


def test_after_a_backup_the_days_count_from_then_on(eve: Person) -> None:
    old(eve)
    LastSeen.objects.create(user=eve.uid, seen=now_ms() - LONG_AGO)  # as the copy has it
    SessionRecord.objects.filter(user__uid=eve.uid).delete()  # as housekeeping.end_given_leave does
    Device.objects.filter(user__uid=eve.uid).update(seen=None)
    assert "accounts: 0 would end" in pruned("--dry-run")
    pruned()
    assert not is_deleted(eve)
    Device.objects.filter(user__uid=eve.uid).update(seen=now_ms() - 99 * DAY)
    pruned()
    assert not is_deleted(eve)
    Device.objects.filter(user__uid=eve.uid).update(seen=now_ms() - 101 * DAY)
    pruned()
    assert is_deleted(eve)


def test_somebody_who_comes_back_meanwhile_stays(eve: Person) -> None:
    old(eve)
    before, user = now_ms() - 100 * DAY, User.objects.get(uid=eve.uid)
    assert async_to_sync(unused.count)(before, now_ms()) == 1
    SessionRecord.objects.filter(user=user).update(seen=now_ms())
    assert unused.begin(user, before, now_ms()) is None
    assert not is_deleted(eve)
