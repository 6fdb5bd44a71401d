"""A report on its way: sealed in a browser, kept by the server, opened for staff."""

from typing import Any

import pytest
from asgiref.sync import async_to_sync

from e2ee.reports import Report as Plain
from e2ee.reports import encode, info
from moderation import reports
from moderation.models import Report, State
from testkit.client.m1.keys import hpke_seal
from tests.accounts.people import Person
from tests.messaging import conftest as messaging
from tests.moderation.test_reports import body, key, send

ann, ben, fresh_limits = messaging.ann, messaging.ben, messaging.fresh_limits
database_access = messaging.database_access


@pytest.fixture(autouse=True)
def takes_reports(settings: Any) -> None:
    settings.TAKES_REPORTS = True


def kept(who: Person, about: Person, **changes: Any) -> Report:
    assert send(who, body(who, about, **changes)).status == 200
    return Report.objects.filter(reporter=who.uid).latest("pk")


def test_a_report_is_kept_sealed_and_opens_for_staff(ann: Person, ben: Person) -> None:
    """Its words stand nowhere in the database."""
    row = kept(ann, ben)
    assert (row.reporter, row.peer, row.state) == (ann.uid, ben.uid, State.NEW)
    assert b"on and on" not in bytes(row.sealed or b"")
    opened = async_to_sync(reports.open_sealed)(row, row.made)
    assert (opened.note, opened.items) == ("he goes on and on", [])


def test_what_somebody_seals_under_another_name_does_not_open(ann: Person, ben: Person) -> None:
    sealing, report = key(ann), b"\7" * 15 + ann.uid[:1]
    plain = encode(Plain(ben.uid, ann.uid, "she did it", ()))
    sealed = hpke_seal(sealing.public, plain, info(sealing.kid, report, ann.uid))
    row = kept(ann, ben, report=report, sealed=sealed)
    with pytest.raises(reports.Unreadable, match="form"):
        async_to_sync(reports.open_sealed)(row, row.made)
