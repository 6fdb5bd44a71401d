"""The whole way of two people, from the landing page to read ticks, without a pointer.

Every step is made with Tab and the keys that a control answers to; whatever has the focus has to
show it, and the focus never gets lost.
"""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from testkit.browser import pages
from testkit.browser.people import Person, somebody
from tests.browser import chatting
from tests.browser.chatting import Pair, bubble, composer, expect_status
from tests.browser.conftest import OpenWindow

MOST_STOPS = 40  # of Tab, before a page is walked through
READ_OUT = """() => {
  window.readOut = [];
  new MutationObserver((changes) => {
    for (const {addedNodes} of changes)
      for (const node of addedNodes) window.readOut.push(node.textContent);
  }).observe(document.getElementById("announcer"), {childList: true, subtree: true});
}"""


def tab_to(page: Page, target: Locator) -> None:
    """Presses Tab until the target has the focus, as somebody does who cannot see the rest."""
    for _ in range(MOST_STOPS):
        if target.evaluate("one => one === document.activeElement"):
            assert shows_focus(page)
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab does not reach {target}")


def shows_focus(page: Page) -> bool:
    """An outline on it, or on the box or face that stands for it."""
    return page.evaluate(
        """() => {
          const drawn = (one) => {
            const {outlineStyle, outlineWidth, boxShadow} = getComputedStyle(one);
            const outline = outlineStyle !== "none" && parseFloat(outlineWidth) >= 1;
            return outline || boxShadow !== "none";
          };
          const one = document.activeElement;
          const faces = [one, one.closest(".field-box"), one.nextElementSibling];
          return faces.some((face) => face && drawn(face));
        }"""
    )


def enter(page: Page, target: Locator) -> None:
    tab_to(page, target)
    page.keyboard.press("Enter")


def type_into(page: Page, target: Locator, words: str) -> None:
    tab_to(page, target)
    page.keyboard.type(words)


def sign_up(page: Page, person: Person) -> None:
    page.goto("/")
    enter(page, page.get_by_role("main").get_by_role("link", name="Create an account"))
    expect(page).to_have_url(re.compile("/sign-up"))
    for label, words in (
        ("Username", person.name),
        ("Name that others see", person.display_name),
        ("Password", person.password),
    ):
        type_into(page, page.get_by_label(label, exact=True), words)
    page.keyboard.press("Enter")
    keep_code(page)
    expect(page).to_have_url(re.compile("/chats"), timeout=30_000)
    pages.ready(page)


def keep_code(page: Page) -> None:
    groups = page.locator("[data-part='show'] .code li")
    expect(groups).to_have_count(8)
    code = groups.all_inner_texts()
    enter(page, page.get_by_role("button", name="I have kept it"))
    for gap in page.locator(".code-gaps input").all():
        expect(gap).to_be_focused()  # the first at once, the second when the first is filled
        place, group = re.findall(r"\d+", gap.get_attribute("aria-label") or "")
        page.keyboard.type(code[int(group) - 1][int(place) - 1])
    page.keyboard.press("Enter")


def test_from_the_landing_page_to_read_ticks(open_window: OpenWindow) -> None:
    alice, bob = open_window("alice").page, open_window("bob").page
    alice_is, bob_is = somebody("Alice"), somebody("Bob")
    sign_up(alice, alice_is)
    sign_up(bob, bob_is)

    enter(alice, alice.get_by_role("navigation").get_by_role("link", name="People"))
    pages.ready(alice)
    type_into(alice, alice.get_by_label("Exact username"), bob_is.name)
    alice.keyboard.press("Enter")
    enter(alice, alice.get_by_role("button", name="Ask to chat"))
    expect(alice.locator("people-find").get_by_role("button", name="Withdraw")).to_be_visible()

    enter(bob, bob.get_by_role("navigation").get_by_role("link", name="People"))
    pages.ready(bob)
    enter(bob, bob.get_by_role("button", name="Accept"))
    expect(composer(bob)).to_be_focused()  # one comes to write

    enter(alice, alice.get_by_role("navigation").get_by_role("link", name="Chats", exact=True))
    pages.ready(alice)
    enter(alice, alice.locator("chat-list").get_by_role("link", name="Bob"))
    expect(composer(alice)).to_be_focused()
    alice.keyboard.type("first line")
    alice.keyboard.press("Shift+Enter")
    alice.keyboard.type("second line")
    alice.keyboard.press("Enter")
    expect(composer(alice)).to_be_focused()
    expect(bubble(bob, "second line")).to_be_visible()
    expect_status(alice, "second line", "Read")


def test_escape_closes_and_the_focus_returns(pair: Pair) -> None:
    page = pair.alice
    more = page.get_by_role("button", name="More about this chat")
    enter(page, more)
    expect(page.locator("#thread-menu")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#thread-menu")).to_be_hidden()
    expect(more).to_be_focused()
    for item, dialog in (
        ("Private name", "#rename-contact"),
        ("Compare safety number", "dialog.verify"),
    ):
        enter(page, more)
        enter(page, page.locator("#thread-menu").get_by_role("button", name=item))
        expect(page.locator(dialog)).to_be_visible()
        assert page.evaluate("() => document.activeElement.closest('dialog') !== null")
        page.keyboard.press("Escape")
        expect(page.locator(dialog)).to_be_hidden()
        expect(more).to_be_focused()
    page.keyboard.press("Escape")  # nothing is open any more but the chat
    expect(page.locator("chat-list").get_by_role("link", name="Bob")).to_be_focused()
    tab_to(page, page.get_by_label("Filter chats by name"))
    page.keyboard.type("BÖB")
    page.keyboard.press("Enter")
    expect(composer(page)).to_be_focused()
    page.get_by_role("region", name="Messages").focus()
    page.keyboard.type("no click needed")
    expect(composer(page)).to_have_value("no click needed")


def test_dialogs_of_the_settings_give_the_focus_back(open_window: OpenWindow) -> None:
    page = open_window("alice").page
    chatting.newcomer(page, "Alice")
    page.goto("/settings")
    expect(page.locator("device-list")).to_contain_text("This browser")
    for name in ("Change password", "New code", "Sign out"):
        button = page.get_by_role("main").get_by_role("button", name=name, exact=True)
        enter(page, button)
        assert page.evaluate("() => document.activeElement.closest('dialog') !== null"), name
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)
        expect(button).to_be_focused()


def test_tab_goes_round_in_the_order_of_the_page(pair: Pair) -> None:
    """From top to bottom of each pane, and nothing that is out of sight."""
    page = pair.alice
    page.reload()
    pages.ready(page)
    expect(composer(page)).to_be_enabled()
    page.locator(".skip-link").focus()
    panes = []
    for _ in range(MOST_STOPS):
        where = page.evaluate(
            """() => {
              const one = document.activeElement;
              if (one === document.body) return null;
              if (!one.checkVisibility({visibilityProperty: true})) return "hidden";
              const panes = ".skip-link, nav, .pane-list, .thread-head, .thread-scroll, .composer";
              return one.closest(panes)?.className ?? one.localName;
            }"""
        )
        if where is None:
            break
        panes.append(where)
        page.keyboard.press("Tab")
    stops = ["skip-link", "rail", "pane-list", "thread-head", "thread-scroll", "composer"]
    assert list(dict.fromkeys(panes)) == stops


def test_a_new_message_is_read_out_once(pair: Pair) -> None:
    alice, bob = pair.alice, pair.bob
    alice.evaluate(READ_OUT)
    texts = [chatting.text() for _ in range(3)]
    for words in texts:
        chatting.write(bob, words)
        expect(bubble(alice, words)).to_be_visible()
        expect_status(bob, words, "Read")  # marks came and went meanwhile
    chatting.write(alice, chatting.text())
    expect(bubble(bob, f"{texts[-1]}")).to_be_visible()
    assert alice.evaluate("() => window.readOut") == [f"Bob: {words}" for words in texts]
    live = alice.locator("#announcer")
    expect(live).to_have_attribute("aria-live", "polite")
    assert alice.locator(".messages").evaluate("list => list.closest('[aria-live]')") is None
