"""Sent, delivered, read and seen: what one person's screen tells the other's, and what it keeps."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from testkit.browser.pages import live
from testkit.browser.people import Person
from tests.browser import chatting, readymade
from tests.browser.chatting import Pair, bubble, expect_status, open_chat, open_page, text, write
from tests.browser.conftest import OpenWindow

BEHIND = """
() => {
  Object.defineProperty(document, "hasFocus", { configurable: true, value: () => false });
  dispatchEvent(new Event("blur"));
}
"""
IN_FRONT = """
() => {
  Object.defineProperty(document, "hasFocus", { configurable: true, value: () => true });
  dispatchEvent(new Event("focus"));
}
"""


@pytest.fixture
def pair(open_window: OpenWindow) -> Pair:
    """Alice in front of the conversation; Bob on the list of chats."""
    alice, bob = open_window("alice").page, open_window("bob").page
    pair = chatting.face_to_face(alice, bob)
    open_page(bob, "/chats")
    live(bob)
    return pair


def second_device(open_window: OpenWindow, person: Person) -> Page:
    page = open_window("laptop").page
    readymade.another_device(page, person)
    open_page(page, "/chats")
    live(page)
    return page


def chat_row(page: Page, name: str) -> Locator:
    return page.locator("chat-list").get_by_role("link", name=name)


def badge(page: Page, name: str) -> Locator:
    return chat_row(page, name).locator(".chat-unread")


def details(page: Page, words: str) -> Locator:
    return bubble(page, words).locator(".message-details")


def presence(page: Page) -> Locator:
    return page.locator("chat-person [data-part='presence']")


def set_privacy(page: Page, change: Callable[[Page], None]) -> None:
    page.goto("/settings")
    expect(page.get_by_role("switch", name="Read receipts")).to_be_enabled()
    change(page)
    expect(page.get_by_text("It applies to all your devices")).to_be_visible()


def test_the_times_of_a_message(pair: Pair) -> None:
    write(pair.alice, words := text())
    expect_status(pair.alice, words, "Delivered")
    clock = bubble(pair.alice, words).locator(".message-meta")
    clock.click()
    time = r"\d{1,2}:\d\d(\s[AP]M)?"
    expect(details(pair.alice, words)).to_have_text(re.compile(f"^Sent {time} · Delivered {time}$"))
    open_chat(pair.bob, "Alice")
    read = re.compile(f"^Sent {time} · Delivered {time} · Read {time}$")
    expect(details(pair.alice, words)).to_have_text(read)
    expect(clock).to_have_attribute("aria-expanded", "true")
    clock.press("Enter")
    expect(details(pair.alice, words)).to_be_hidden()
    pair.alice.reload()
    bubble(pair.alice, words).locator(".message-meta").press("Enter")
    expect(details(pair.alice, words)).to_have_text(read)
    bubble(pair.bob, words).locator(".message-meta").click()
    expect(details(pair.bob, words)).to_have_text(re.compile(f"^Sent {time}$"))


def test_a_window_behind_others_reads_nothing(pair: Pair) -> None:
    write(pair.alice, first := text())
    open_chat(pair.bob, "Alice")
    expect_status(pair.alice, first, "Read")
    pair.bob.evaluate(BEHIND)
    write(pair.alice, words := text())
    expect(bubble(pair.bob, words)).to_be_visible()
    expect(badge(pair.bob, "Alice")).to_contain_text("1 new")
    pair.bob.wait_for_timeout(2500)  # what must not come has had its time
    expect_status(pair.alice, words, "Delivered")
    expect(pair.bob).to_have_title(re.compile(r"^\(1\) "))
    pair.bob.evaluate(IN_FRONT)
    expect_status(pair.alice, words, "Read")
    expect(badge(pair.bob, "Alice")).to_be_hidden()
    expect(pair.bob).not_to_have_title(re.compile(r"^\("))


@pytest.mark.engine
def test_unread_is_the_same_on_two_devices(pair: Pair, open_window: OpenWindow) -> None:
    laptop = second_device(open_window, pair.bob_is)
    write(pair.alice, text())
    write(pair.alice, words := text())
    for page in (pair.bob, laptop):
        expect(badge(page, "Alice")).to_contain_text("2 new")
    open_chat(pair.bob, "Alice")
    expect_status(pair.alice, words, "Read")
    for page in (pair.bob, laptop):
        expect(badge(page, "Alice")).to_be_hidden()


@pytest.mark.engine
def test_read_receipts_off(pair: Pair, open_window: OpenWindow) -> None:
    laptop = second_device(open_window, pair.bob_is)
    set_privacy(pair.bob, lambda page: page.get_by_role("switch", name="Read receipts").uncheck())
    open_page(pair.bob, "/chats")
    write(pair.alice, words := text())
    expect(badge(laptop, "Alice")).to_contain_text("1 new")
    open_chat(pair.bob, "Alice")
    expect(badge(laptop, "Alice")).to_be_hidden()  # Bob's own devices know
    expect_status(pair.alice, words, "Delivered")
    set_privacy(pair.bob, lambda page: page.get_by_role("switch", name="Read receipts").check())
    open_page(pair.bob, "/chats")
    live(pair.bob)
    expect_status(pair.alice, words, "Delivered")  # not told later, either
    write(pair.alice, later := text())
    open_chat(pair.bob, "Alice")
    for _ in ("live", "after a reload"):
        expect_status(pair.alice, later, "Read")
        expect_status(pair.alice, words, "Delivered")  # though a later one was read
        pair.alice.reload()


def test_typing_off(pair: Pair) -> None:
    open_chat(pair.bob, "Alice")
    chatting.composer(pair.bob).press_sequentially("thinking")
    expect(presence(pair.alice)).to_have_text("is writing…")
    indicator = "Writing indicator"
    set_privacy(pair.bob, lambda page: page.get_by_role("switch", name=indicator).uncheck())
    open_chat(pair.bob, "Alice")
    expect(presence(pair.alice)).to_have_text("Online")
    chatting.composer(pair.bob).press_sequentially(" again")
    write(pair.bob, words := text())
    expect(bubble(pair.alice, words)).to_be_visible()
    expect(presence(pair.alice)).to_have_text("Online")


@pytest.mark.engine
def test_last_seen_in_header_and_list(pair: Pair) -> None:
    dot = chat_row(pair.alice, "Bob").get_by_role("img", name="Online")
    expect(presence(pair.alice)).to_have_text("Online")
    expect(dot).to_be_visible()
    pair.bob.goto("about:blank")
    expect(presence(pair.alice)).to_have_text(re.compile(r"^Last seen today at \d{1,2}:\d\d"))
    expect(dot).to_be_hidden()


def test_who_shows_nobody_is_unknown(pair: Pair) -> None:
    expect(presence(pair.alice)).to_have_text("Online")
    set_privacy(pair.bob, lambda page: page.get_by_role("radio", name="Nobody", exact=True).check())
    expect(presence(pair.alice)).to_have_text("")
    expect(chat_row(pair.alice, "Bob").get_by_role("img", name="Online")).to_be_hidden()
    pair.bob.reload()
    expect(pair.bob.get_by_role("radio", name="Nobody", exact=True)).to_be_checked()
    set_privacy(pair.bob, lambda page: page.get_by_role("radio", name="Contacts").check())
    open_page(pair.bob, "/chats")
    expect(presence(pair.alice)).to_have_text("Online")


def test_to_the_first_unread_message(pair: Pair) -> None:
    write(pair.alice, known := text())
    open_chat(pair.bob, "Alice")
    expect_status(pair.alice, known, "Read")
    open_page(pair.bob, "/chats")
    first, *_, last = texts = [f"{text()} of many" for _ in range(30)]
    for words in texts:
        write(pair.alice, words)
    expect_status(pair.alice, last, "Delivered")
    open_chat(pair.bob, "Alice")
    line = pair.bob.locator(".thread-line[data-type='unread']")
    expect(line).to_be_in_viewport()
    expect(bubble(pair.bob, first)).to_be_in_viewport()
    expect(bubble(pair.bob, last)).not_to_be_in_viewport()
    # The box was scrolled, not the page around it.
    expect(pair.bob.locator(".thread-head")).to_be_in_viewport(ratio=1)
    jump = pair.bob.get_by_role("button", name="First unread message")
    expect(jump).to_be_hidden()
    newest = pair.bob.get_by_role("button", name="Go to the newest message")
    count = pair.bob.locator("chat-list .chat-unread")
    expect(count).not_to_contain_text("30 new")  # what is on the screen was read
    expect(newest).to_contain_text(count.inner_text())
    newest.click()
    expect(bubble(pair.bob, last)).to_be_in_viewport()
    expect(count).to_be_hidden()
    jump.click()
    expect(line).to_be_in_viewport()
    newest.click()
    expect(bubble(pair.bob, last)).to_be_in_viewport()
    expect(jump).to_be_hidden()  # nothing is skipped any more


def test_mark_as_unread_follows_to_the_other_device(pair: Pair, open_window: OpenWindow) -> None:
    laptop = second_device(open_window, pair.bob_is)
    write(pair.alice, words := text())
    open_chat(pair.bob, "Alice")
    expect_status(pair.alice, words, "Read")
    pair.bob.get_by_role("button", name="More about this chat").click()
    pair.bob.get_by_role("button", name="Mark as unread").click()
    for page in (pair.bob, laptop):
        expect(badge(page, "Alice")).to_contain_text("marked as unread")
        expect(page).to_have_title(re.compile(r"^\(1\) "))
    expect_status(pair.alice, words, "Read")  # nothing of it reaches her
    open_chat(laptop, "Alice")
    for page in (pair.bob, laptop):
        expect(badge(page, "Alice")).to_be_hidden()
