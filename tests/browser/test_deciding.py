"""Somebody is suspended in the middle of a chat: they hear why, appeal, and lose nothing."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from testkit.browser.people import field, press
from testkit.running import Site
from tests.browser.chatting import SLOW_MS, Pair, bubble, expect_status, open_page, write
from tests.browser.conftest import OpenWindow
from tests.browser.engine import new_site
from tests.browser.readable import serious
from tests.browser.test_layouts import spills

PHONE: ViewportSize = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """It has staff pages, so somebody reads appeals."""
    site = new_site({"ADMIN_URL": "/admin"}).start()
    yield site
    site.remove()


def heading(page: Page, words: str) -> Locator:
    return page.get_by_role("heading", name=words)


def appeal(page: Page, words: str) -> None:
    page.get_by_label("If you think that this is wrong").first.fill(words)
    page.get_by_role("button", name="Send appeal").first.click()
    expect(page.get_by_text("waits to be looked at").first).to_be_visible()


def test_who_is_suspended_hears_why_appeals_and_comes_back(
    pair: Pair, site: Site, open_window: OpenWindow
) -> None:
    alice, bob, name = pair.alice, pair.bob, pair.bob_is.name
    write(bob, "before it")
    expect(bubble(alice, "before it")).to_be_visible()
    bob.context.set_offline(True)
    write(bob, "not sent yet")
    site.manage("suspend", name, "--for", "2h", "--reason", "harassment")
    write(alice, "while you are away")
    expect_status(alice, "while you are away", "Sent")
    bob.set_viewport_size(PHONE)
    bob.context.set_offline(False)
    expect(heading(bob, "Your account is suspended").first).to_be_visible(timeout=SLOW_MS)
    expect(bob.get_by_text("The reason: harassment.")).to_be_visible()
    assert not serious(bob)
    bob.evaluate("() => { document.documentElement.style.fontSize = '200%' }")
    assert not spills(bob)
    appeal(bob, "It was a joke")
    site.manage("suspend", name, "--reason", "spam")
    elsewhere = open_window("elsewhere").page
    elsewhere.goto("/sign-in")
    field(elsewhere, "Username").fill(name)
    field(elsewhere, "Password").fill(pair.bob_is.password)
    press(elsewhere, "Sign in")
    expect(elsewhere.get_by_text("The reason: spam or fraud.")).to_be_visible(timeout=SLOW_MS)
    appeal(elsewhere, "That was not me")
    expect(elsewhere.get_by_role("button", name="Send appeal")).to_have_count(0)
    assert not serious(elsewhere)
    site.manage("suspend", name, "--undo")
    bob.reload()  # each hour it does so by itself
    for page in (alice, bob):
        expect(bubble(page, "not sent yet")).to_be_visible(timeout=SLOW_MS)
    expect(bubble(bob, "while you are away")).to_be_visible()
    open_page(bob, "/decisions")
    expect(bob.get_by_text("This was taken back.")).to_have_count(2)
    assert not serious(bob)
