"""Two people behind a proxy that lets no WebSocket pass, until it does."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from testkit.browser.pages import live
from testkit.running import Site
from tests.browser import chatting, test_uploads
from tests.browser.chatting import bubble, expect_status, text, write
from tests.browser.conftest import OpenWindow
from tests.browser.door import Door, site_behind

BACK_MS = 30_000
FLICKER = "window.flicker = setInterval(() => dispatchEvent(new Event('online')), 500)"


@pytest.fixture(scope="module")
def entrance() -> Iterator[Door]:
    door = Door(passing=False)
    yield door
    door.close()


@pytest.fixture
def door(entrance: Door) -> Door:
    entrance.passing = False
    entrance.refused = entrance.passed = 0
    return entrance


@pytest.fixture(scope="module")
def site(entrance: Door) -> Iterator[Site]:
    site = site_behind(entrance)
    yield site
    site.remove()


@pytest.fixture
def pair(open_window: OpenWindow, door: Door) -> tuple[Page, Page]:
    alice, bob = open_window("alice").page, open_window("bob").page
    chatting.face_to_face(alice, bob)
    return alice, bob


def calls_of(page: Page) -> list[Request]:
    calls: list[Request] = []

    def note(request: Request) -> None:
        if re.search(r"/live(\?|$)", request.url):
            calls.append(request)

    page.on("request", note)
    return calls


def said(page: Page) -> list[str]:
    return texts(page).all_inner_texts()


def texts(page: Page) -> Locator:
    return page.locator(".message [data-part='text']")


@pytest.mark.engine
def test_two_people_chat_by_calls_and_return_to_the_socket(
    pair: tuple[Page, Page], door: Door
) -> None:
    alice, bob = pair
    calls = calls_of(alice)
    words = [text() for _ in range(12)]
    write(alice, words[0])
    expect_status(alice, words[0], "Read")
    write(bob, words[1])
    expect(bubble(alice, words[1])).to_be_visible()
    assert calls
    assert door.refused >= 2
    assert door.passed == 0
    expect(alice.get_by_text("Connecting…")).to_have_count(0)

    door.passing = True
    for page in pair:
        with page.expect_websocket(timeout=BACK_MS):
            page.evaluate(FLICKER)
    for number, each in enumerate(words[2:]):  # while the lines move
        write(pair[number % 2], each)
    for page in pair:
        expect(texts(page)).to_have_count(len(words))
        page.evaluate("clearInterval(window.flicker)")
    assert door.passed == 2
    live(alice)

    calls.clear()
    last = text()
    write(alice, last)
    expect_status(alice, last, "Read")
    assert calls == []
    assert said(alice) == said(bob)
    assert sorted(said(alice)) == sorted([*words, last])


def test_what_is_written_while_the_server_is_away_arrives_by_calls(
    pair: tuple[Page, Page], site: Site
) -> None:
    alice, bob = pair
    first, second = text(), text()
    write(alice, first)
    expect(bubble(bob, first)).to_be_visible()
    site.kill()
    write(alice, second)
    site.start()
    expect(bubble(bob, second)).to_have_count(1, timeout=BACK_MS)
    expect_status(alice, second, "Read")
    assert said(alice) == said(bob) == [first, second]


def test_a_stranger_behind_the_same_proxy_hears_nothing(
    pair: tuple[Page, Page], open_window: OpenWindow
) -> None:
    alice, bob = pair
    mallory = open_window("mallory").page
    calls = calls_of(mallory)
    chatting.newcomer(mallory, "Mallory")
    live(mallory)
    words = text()
    write(alice, words)
    expect(bubble(bob, words)).to_be_visible()
    mallory.goto("/chats")
    live(mallory)
    assert calls
    for page, count in ((alice, 1), (mallory, 0)):
        list_of_chats = page.locator("chat-list")
        expect(list_of_chats.get_by_role("link", name=re.compile("Alice|Bob"))).to_have_count(count)


@pytest.mark.files("the line to it is cut")
def test_a_file_arrives_over_a_line_that_is_cut_every_300_kb(
    pair: tuple[Page, Page], door: Door
) -> None:
    """No connection carries more; what had arrived is not sent again."""
    alice, bob = pair
    sent = test_uploads.Parts(alice)
    door.cut_after, door.cut = 300_000, 0
    try:
        caption = test_uploads.send(alice, 5_000_000)
        expect(bubble(bob, caption)).to_be_visible(timeout=BACK_MS)
    finally:
        door.cut_after = 0
    assert bob.evaluate(test_uploads.OPEN, caption)["same"]
    assert len(sent.arrived) == len(set(sent.arrived)) == 20
    assert len(sent.sent) - len(sent.arrived) <= door.cut
