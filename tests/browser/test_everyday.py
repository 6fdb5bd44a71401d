"""What people see every day beside the messages: requests, toasts, the line, who is found."""

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from testkit.browser.chromium import DESKTOP, PHONE
from tests.browser import chatting
from tests.browser.chatting import Pair, composer, find, open_page, text, write
from tests.browser.conftest import OpenWindow

OVERLAP = """([toast, other]) => {
  const [a, b] = [toast, other].map((selector) =>
    document.querySelector(selector)?.getBoundingClientRect());
  if (!a || !b || !b.width) return false;
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}"""

TOAST_THAT_OFFERS = """async (words) => {
  const { toast } = await import("/static/js/ui/toast.js");
  toast(words, { action: "Undo", onAction: () => (window.done ??= []).push(words) });
}"""


@pytest.fixture
def strangers(open_window: OpenWindow) -> Pair:
    return chatting.strangers(open_window("alice").page, open_window("bob").page)


def test_a_request_stands_above_the_list_and_accepting_opens_the_chat(strangers: Pair) -> None:
    bob = strangers.bob
    expect(bob.get_by_text("Nobody here yet")).to_be_visible()
    expect(bob.get_by_text("Pick a chat")).to_be_hidden()  # there is none
    chatting.ask(strangers.alice, strangers.bob_is.name)
    requests = bob.locator("chat-list [data-part='requests']")
    expect(requests).to_contain_text("Alice")
    expect(bob.get_by_text("Nobody here yet")).to_be_hidden()
    requests.get_by_role("button", name="Accept").click()
    expect(bob.locator("chat-thread").get_by_role("heading", name="Alice")).to_be_visible()
    expect(composer(bob)).to_be_enabled()
    expect(requests).to_be_hidden()


def test_who_looks_for_themselves_is_told_so(strangers: Pair) -> None:
    find(strangers.alice, strangers.alice_is.name)
    result = strangers.alice.locator("people-find [data-part='result']")
    expect(result).to_contain_text("This is you.")
    expect(result.get_by_role("button")).to_have_count(0)


def test_who_was_found_follows_what_becomes_of_the_pair(strangers: Pair) -> None:
    alice, bob = strangers.alice, strangers.bob
    chatting.ask(alice, strangers.bob_is.name)
    found = alice.locator("people-find [data-part='result']")
    bob.get_by_role("button", name="Accept").click()
    expect(found.get_by_role("link", name="Write")).to_be_visible()
    expect(alice.locator(".toasts")).to_contain_text("Bob accepted your request.")
    expect(found.get_by_role("button", name="Withdraw")).to_have_count(0)


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_a_toast_lies_on_neither_composer_nor_navigation(pair: Pair, size: ViewportSize) -> None:
    page = pair.alice
    page.set_viewport_size(size)
    composer(page).fill("one\ntwo\nthree\nfour")
    _toast(page, "first")
    _toast(page, "second")
    toast = page.locator(".toast")
    expect(toast).to_have_text(["first", "second"])
    for other in ("chat-composer", ".rail", ".thread-head"):
        page.wait_for_function(
            f"pair => !({OVERLAP})(pair)", arg=[".toast", other]
        )  # it moves there
    assert page.evaluate(OVERLAP, [".toast", "#main"])  # or it would lie nowhere
    open_page(page, "/settings")
    _toast(page, "third")
    expect(toast).to_be_visible()
    page.wait_for_function(f"pair => !({OVERLAP})(pair)", arg=[".toast", ".rail"])
    assert page.evaluate(OVERLAP, [".toast", "#main"])


def test_what_a_toast_offers_can_be_reached_over_a_dialog_and_after_it(pair: Pair) -> None:
    page = pair.alice
    page.evaluate(TOAST_THAT_OFFERS, "before")
    page.locator("[popovertarget='thread-menu']").click()
    page.locator("#thread-menu [data-act='media']").click()
    toast = page.get_by_role("dialog").locator(".toast")
    expect(toast).to_have_text("beforeUndo")
    expect(page.locator(".toasts")).to_have_attribute("aria-live", "off")  # it was said already
    toast.get_by_role("button", name="Undo").click()
    page.evaluate(TOAST_THAT_OFFERS, "during")
    expect(page.locator(".toasts")).to_have_attribute("aria-live", "polite")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.matches('.toast > button')"):
            break
    page.keyboard.press("Enter")
    page.evaluate(TOAST_THAT_OFFERS, "after")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    assert page.evaluate("window.done") == ["before", "during", "after"]
    expect(page.locator(".toasts")).to_have_count(1)


def test_without_a_network_nobody_is_online_and_one_can_try_now(pair: Pair) -> None:
    presence = pair.alice.locator(".thread-presence")
    expect(presence).to_have_text("Online")
    pair.alice.context.set_offline(True)
    expect(presence).to_have_text("", timeout=10_000)  # no ping has told it
    again = pair.alice.get_by_role("button", name="Try now")
    expect(again).to_be_visible()
    pair.alice.context.set_offline(False)
    expect(presence).to_have_text("Online")
    expect(again).to_have_count(0)
    write(pair.alice, words := text())
    expect(chatting.bubble(pair.bob, words)).to_be_visible()


def _toast(page: Page, words: str) -> None:
    page.evaluate(
        "words => import('/static/js/ui/toast.js').then(({ toast }) => toast(words))", words
    )
