"""Who gets which page, and what stands in it; what people do there is in tests/browser."""

import secrets
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts.wire import Id
from messaging import http, pages
from tests.accounts.people import Person

PRIVATE = ["/chats", f"/chats/{'ab' * 16}", "/people"]


def shown(person: Person) -> str:
    """The name that others see."""
    return person.name.capitalize()


def page(who: Person, path: str) -> str:
    answer = who.browsers[0].http.get(path)
    assert answer.status_code == 200
    return str(answer.content.decode())


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


@pytest.mark.parametrize("path", [*PRIVATE, "/invite"])
def test_pages_take_nothing(path: str, ann: Person) -> None:
    assert ann.browsers[0].http.post(path).status_code in (403, 405)


def test_the_inbox_names_ones_contacts(ann: Person, ben: Person, eve: Person) -> None:
    conv = connect(ann, ben)
    for path in ("/chats", f"/chats/{conv}"):
        assert shown(ben) in page(ann, path)
        assert shown(ben) not in page(eve, path)


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
    foreign = page(eve, f"/chats/{conv}")
    assert shown(ann) not in foreign
    assert shown(ben) not in foreign
    assert len(foreign) == len(page(eve, f"/chats/{absent}"))


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


def qr(who: Person, text: str) -> Any:
    csrf = who.browsers[0].http.cookies[settings.CSRF_COOKIE_NAME].value
    headers = {"Origin": settings.SITE_URL, "X-CSRFToken": csrf}
    return who.browsers[0].http.post("/people/qr", {"text": text}, headers=headers)


def test_an_address_of_the_site_is_drawn(ann: Person) -> None:
    answer = qr(ann, f"{settings.SITE_URL}/invite#{'x' * 43}")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/svg+xml"
    assert answer.content.startswith(b"<?xml")


@pytest.mark.parametrize("text", ["https://evil.example/", "", "javascript:alert(1)"])
def test_nothing_else_is_drawn(ann: Person, text: str) -> None:
    assert qr(ann, text).status_code == 400
    assert qr(ann, f"{settings.SITE_URL}/{'x' * 600}").status_code == 400


def test_strangers_draw_nothing() -> None:
    assert Client().post("/people/qr", {"text": settings.SITE_URL}).status_code == 302
