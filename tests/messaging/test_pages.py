"""Who gets which page, and what stands in it; what people do there is in tests/browser."""

import re
import secrets
from typing import Any

import pytest
from django.test import Client

from accounts import rates
from chatsite.edge.limits import DAY, Limit
from chatsite.edge.wire import Id
from messaging import http, pages
from tests.accounts.people import Person

PRIVATE = ["/chats", "/people"]


def shown(person: Person) -> str:
    """The name that others see."""
    return person.name.capitalize()


def page(who: Person, path: str) -> str:
    answer = who.browsers[0].http.get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


def without_token(answer: Any) -> str:
    return re.sub('name="csrf-token" content="[^"]+"', "", answer.content.decode())


def act(who: Person, peer: Person, action: Any, seen: int | None = None) -> str:
    """The conversation's id in hex."""
    body = http.Act(peer=Id(peer.uid), action=action, seen=seen)
    answer = who.browsers[0].call("POST", "/api/connections", body)
    assert answer.status == 200, answer.raw
    return answer.bytes("conv").hex()


def connect(asking: Person, asked: Person) -> str:
    act(asking, asked, "request")
    return act(asked, asking, "accept", seen=2)


@pytest.mark.parametrize("path", PRIVATE)
def test_chats_and_people_are_for_who_has_a_session(path: str, ann: Person) -> None:
    page(ann, path)  # the control
    answer = Client().get(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in?next=")


def test_who_opens_page_after_page_has_to_wait(
    ann: Person, ben: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page with many people counts as several."""
    connect(ann, ben)
    monkeypatch.setattr(pages, "PEOPLE_A_PAGE", 1)
    monkeypatch.setattr(rates, "PAGES", Limit(secrets.token_hex(4), 3, DAY))
    page(ann, "/chats")
    page(ann, "/people")
    for path in PRIVATE:
        refused = ann.browsers[0].http.get(path)
        assert (refused.status_code, "Too many pages" in refused.content.decode()) == (429, True)
        assert 0 < int(refused["Retry-After"]) <= DAY
    page(ben, "/chats")


@pytest.mark.parametrize("path", [*PRIVATE, "/invite"])
def test_pages_take_nothing(path: str, ann: Person) -> None:
    assert ann.browsers[0].http.post(path).status_code in (403, 405)


def test_the_inbox_names_ones_contacts(ann: Person, ben: Person, eve: Person) -> None:
    conv = connect(ann, ben)
    for path in ("/chats", f"/chats/{conv}"):
        assert shown(ben) in page(ann, path)
    assert shown(ben) not in page(eve, "/chats")


def test_the_page_does_not_grow_with_the_chats(
    ann: Person, ben: Person, eve: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = connect(ann, ben), connect(ann, eve)
    inbox = page(ann, "/chats")
    assert first in inbox
    assert second in inbox
    monkeypatch.setattr(pages, "ROWS_SERVED", 1)
    inbox, opened = page(ann, "/chats"), page(ann, f"/chats/{first}")
    assert second in inbox, "the newest is served"
    assert first not in inbox, "the script brings it"
    assert shown(ben) in opened, "whose chat it is stands in any case"


def test_a_foreign_chat_looks_like_one_that_does_not_exist(
    ann: Person, ben: Person, eve: Person
) -> None:
    conv, absent = connect(ann, ben), secrets.token_hex(16)
    page(ann, f"/chats/{conv}")  # the control
    http_of_eve = eve.browsers[0].http
    foreign, unknown = (http_of_eve.get(f"/chats/{one}") for one in (conv, absent))
    assert foreign.status_code == unknown.status_code == 404
    assert without_token(foreign) == without_token(unknown)
    assert 'href="/chats"' in foreign.content.decode(), "the way back"


def test_a_chat_is_for_who_has_a_session(ann: Person, ben: Person) -> None:
    for conv in (connect(ann, ben), secrets.token_hex(16)):
        answer = Client().get(f"/chats/{conv}")
        assert answer.status_code == 302
        assert answer["Location"] == f"/sign-in?next=%2Fchats%2F{conv}"


def test_another_spelling_of_an_id_is_no_address(ann: Person, ben: Person) -> None:
    conv = connect(ann, ben)
    http_of_ann = ann.browsers[0].http
    assert http_of_ann.get(f"/chats/{conv}").status_code == 200
    for odd in (conv.upper(), conv[:-1], f"{conv}0"):
        assert http_of_ann.get(f"/chats/{odd}").status_code == 404


def test_people_shows_requests_with_a_name_and_nothing_else(ann: Person, ben: Person) -> None:
    act(ann, ben, "request")
    assert shown(ann) in page(ben, "/people")
    assert shown(ben) in page(ann, "/people")
