"""Who may report whom, how often, and what the server keeps of it."""

import secrets
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db.transaction import atomic

from accounts.models import User
from chatsite import env
from chatsite.edge.refusals import Unknown
from chatsite.edge.wire import Id
from chatsite.running.clock import now_ms
from e2ee.encoding import from_base64
from e2ee.moderation import ModerationKey, Published
from e2ee.reports import Report as Plain
from e2ee.reports import encode, info
from moderation import deciding, erasing, protocol, reports
from moderation.models import Report, State
from testkit.client.m1.keys import hpke_seal
from tests.accounts.conftest import signed_up
from tests.accounts.people import Answer, Person

pytestmark = pytest.mark.django_db(databases=["default", "messages"])


@pytest.fixture(autouse=True)
def takes_reports(settings: Any) -> Iterator[None]:
    settings.TAKES_REPORTS = True
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def alice() -> Person:
    return signed_up("alice")


@pytest.fixture
def bob() -> Person:
    return signed_up("bob")


def key(who: Person) -> ModerationKey:
    """As a browser asks for it."""
    answer = who.browsers[0].call("GET", "/api/moderation-key")
    assert answer.status == 200, answer.raw
    return Published(*map(answer.bytes, ("identity", "record", "signature"))).key()


def body(who: Person, about: Person, **changes: Any) -> protocol.SendReport:
    sealing, report = key(who), changes.pop("report", secrets.token_bytes(16))
    plain = encode(Plain(who.uid, about.uid, "he goes on and on", ()))
    sealed = hpke_seal(sealing.public, plain, info(sealing.kid, report, who.uid))
    values: dict[str, Any] = {
        "report": Id(report), "peer": Id(about.uid), "reason": 1, "kid": sealing.kid, "mids": [],
        "sealed": sealed,
    }  # fmt: skip
    return protocol.SendReport(**(values | changes))


def send(who: Person, wanted: protocol.SendReport, **more: Any) -> Answer:
    return who.browsers[0].call("POST", "/api/reports", wanted, **more)


def test_a_repeat_is_the_same_report(alice: Person, bob: Person) -> None:
    wanted = body(alice, bob)
    assert [send(alice, wanted).status for _ in range(15)] == [200] * 15
    assert Report.objects.count() == 1


def test_other_words_take_the_place_of_the_first_until_staff_look(
    alice: Person, bob: Person
) -> None:
    """Its answer was lost, so the person thinks that it never arrived. It is no second report, by
    which the same messages would count as reported before."""
    mids = [secrets.token_bytes(16) for _ in range(2)]
    first, again = (
        body(alice, bob, report=b"r" * 16, reason=n, mids=[Id(mid)])
        for n, mid in enumerate(mids, 1)
    )
    assert [send(alice, one).status for one in (first, again)] == [200, 200]
    row = Report.objects.get()
    assert (row.reason, row.chosen, bytes(row.sealed or b"")) == (2, [mids[1]], again.sealed)
    deciding.take(row, row.version, User.objects.get(uid=bob.uid))
    refused = send(alice, first)
    assert (refused.status, refused.code) == (409, "report_read")
    assert send(alice, again).status == 200, "it is there, and the same"
    assert Report.objects.get().reason == 2


def test_nobody_takes_the_id_of_another_report(alice: Person, bob: Person) -> None:
    first = body(alice, bob)
    send(alice, first)
    assert send(bob, body(bob, alice, report=first.report)).status == 404
    assert send(alice, body(alice, signed_up("carol"), report=first.report)).status == 404
    assert Report.objects.count() == 1


def test_of_two_who_take_one_id_at_once_one_is_refused(alice: Person, bob: Person) -> None:
    first = body(alice, bob)
    send(alice, first)
    late = User.objects.get(uid=bob.uid)
    with pytest.raises(Unknown), atomic():
        reports._keep(late, body(bob, alice, report=first.report), 0)
    assert Report.objects.count() == 1


def test_three_about_one_person_wait_and_then_no_more(alice: Person, bob: Person) -> None:
    for _ in range(protocol.REPORTS_OPEN_MAX):
        assert send(alice, body(alice, bob)).status == 200
    refused = send(alice, body(alice, bob))
    assert (refused.status, refused.code) == (429, "reports_open")
    assert send(alice, body(alice, signed_up("carol"))).status == 200
    Report.objects.filter(peer=bob.uid).update(state=State.CLOSED)
    assert send(alice, body(alice, bob)).status == 200


def test_ten_a_day(alice: Person, bob: Person, settings: Any) -> None:
    settings.LIVE_RATE_FACTOR = 1
    for _ in range(protocol.REPORTS_PER_DAY):
        Report.objects.all().delete()
        assert send(alice, body(alice, bob)).status == 200
    refused = send(alice, body(alice, bob))
    assert (refused.status, refused.code) == (429, "rate")
    assert refused.json["retry_ms"] > 0


def test_what_is_refused_is_none_of_the_ten(alice: Person, bob: Person, settings: Any) -> None:
    """Somebody whom one person drives to it can still report another."""
    settings.LIVE_RATE_FACTOR = 1
    for _ in range(protocol.REPORTS_OPEN_MAX):
        send(alice, body(alice, bob))
    for _ in range(protocol.REPORTS_PER_DAY):
        assert send(alice, body(alice, bob)).code == "reports_open"
    assert send(alice, body(alice, signed_up("carol"))).status == 200


def test_another_key_is_told(alice: Person, bob: Person) -> None:
    refused = send(alice, body(alice, bob, kid="k9"))
    assert (refused.status, refused.code) == (409, "moderation_key")


def test_only_somebody_else_who_is_there_is_reported(alice: Person, bob: Person) -> None:
    assert send(alice, body(alice, alice)).status == 400
    assert send(alice, body(alice, bob, peer=Id(secrets.token_bytes(16)))).status == 404
    assert not Report.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"reason": 9}, {"reason": 0}, {"kid": "k 1"}, {"sealed": b"short"},
        {"mids": [Id(bytes(16))] * 11}, {"sealed": bytes(protocol.SEALED_MAX + 1)},
    ],
)  # fmt: skip
def test_what_is_no_report_is_refused(alice: Person, bob: Person, changes: dict[str, Any]) -> None:
    assert send(alice, body(alice, bob, **changes)).status == 400


def test_the_largest_report_is_taken_and_a_larger_body_is_not(alice: Person, bob: Person) -> None:
    wanted = body(alice, bob, sealed=bytes(protocol.SEALED_MAX))
    assert send(alice, wanted).status == 200
    raw = b" " * (protocol.REPORT_BODY_MAX + 1)
    answer = alice.browsers[0].send("POST", "/api/reports", raw, {})
    assert (answer.status, answer.code) == (413, "too_big")


def test_a_stranger_and_a_stolen_cookie_report_nobody(alice: Person, bob: Person) -> None:
    wanted = body(alice, bob)
    for method, path in (("POST", "/api/reports"), ("GET", "/api/moderation-key")):
        sent = wanted if method == "POST" else None
        assert alice.browsers[0].call(method, path, sent, prove=False).status == 403
        assert bob.browsers[0].http.__class__().generic(method, path).status_code in (401, 403)
    assert not Report.objects.exists()


def test_a_site_whose_reports_nobody_reads_takes_none(
    alice: Person, bob: Person, settings: Any, tmp_path: Any
) -> None:
    wanted = body(alice, bob)
    settings.TAKES_REPORTS = False
    assert send(alice, wanted).code == "no_reports"
    settings.TAKES_REPORTS = True
    settings.MODERATION_KEY = tmp_path / "none"
    for spoilt in (None, "", "AAAA", "ö"):
        if spoilt is not None:
            settings.MODERATION_KEY.write_text(spoilt)
        answer = alice.browsers[0].call("GET", "/api/moderation-key")
        assert (answer.status, answer.code) == (404, "no_reports")
    assert send(alice, wanted).code == "no_reports"


def test_what_cannot_be_opened_says_why(alice: Person, bob: Person) -> None:
    from asgiref.sync import async_to_sync

    send(alice, body(alice, bob, sealed=bytes(protocol.SEALED_MIN)))
    row = Report.objects.get()
    for changes, why in (
        ({}, "form"), ({"kid": "k9"}, "key"), ({"sealed": None, "kid": row.kid}, "erased"),
    ):  # fmt: skip
        for name, value in changes.items():
            setattr(row, name, value)
        with pytest.raises(reports.Unreadable, match=why):
            async_to_sync(reports.open_sealed)(row, row.made)


def test_messages_count_as_reported_by_the_same_person_alone(alice: Person, bob: Person) -> None:
    mid, other = Id(b"\1" * 16), Id(b"\2" * 16)
    for who, mids in ((bob, [mid]), (alice, [mid, other]), (alice, [])):
        about = alice if who is bob else bob
        send(who, body(who, about, mids=mids))
    first, last = Report.objects.filter(reporter=alice.uid).order_by("pk")
    assert (first.chosen, last.chosen) == ([mid, other], [])
    assert reports.reported_before(first) == set()
    assert reports.reported_before(last) == {mid, other}


def test_the_key_that_is_published_fits_the_seed(alice: Person, settings: Any) -> None:
    from e2ee import kem

    published = key(alice)
    seed = dict(settings.MODERATION_SEEDS())[published.kid]
    assert kem.public_key(seed) == published.public
    assert from_base64(settings.MODERATION_KEY.read_text().strip())


def test_what_a_report_said_goes_180_days_after_it_was_closed(alice: Person, bob: Person) -> None:
    for _ in range(3):
        send(alice, body(alice, bob))
    old, recent, waiting = Report.objects.order_by("pk")
    now, kept = now_ms(), erasing.KEPT_DAYS * erasing.DAY_MS
    closed = Report.objects.filter(pk__in=[old.pk, recent.pk])
    closed.update(state=State.CLOSED, closed=now - kept)
    Report.objects.filter(pk=old.pk).update(closed=now - kept - 1)
    assert erasing.erase(now) == 1
    assert erasing.erase(now) == 0
    assert [row.sealed is None for row in Report.objects.order_by("pk")] == [True, False, False]
    with pytest.raises(reports.Unreadable, match="erased"):
        reports._unseal(Report.objects.get(pk=old.pk))
    assert Report.objects.get(pk=waiting.pk).state == State.NEW


def test_without_the_file_of_keys_a_report_says_that_it_does_not_open(
    alice: Person, bob: Person, settings: Any, tmp_path: Path
) -> None:
    send(alice, body(alice, bob))
    settings.MODERATION_SEEDS = partial(env.secret_if_there, tmp_path, "moderation")
    with pytest.raises(reports.Unreadable, match="key"):
        reports._unseal(Report.objects.get())
