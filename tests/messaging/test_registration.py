"""Who may sign up: anybody, people with an invite of somebody who is there, nobody."""

import secrets
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts import protocol, suspending
from accounts.models import User
from accounts.suspending import FOREVER, Kind, Reason
from chatsite.running.clock import now_ms
from messaging import http
from messaging.models import Invite
from moderation.models import Audit
from tests.accounts.people import Answer, Browser, Person
from tests.messaging.test_views import CONNECTED, act, call
from tests.messaging.test_wanted import accept, invite, let
from tests.moderation.conftest import empty_audit


@pytest.fixture(autouse=True)
def _without_entries_afterwards(database_access: None) -> Iterator[None]:
    yield
    empty_audit()


WAYS = ["open", "invite", "approval", "closed"]


def start(browser: Browser, name: str, token: str | None = None) -> Answer:
    body = protocol.SignUpStart(name=name, invite=token)
    return browser.call("POST", "/api/sign-up/start", body, prove=False)


def finish(person: Person, browser: Browser, started: Answer) -> Answer:
    person.uid, person.pepper = started.bytes("uid"), started.bytes("pepper")
    answer = browser.call("POST", "/api/sign-up", person.sign_up_body(browser), prove=False)
    browser.uid = person.uid
    person.browsers.append(browser)
    return answer


def newcomer() -> Person:
    return Person(f"new-{secrets.token_hex(4)}")


def test_a_closed_site_takes_nobody(ann: Person, settings: Any) -> None:
    token = invite(ann, connects=True)
    settings.REGISTRATION = "closed"
    for name in (ann.name, "somebody-else", "?"):
        answer = start(Browser(), name, token)
        assert (answer.status, answer.code) == (403, "closed")


def test_by_invite_a_stranger_without_one_learns_of_no_name(ann: Person, settings: Any) -> None:
    settings.REGISTRATION = "invite"
    answers = {start(Browser(), name, t).raw for name in (ann.name, "x", "free-one")
               for t in (None, "", "guess")}  # fmt: skip
    assert len(answers) == 1
    assert b'"uninvited"' in answers.pop()


def test_a_page_from_before_the_site_asked_for_invites_has_the_words(settings: Any) -> None:
    settings.REGISTRATION = "open"
    assert b'data-step="uninvited"' in Client().get("/sign-up").content


def test_an_invite_for_one_person_makes_one_account_which_is_connected(
    ann: Person, settings: Any
) -> None:
    token = invite(ann, connects=True)
    settings.REGISTRATION = "invite"
    one, other = newcomer(), newcomer()
    at_one, at_other = Browser(), Browser()
    started, late = start(at_one, one.name, token), start(at_other, other.name, token)
    assert finish(one, at_one, started).status == 200
    answer = finish(other, at_other, late)
    assert (answer.status, answer.code) == (403, "uninvited")
    assert not User.objects.filter(username=other.name).exists()
    assert start(Browser(), other.name, token).code == "uninvited"
    assert accept(one, token).json["state"] == CONNECTED
    assert accept(one, token).json["state"] == CONNECTED


def test_an_invite_for_several_lets_each_of_them_in(ann: Person, settings: Any) -> None:
    token = invite(ann, connects=False)
    settings.REGISTRATION = "invite"
    for person in (newcomer(), newcomer()):
        browser = Browser()
        started = start(browser, person.name, token)
        assert start(browser, person.name, token).json == started.json
        assert finish(person, browser, started).status == 200


def test_an_account_that_is_not_made_uses_nothing_up(ann: Person, settings: Any) -> None:
    token = invite(ann, connects=True)
    settings.REGISTRATION = "invite"
    person, browser = newcomer(), Browser()
    started = start(browser, person.name, token)
    User.objects.create(username=person.name, is_staff=True)
    assert finish(person, browser, started).code == "taken"
    assert Invite.objects.get(user__uid=ann.uid).used_by is None


@pytest.mark.parametrize("gone", ["withdrawn", "over", "no requests", "suspended"])
def test_an_invite_that_does_not_work_lets_nobody_in(ann: Person, settings: Any, gone: str) -> None:
    token = invite(ann, connects=False)
    mine = Invite.objects.filter(user__uid=ann.uid)
    if gone == "withdrawn":
        mine.delete()
    elif gone == "over":
        mine.update(expires=1)
    elif gone == "suspended":
        suspending.suspend(
            User.objects.get(uid=ann.uid), Kind.ALL, until=FOREVER, reason=Reason.SPAM,
            decision=bytes(16), now_ms=now_ms(),
        )  # fmt: skip
    else:
        let(ann, "nobody")
    settings.REGISTRATION = "invite"
    assert start(Browser(), newcomer().name, token).code == "uninvited"


def test_by_approval_a_newcomer_is_not_there_for_others_before(ann: Person, settings: Any) -> None:
    settings.REGISTRATION = "approval"
    person, browser = newcomer(), Browser()
    assert finish(person, browser, start(browser, person.name)).status == 200
    token = invite(ann, connects=True)
    waits = [
        act(person, ann, "request"),
        accept(person, token),
        call(person, "POST", "/api/invites", http.MakeInvite(connects=True)),
        call(person, "POST", "/api/people", http.FindPerson(name=ann.name)),
    ]
    assert {(answer.status, answer.code) for answer in waits} == {(403, "waiting")}
    assert act(ann, person, "request").code == "unknown"
    find = http.FindPerson(name=person.name)
    assert call(ann, "POST", "/api/people", find).code == "unknown"
    assert "look at new accounts first" in browser.http.get("/people").content.decode()
    settings.REGISTRATION = "open"  # it is the account that waits
    assert act(person, ann, "request").code == "waiting"
    assert person.name in said("approve")
    assert "is approved" in said("approve", person.name.upper())
    assert person.name not in said("approve")
    assert Audit.objects.get().action == "approved"
    assert act(person, ann, "request").status == 200
    assert "look at new accounts first" not in browser.http.get("/people").content.decode()
    with pytest.raises(CommandError, match="waits"):
        call_command("approve", person.name)


def said(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def test_who_is_there_stays(ann: Person, settings: Any) -> None:
    settings.REGISTRATION = "closed"
    assert call(ann, "GET", "/api/connections").status == 200


@pytest.mark.parametrize("way", WAYS)
def test_each_page_says_how_people_get_in(settings: Any, way: str) -> None:
    settings.REGISTRATION = way
    page = {
        path: Client().get(path).content.decode()
        for path in ("/", "/sign-up", "/sign-in", "/invite")
    }
    assert ("Create an account</a>" in page["/"]) == (way in ("open", "approval"))
    assert ("need an invite" in page["/"]) == (way == "invite")
    assert ("no new people" in page["/"]) == (way == "closed")
    assert ('id="details"' in page["/sign-up"]) == (way != "closed")
    assert ("You need an invite" in page["/sign-up"]) == (way != "closed")  # if the way changes
    for path in ("/sign-in", "/invite"):
        assert ('href="/sign-up' in page[path]) == (way != "closed"), path
