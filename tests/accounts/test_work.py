"""Proof of work on sign-up: asked by an operator, or by rate; refused by name."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from accounts import protocol, work
from accounts.models import NameReservation, User
from chatsite import stats
from chatsite.doctor import signups
from chatsite.edge.refusals import Refusal
from chatsite.running import metrics
from chatsite.running.clock import now_ms
from chatsite.running.findings import Level
from e2ee.encoding import from_base64
from moderation.models import Audit
from testkit.client.account import solved
from tests.accounts.people import NOW, Answer, Browser, Person
from tests.chatsite.doctor.asked import expect, expect_well

pytestmark = pytest.mark.django_db
BITS = 8
MINUTE = 60_000


def command(*words: str) -> str:
    out = StringIO()
    call_command("sign_up_work", *words, stdout=out)
    return out.getvalue()


def started(browser: Browser, name: str) -> protocol.Work | None:
    body = protocol.SignUpStart(name=name)
    given = browser.call("POST", "/api/sign-up/start", body, prove=False).json.get("work")
    return given and protocol.Work(challenge=from_base64(given["challenge"]), bits=given["bits"])


def finish(person: Person, browser: Browser, done: protocol.WorkDone | None) -> Answer:
    """A sign-up that is right in all else."""
    start = browser.call(
        "POST", "/api/sign-up/start", protocol.SignUpStart(name=person.name), prove=False
    )
    person.uid, person.pepper = start.bytes("uid"), start.bytes("pepper")
    body = person.sign_up_body(browser)
    body.work = done
    return browser.call("POST", "/api/sign-up", body, prove=False)


@pytest.fixture
def on() -> None:
    command("on", "--bits", str(BITS))


def test_nothing_is_asked_while_it_is_off() -> None:
    assert started(Browser(), "carol") is None
    assert Person("dora").sign_up().status == 200
    assert "no work, unless there are more than 30 tries" in command()


@pytest.mark.usefixtures("on")
def test_who_did_the_work_signs_up_and_nobody_else() -> None:
    browser, carol = Browser(), Person("carol")
    asked = started(browser, "carol")
    assert asked
    assert asked.bits == BITS
    answer = finish(carol, browser, None)
    assert (answer.status, answer.code) == (403, "work")
    assert not User.objects.filter(username="carol").exists()
    assert finish(carol, browser, solved(asked)).status == 200


@pytest.mark.usefixtures("on")
def test_work_is_good_for_one_account() -> None:
    browser, carol = Browser(), Person("carol")
    done = solved(started(browser, "carol"))
    assert finish(carol, browser, done).status == 200
    for name, again in (("dora", browser), ("erik", Browser())):
        assert finish(Person(name), again, done).code == "work_foreign"
    assert User.objects.count() == 1


@pytest.mark.usefixtures("on")
def test_a_session_that_has_kept_no_name_gains_nothing_by_it() -> None:
    browser, carol = Browser(), Person("carol")
    done = solved(started(browser, "carol"))
    NameReservation.objects.all().delete()
    carol.uid, carol.pepper = b"u" * 16, b"p" * 32
    body = carol.sign_up_body(browser)
    body.work = done
    assert browser.call("POST", "/api/sign-up", body, prove=False).code == "reservation"


@pytest.mark.usefixtures("on")
def test_work_of_another_site_and_too_little_work_and_late_work(settings: Any) -> None:
    browser, carol = Browser(), Person("carol")
    asked = started(browser, "carol")
    good = solved(asked)
    assert asked
    assert good
    spoilt = protocol.WorkDone(challenge=asked.challenge, nonces=bytes(64))
    assert finish(carol, browser, spoilt).code == "work_easy"
    forged = protocol.WorkDone(challenge=bytes(73), nonces=good.nonces)
    assert finish(carol, browser, forged).code == "work_foreign"
    host, settings.SITE_HOST = settings.SITE_HOST, "other.example"
    with pytest.raises(Refusal, match="work_foreign"):
        work.check(good, now_ms())
    settings.SITE_HOST = host
    with pytest.raises(Refusal, match="work_expired"):
        work.check(good, now_ms() + 11 * MINUTE)
    command("--bits", str(BITS + 1))
    assert finish(carol, browser, good).code == "work_easy"
    command("off")
    assert finish(carol, browser, None).status == 200


@pytest.mark.usefixtures("on")
def test_an_answer_of_another_length_is_no_body() -> None:
    browser, carol = Browser(), Person("carol")
    asked = started(browser, "carol")
    assert asked
    short = protocol.WorkDone(challenge=asked.challenge, nonces=bytes(60))
    assert finish(carol, browser, short).code == "bad_body"


def test_many_sign_ups_in_a_minute_ask_for_work_for_a_while(settings: Any) -> None:
    settings.SIGN_UP_WORK_ABOVE, now = 2, NOW - NOW % MINUTE
    assert [work.check(None, now + each) for each in (0, 1)] == [None, None]
    with pytest.raises(Refusal, match="work"):
        work.check(None, now + 2)
    assert work.demand(now + work.HOLD_MS).asked
    assert not work.demand(now + work.HOLD_MS + 2).asked
    later = now + 5 * MINUTE
    for each in range(3):  # tries without work are tries
        with pytest.raises(Refusal, match="work"):
            work.check(None, later + each)
    assert work.demand(later + work.HOLD_MS).asked
    calm = later + work.HOLD_MS + MINUTE
    assert work.check(None, calm) is None


def test_a_rate_of_zero_never_asks(settings: Any) -> None:
    settings.SIGN_UP_WORK_ABOVE = 0
    assert {work.check(None, NOW) for _ in range(50)} == {None}
    assert "SIGN_UP_WORK_ABOVE is 0" in command()


def test_an_operator_has_the_last_word(settings: Any) -> None:
    settings.SIGN_UP_WORK_ABOVE, until = 1, now_ms() + MINUTE
    work.SignUpWork.objects.create(pk=work.SignUpWork.ONE, until=until)
    assert "there were more than 1 tries in a minute" in command()
    expect(list(signups.examine(None, 1)), Level.WARNING, "proof of work of 15 bits")
    assert "no work, whatever the rate" in command("off")
    assert started(Browser(), "carol") is None
    assert command("on", "--dry-run") == command()
    assert command("on", "--bits", "9") == "Signing up asks for a proof of work of 9 bits.\n"
    expect_well(list(signups.examine(None, 1)))
    assert ("bits of work that a sign-up costs now", 9) in stats._accounts(now_ms())
    written = [entry.details for entry in Audit.objects.order_by("n")]
    assert written == ['{"mode":"off"}', '{"bits":9,"mode":"on"}']
    assert command("auto").startswith("Signing up asks for a proof of work of 9 bits until")


@pytest.mark.usefixtures("on")
def test_metrics_count_what_became_of_it() -> None:
    def counted() -> dict[str, float]:
        return dict(metrics.SIGN_UP_WORK._counts)

    before, browser = counted(), Browser()
    done = solved(started(browser, "carol"))
    finish(Person("carol"), browser, None)
    finish(Person("carol"), browser, done)
    told = {what: n - before.get(what, 0) for what, n in counted().items()}
    assert {what: n for what, n in told.items() if n} == {"asked": 3, "work": 1, "done": 1}
