"""Strangers: who may ask, all who ask at once, a report of one, and a site that takes people by
invite alone."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from testkit.browser import people
from testkit.running import Site
from tests.browser import chatting, readymade
from tests.browser.chatting import composer, open_page
from tests.browser.conftest import OpenWindow
from tests.browser.engine import new_site
from tests.browser.readable import serious
from tests.browser.test_invites import invite

PHONE: ViewportSize = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """It has staff pages, so it takes reports."""
    site = new_site({"ADMIN_URL": "/admin"}).start()
    yield site
    site.remove()


def test_signing_up_costs_work_while_many_do(open_window: OpenWindow, site: Site) -> None:
    """More of it than when they began: the page does that, too, and says why it takes time."""
    site.manage("sign_up_work", "on", "--bits", "8")
    page = open_window("Erik").page
    page.set_viewport_size(PHONE)
    page.goto("/sign-up")
    people.fill_details(page, people.somebody("Erik"))
    people.press(page, "Continue")
    site.manage("sign_up_work", "--bits", "16")
    people.keep_code(page)
    told = page.get_by_role("status").filter(has_text="each costs some work now")
    expect(told).to_be_visible(timeout=30_000)
    assert not serious(page)
    expect(page).to_have_url(re.compile("/chats"), timeout=60_000)
    site.manage("sign_up_work", "auto")
    assert 'chat_sign_up_work_total{what="work_easy"} 1' in page.request.get("/metrics").text()


def let(page: Page, who: str) -> None:
    open_page(page, "/settings")
    page.get_by_role("radio", name=who).check(force=True)
    expect(page.get_by_text("It applies to all your devices from now on.").first).to_be_visible()


def test_all_who_ask_are_answered_at_once_and_nobody_asks_who_may_not(
    open_window: OpenWindow,
) -> None:
    windows = {name: open_window(name).page for name in ("Bob", "Alice", "Carol", "Dora")}
    bob_is, *askers = readymade.make(*((page, name) for name, page in windows.items()))
    bob, dora = windows["Bob"], windows["Dora"]
    for asker in askers[:2]:
        asker.act(bob_is, "request")
    bob.set_viewport_size(PHONE)
    open_page(bob, "/people")
    rows = bob.locator("[data-group='2'] li")
    expect(rows).to_have_count(2)
    assert not serious(bob)
    bob.get_by_role("button", name="Decline all").click()
    dialog = bob.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text("Decline all 2 requests?")
    assert not serious(bob)
    dialog.get_by_role("button", name="Decline all").click()
    expect(bob.locator(".toasts")).to_contain_text("2 requests declined.")
    expect(rows).to_have_count(0)
    bob.get_by_role("button", name="Undo").click()
    expect(rows).to_have_count(2)
    rows.first.get_by_role("button", name="Report").click()
    dialog.get_by_label("What is wrong?").select_option("Spam or fraud")
    dialog.get_by_role("button", name="Send report").click()
    expect(dialog.get_by_role("heading", name="Your report was sent")).to_be_focused()
    dialog.get_by_role("button", name="Close").click()
    bob.get_by_role("button", name="Block all").click()
    dialog.get_by_role("button", name="Block all").click()
    expect(bob.locator("[data-group='5'] li")).to_have_count(2)
    let(bob, "People with my invite")
    open_page(dora, "/people")
    chatting.find(dora, bob_is.name)
    dora.get_by_role("button", name="Ask to chat").click()
    expect(dora.get_by_text("This person takes no requests this way.")).to_be_visible()
    dora.goto(invite(bob, "Several people"))
    dora.get_by_role("button", name="Ask to chat").click()
    expect(dora.get_by_role("heading", name="Waiting for their answer")).to_be_visible()
    expect(rows).to_have_count(1)


def test_by_invite_alone(site: Site, open_window: OpenWindow) -> None:
    alice, stranger = open_window("alice").page, open_window("stranger").page
    chatting.newcomer(alice, "Alice")
    link = invite(alice)
    site.stop()
    site.env = {**site.env, "REGISTRATION": "invite"}
    site.start()
    stranger.goto("/sign-up")
    expect(stranger.get_by_role("heading", name="You need an invite")).to_be_focused()
    assert not serious(stranger)
    stranger.goto(link)
    stranger.get_by_role("link", name="Make an account").click()
    person = people.somebody("Bob")
    people.fill_details(stranger, person)
    people.press(stranger, "Continue")
    people.keep_code(stranger)
    stranger.get_by_role("button", name="Connect").click()
    expect(composer(stranger)).to_be_enabled()
