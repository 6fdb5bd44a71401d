"""A chat that is cleared: empty at once, taken back in time, and cleared whatever the page does."""

import pytest
from playwright.sync_api import Page, expect

from testkit.browser.pages import live
from tests.browser import readymade
from tests.browser.chatting import Pair, bubble, open_chat, open_page, text, write
from tests.browser.conftest import OpenWindow

CLEARED = "You cleared this chat."


def clear(page: Page) -> None:
    page.get_by_role("button", name="More about this chat").click()
    page.get_by_role("button", name="Clear this chat for me").click()


@pytest.mark.engine
def test_it_empties_thread_list_and_other_browsers_and_can_be_taken_back(
    pair: Pair, open_window: OpenWindow
) -> None:
    page, address = pair.alice, pair.alice.url
    write(pair.bob, words := text())
    expect(bubble(page, words)).to_be_visible()
    row = page.locator("chat-list").get_by_role("link", name="Bob")
    expect(row).to_contain_text(words)
    other = open_window("alice again").page
    readymade.another_device(other, pair.alice_is)
    open_page(other, address)
    expect(bubble(other, words)).to_be_visible()

    clear(page)
    expect(row).to_contain_text(CLEARED)
    expect(page.locator(".message")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(bubble(page, words)).to_be_visible()
    expect(row).to_contain_text(words)

    clear(page)
    expect(page.locator(".message")).to_have_count(0)
    expect(other.locator(".message")).to_have_count(0)
    expect(other.locator("chat-list").get_by_role("link", name="Bob")).to_contain_text(CLEARED)
    write(pair.bob, later := text())
    for window in (page, other):
        expect(bubble(window, later)).to_be_visible()
        window.reload()
        expect(bubble(window, later)).to_be_visible()
        expect(bubble(window, words)).to_have_count(0)
    expect(bubble(pair.bob, words)).to_be_visible()


def test_the_page_may_go_meanwhile(pair: Pair, open_window: OpenWindow) -> None:
    write(pair.bob, words := text())
    expect(bubble(pair.alice, words)).to_be_visible()
    other = open_window("alice again").page
    readymade.another_device(other, pair.alice_is)
    open_page(other, pair.alice.url)
    expect(bubble(other, words)).to_be_visible()
    clear(pair.alice)
    expect(pair.alice.locator(".message")).to_have_count(0)
    context = pair.alice.context
    pair.alice.close()
    again = context.new_page()
    again.goto("/help")
    live(again)
    expect(other.locator(".message")).to_have_count(0)
    open_chat(again, "Bob")
    expect(bubble(again, words)).to_have_count(0)
