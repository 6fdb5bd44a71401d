"""Reactions: chosen in the menu of a message, shown to both, replaced, taken back."""

from playwright.sync_api import Locator, Page, expect

from testkit.browser.pages import ready
from tests.browser.chatting import Pair, bubble, text, write
from tests.browser.test_deleting import delete, menu, offline, row

# As no page does: a reaction of whatever words, sent by the caller.
FORGED = """async (body) => {
  const { bus } = await import("/static/js/tabs/bus.js");
  const conv = document.querySelector("chat-thread").getAttribute("conv");
  const { messages } = await bus.ask("messages", conv);
  const { mid } = messages.find(({ kind }) => kind === 1);
  await bus.ask("react", { id: crypto.randomUUID(), conv, mid, body });
}"""
TOP = "(node) => node.getBoundingClientRect().top"


def pills(page: Page, words: str) -> Locator:
    return bubble(page, words).locator(".reaction")


def react(page: Page, words: str, emoji: str) -> None:
    menu(bubble(page, words)).get_by_role("button", name=emoji, exact=True).click()


def test_reactions_come_change_and_go(pair: Pair) -> None:
    alice, bob = pair.alice, pair.bob
    bob.set_viewport_size({"width": 390, "height": 780})
    write(alice, words := text())
    expect(bubble(bob, words)).to_be_visible()

    react(bob, words, "❤️")
    for page, label in ((bob, "You reacted with ❤️"), (alice, "Bob reacted with ❤️")):
        expect(pills(page, words)).to_have_accessible_name(label)
    expect(alice.locator("#announcer")).to_have_text("Bob reacted with ❤️")
    expect(row(alice, "Bob").locator("[data-part='unread']")).to_be_hidden()
    pills(alice, words).click()  # the same
    expect(pills(bob, words)).to_have_accessible_name("You and Alice reacted with ❤️")
    menu(bubble(bob, words)).get_by_role("button", name="More emoji").click()
    bob.get_by_role("textbox", name="Another emoji").fill("🦊")
    expect(pills(alice, words)).to_have_text(["🦊", "❤️"])
    pills(bob, words).filter(has_text="🦊").click()  # taken back
    expect(pills(alice, words)).to_have_text(["❤️"])
    expect(menu(bubble(bob, words)).get_by_role("button", name="🦊")).to_be_visible()
    bob.keyboard.press("Escape")

    offline(bob)
    react(bob, words, "😂")
    expect(pills(bob, words)).to_have_text(["❤️", "😂"])
    expect(pills(bob, words).last).to_have_accessible_name("You reacted with 😂, not sent yet")
    react(bob, words, "👍")
    offline(bob, on=False)
    expect(pills(alice, words)).to_have_text(["👍", "❤️"])
    for page in (alice, bob):
        page.reload()
        ready(page)
        expect(pills(page, words)).to_have_count(2)

    delete(bubble(alice, words))
    for page in (alice, bob):
        expect(page.locator(".reaction")).to_have_count(0)


def test_nobody_moves_what_is_read_or_reacts_with_words(pair: Pair) -> None:
    alice, bob = pair.alice, pair.bob
    write(alice, first := text())
    for _ in range(12):
        write(alice, last := text() + "\n" * 6 + "end")
    expect(bubble(bob, last)).to_be_visible()
    bubble(bob, first).scroll_into_view_if_needed()
    expect(bubble(bob, first)).to_be_in_viewport()
    top = bubble(bob, first).evaluate(TOP)
    for forged in ("you lost", "❤️❤️", "<b>"):
        alice.evaluate(FORGED, forged)
    react(alice, first, "🙏")
    expect(pills(bob, first)).to_have_text(["🙏"])
    assert abs(bubble(bob, first).evaluate(TOP) - top) <= 2
    expect(bob.get_by_text("you lost")).to_have_count(0)
