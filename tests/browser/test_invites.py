"""Invite links in the browsers of those who make and those who open them."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from testkit.browser import people
from tests.browser import chatting, readymade
from tests.browser.chatting import Pair, bubble, composer, contacts, open_page, text, write
from tests.browser.conftest import OpenWindow

OVER = "This invite does not work any more"


@pytest.fixture
def strangers(open_window: OpenWindow) -> Pair:
    return chatting.strangers(open_window("alice").page, open_window("bob").page)


def invite(page: Page, kind: str = "One person") -> str:
    """The link, from the page of people, which stays open."""
    open_page(page, "/people")
    page.get_by_role("radio", name=kind).check(force=True)
    page.get_by_role("button", name="Make an invite").click()
    link = page.locator(".invite-link")
    expect(link).to_contain_text("/invite#")
    return link.inner_text()


def opened(page: Page) -> Locator:
    """The rows of the invites that are open."""
    return page.locator("people-invite li")


def connect(page: Page, link: str) -> None:
    page.goto(link)
    page.get_by_role("button", name="Connect").click()
    expect(composer(page)).to_be_enabled()


@pytest.mark.engine
def test_one_for_one_person_connects_without_a_second_yes(
    strangers: Pair, open_window: OpenWindow
) -> None:
    alice, bob = strangers.alice, strangers.bob
    link = invite(alice)
    picture = alice.get_by_role("img", name="QR code of the invite link")
    expect(picture.locator("path")).to_have_attribute("d", re.compile(r"M\d+ \d+h1v1h-1z"))
    other_tab = alice.context.new_page()
    open_page(other_tab, "/people")
    expect(opened(other_tab)).to_have_count(1)
    bob.goto(link)
    expect(bob.locator("[data-part='lead']")).to_contain_text("Alice agreed")
    expect(bob.locator("[data-part='as']")).to_contain_text(f"@{strangers.bob_is.name}")
    bob.get_by_role("button", name="Connect").click()
    write(bob, words := text())
    for page in (alice, other_tab):
        expect(opened(page)).to_have_count(0)
        expect(contacts(page)).to_contain_text("Bob")
    expect(alice.locator(".toasts")).to_contain_text("Bob joined by your link.")
    expect(alice.locator(".invite-link")).to_be_hidden()
    expect(alice.get_by_text("The invite that stood here was used")).to_be_visible()
    contacts(alice).get_by_role("link", name="Write").click()
    expect(bubble(alice, words)).to_be_visible()
    line = alice.locator(".thread-line[data-kind='joined']")
    expect(line).to_have_text("Bob joined by your link.")
    alice.reload()
    expect(line).to_have_count(1)
    mallory = open_window("mallory").page
    chatting.newcomer(mallory, "Mallory")
    mallory.goto(link)
    expect(mallory.get_by_text(OVER)).to_be_visible()
    expect(mallory.get_by_text("Alice")).to_have_count(0)
    bob.goto(link)  # who used it comes back
    expect(bob.get_by_text("You and Alice are connected.")).to_be_visible()


def test_another_browser_of_its_maker_says_who_came_meanwhile(
    strangers: Pair, open_window: OpenWindow
) -> None:
    link = invite(strangers.alice)
    connect(strangers.bob, link)
    other = open_window("alice again").page
    readymade.another_device(other, strangers.alice_is)
    chatting.open_chat(other, "Bob")
    expect(other.locator(".thread-line[data-kind='joined']")).to_have_text(
        "Bob joined by your link."
    )


def test_somebody_without_an_account_signs_up_and_comes_back(
    strangers: Pair, open_window: OpenWindow
) -> None:
    link = invite(strangers.alice)
    page, carol = open_window("carol").page, people.somebody("Carol")
    page.goto(link)
    expect(page.get_by_text("Alice")).to_have_count(0)
    page.get_by_role("link", name="Make an account").click()
    people.fill_details(page, carol)
    people.press(page, "Continue")
    people.keep_code(page)
    page.get_by_role("button", name="Connect").click(timeout=chatting.SLOW_MS)
    expect(composer(page)).to_be_enabled()
    expect(contacts(strangers.alice)).to_contain_text("Carol")


def test_withdrawn_it_leads_nowhere(strangers: Pair) -> None:
    alice, bob = strangers.alice, strangers.bob
    link = invite(alice)
    bob.goto(link)
    expect(bob.get_by_role("button", name="Connect")).to_be_visible()
    opened(alice).get_by_role("button", name="Withdraw").click()
    alice.get_by_role("button", name="Keep it").click()
    expect(opened(alice)).to_have_count(1)
    alice.keyboard.press("Enter")  # the focus is back on the button
    alice.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
    expect(opened(alice)).to_have_count(0)
    expect(alice.locator(".toasts")).to_contain_text("The invite is withdrawn.")
    expect(alice.get_by_role("button", name="Make an invite")).to_be_focused()
    bob.get_by_role("button", name="Connect").click()
    expect(bob.get_by_text(OVER)).to_be_visible()
    bob.reload()
    expect(bob.get_by_text("There is no invite in this address")).to_be_visible()


def test_what_stands_in_the_way_is_said(strangers: Pair) -> None:
    alice, bob = strangers.alice, strangers.bob
    link = invite(alice)
    alice.goto(link)
    expect(alice.get_by_text("This invite is your own")).to_be_visible()
    chatting.ask(alice, strangers.bob_is.name)
    open_page(bob, "/people")
    bob.get_by_role("button", name="Block").click()
    expect(bob.locator("section[data-group='5']")).to_contain_text("Alice")
    bob.goto(link)
    expect(bob.get_by_text("You blocked Alice")).to_be_visible()
    expect(bob.get_by_role("button", name="Connect")).to_have_count(0)
    bob.get_by_role("button", name="Unblock").click()
    bob.get_by_role("button", name="Connect").click()
    expect(bob).to_have_url(re.compile(r"/chats/[0-9a-f]{32}$"))
    expect(composer(bob)).to_be_enabled()


@pytest.mark.engine
def test_one_for_several_people_leads_to_requests(strangers: Pair) -> None:
    alice, bob = strangers.alice, strangers.bob
    link = invite(alice, "Several people")
    bob.goto(link)
    expect(bob.locator(".person")).to_contain_text("Alice")
    bob.get_by_role("button", name="Ask to chat").click()
    expect(alice.locator("section[data-group='2']")).to_contain_text("Bob")
    expect(opened(alice)).to_have_count(1)
