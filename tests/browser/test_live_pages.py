"""Whatever page somebody has open: they are here, get what is sent, and see what waits."""

import re

import pytest
from playwright.sync_api import Page, expect

from testkit.browser.pages import live
from tests.browser import readymade
from tests.browser.chatting import Pair, expect_status, open_page, text, write
from tests.browser.conftest import OpenWindow


@pytest.mark.parametrize("address", ["/settings", "/help", "/people", "/invite"])
def test_every_page_is_live(pair: Pair, address: str) -> None:
    online = pair.alice.locator(".thread-presence")
    expect(online).to_have_text("Online")
    open_live(pair.bob, address)
    write(pair.alice, words := text())
    expect_status(pair.alice, words, "Delivered")
    expect(pair.bob).to_have_title(re.compile(r"^\(1\) "))
    if address != "/invite":
        expect(pair.bob.locator("#rail-chats")).to_have_text("1 1 new")
    expect(online).to_have_text("Online")


def test_the_list_of_devices_follows_what_other_browsers_do(
    pair: Pair, open_window: OpenWindow
) -> None:
    open_live(pair.alice, "/settings")
    devices = pair.alice.locator("device-list li.device")
    expect(devices).to_have_count(1)
    other = open_window("alice again").page
    readymade.another_device(other, pair.alice_is)
    expect(devices).to_have_count(2)
    news = "1 new browser was signed in to your account"
    notices = pair.alice.get_by_role("status", name="Notices")
    expect(notices).to_contain_text(news)
    open_live(pair.alice, "/people")  # nobody has answered it yet
    expect(notices).to_contain_text(news)
    notices.get_by_role("button", name="Close").click()
    open_live(pair.alice, "/settings")
    expect(devices).to_have_count(2)
    expect(notices).to_be_empty()
    open_live(other, "/settings")
    expect(other.get_by_role("status", name="Notices")).to_be_empty()
    other.locator("#sign-out").click()
    other.locator("#leave-now").click()
    expect(other).to_have_url(re.compile(r"/$"))
    expect(devices).to_have_count(1)


def test_help_is_read_without_keys(pair: Pair, open_window: OpenWindow) -> None:
    stranger = open_window("carol").page
    stranger.goto("/help")
    expect(stranger.get_by_role("heading", name="First steps")).to_be_visible()
    expect(stranger.get_by_role("link", name="Start page")).to_be_visible()
    open_live(pair.alice, "/help")
    expect(pair.alice.get_by_role("navigation", name="Main")).to_be_visible()
    pair.alice.evaluate("() => localStorage.clear()")
    open_page(pair.alice, "/help")
    expect(pair.alice.get_by_role("heading", name="First steps")).to_be_visible()


def open_live(page: Page, address: str) -> None:
    page.goto(address)
    if address != "/invite":
        live(page)
