"""Everything read in one go, on every device of who says so."""

import re

from playwright.sync_api import Locator, Page, expect

from testkit.browser.pages import live
from tests.browser import chatting, readymade
from tests.browser.chatting import Pair, expect_status, open_chat, open_page, text, write
from tests.browser.conftest import OpenWindow
from tests.browser.test_receipts import badge, pair, second_device, set_privacy

__all__ = ["pair"]  # a fixture


def test_all_are_read_here_and_on_the_other_device(pair: Pair, open_window: OpenWindow) -> None:
    carol = open_window("carol").page
    readymade.connect(chatting.newcomer(carol, "Carol"), pair.bob_is)
    open_chat(carol, "Bob")
    expect(button(pair.bob)).to_be_hidden()
    laptop = second_device(open_window, pair.bob_is)
    open_page(laptop, "/chats")
    write(pair.alice, first := text())
    write(carol, text())
    write(carol, second := text())
    for page in (pair.bob, laptop):
        expect(badge(page, "Alice")).to_contain_text("1 new")
        expect(badge(page, "Carol")).to_contain_text("2 new")
        expect(page).to_have_title(re.compile(r"^\(3\) "))
    button(pair.bob).press("Enter")
    for page in (pair.bob, laptop):
        for name in ("Alice", "Carol"):
            expect(badge(page, name)).to_be_hidden()
        expect(page).not_to_have_title(re.compile(r"^\("))
        expect(button(page)).to_be_hidden()
    expect_status(pair.alice, first, "Read")
    expect_status(carol, second, "Read")
    pair.bob.reload()
    live(pair.bob)
    expect(badge(pair.bob, "Alice")).to_be_hidden()


def test_a_mark_by_hand_goes_and_receipts_that_are_off_stay_off(
    pair: Pair, open_window: OpenWindow
) -> None:
    laptop = second_device(open_window, pair.bob_is)
    set_privacy(pair.bob, lambda page: page.get_by_role("switch", name="Read receipts").uncheck())
    open_chat(pair.bob, "Alice")
    pair.bob.get_by_role("button", name="More about this chat").click()
    pair.bob.get_by_role("button", name="Mark as unread").click()
    write(pair.alice, words := text())
    for page in (pair.bob, laptop):
        expect(badge(page, "Alice")).to_contain_text("1 new")
    button(laptop).click()
    for page in (pair.bob, laptop):
        expect(badge(page, "Alice")).to_be_hidden()
    expect_status(pair.alice, words, "Delivered")


def button(page: Page) -> Locator:
    return page.get_by_role("button", name="Mark all as read")
