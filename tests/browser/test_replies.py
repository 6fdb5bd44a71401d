"""Answers to a message: written, shown above their words, and the way to the original and back."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from testkit.browser.pages import ready
from tests.browser.chatting import SLOW_MS, Pair, bubble, composer, text, write
from tests.browser.files import photo
from tests.browser.test_attachments import arrived, send
from tests.browser.test_deleting import delete, menu

# As no page does: an answer to whatever the caller names.
FORGED = """async ([words, ref]) => {
  const { bus } = await import("/static/js/tabs/bus.js");
  const conv = document.querySelector("chat-thread").getAttribute("conv");
  const id = crypto.randomUUID();
  await bus.ask("send", { id, conv, content: { t: "text", body: words, ref } });
}"""
NOBODYS = "AAAAAAAAAAAAAAAAAAAAAA=="
MID = """async (words) => {
  const { bus } = await import("/static/js/tabs/bus.js");
  const conv = document.querySelector("chat-thread").getAttribute("conv");
  const { messages } = await bus.ask("messages", conv);
  return messages.find(({ content }) => content?.body === words).mid;
}"""
# A finger that pulls the message to the right.
PULL = """(node) => {
  const { left, top } = node.getBoundingClientRect();
  const told = (type, x) => node.dispatchEvent(new PointerEvent(type, {
    bubbles: true, pointerType: "touch", isPrimary: true, clientX: left + x, clientY: top + 9 }));
  told("pointerdown", 30);
  for (const x of [45, 70, 110]) told("pointermove", x);
  told("pointerup", 110);
}"""


def bar(page: Page) -> Locator:
    """Above the field: what is going to be answered."""
    return page.locator(".reply-bar")


def quote(message: Locator) -> Locator:
    return message.locator("[data-act='quote']")


def answer(page: Page, said: str) -> str:
    """To what the bar shows."""
    write(page, said)
    expect(bar(page)).to_be_hidden()
    return said


@pytest.mark.files
def test_an_answer_shows_what_it_is_of(pair: Pair) -> None:
    alice, bob = pair.alice, pair.bob
    for page in (alice, bob):
        page.set_viewport_size({"width": 390, "height": 780})
    write(alice, first := text())
    caption = send(alice, photo())
    expect(arrived(bob, caption)).to_be_visible()

    menu(bubble(bob, first)).get_by_role("button", name="Reply").click()
    expect(bar(bob)).to_contain_text(re.compile(f"Alice\\s+{first}"))
    expect(composer(bob)).to_be_focused()
    bob.keyboard.press("Escape")
    expect(bar(bob)).to_be_hidden()
    expect(composer(bob)).to_be_focused()
    bubble(bob, first).locator("[data-act='details']").press("r")
    composer(bob).fill("half a sentence")
    expect(bar(bob)).to_contain_text(first)
    bob.reload()
    ready(bob)
    expect(composer(bob)).to_have_value("half a sentence")
    expect(bar(bob)).to_contain_text(first)
    said = answer(bob, text())
    expect(quote(bubble(bob, said))).to_have_accessible_name(f"Reply to Alice: {first}")
    expect(quote(bubble(alice, said))).to_have_accessible_name(f"Reply to your message: {first}")

    bubble(bob, caption).first.evaluate(PULL)
    expect(bar(bob).locator("img[src]")).to_be_visible(timeout=SLOW_MS)
    of_picture = answer(bob, text())
    expect(quote(bubble(alice, of_picture))).to_contain_text(f"Photo: {caption}")
    expect(quote(bubble(alice, of_picture)).locator("img[src]")).to_be_visible(timeout=SLOW_MS)

    delete(bubble(alice, first).first)
    for page in (alice, bob):
        expect(quote(bubble(page, said))).to_have_accessible_name(re.compile("deleted"))
        expect(page.get_by_text(first)).to_have_count(0)


def test_to_the_original_and_back_and_no_forged_one(pair: Pair) -> None:
    alice, bob = pair.alice, pair.bob
    write(alice, first := text())
    expect(bubble(bob, first)).to_be_visible()
    ref = bob.evaluate(MID, first)
    for _ in range(12):
        write(bob, text() + "\n" * 6 + "end")
    bob.evaluate(FORGED, [said := text(), ref])
    at_bob = bubble(bob, said)
    expect(quote(at_bob)).to_contain_text(first)
    quote(at_bob).click()
    expect(bubble(bob, first).first).to_be_in_viewport()
    expect(at_bob).not_to_be_in_viewport()
    bob.get_by_role("button", name="Back to the reply").click()
    expect(at_bob).to_be_in_viewport()
    expect(bob.get_by_role("button", name="Back to the reply")).to_be_hidden()

    # What their sender claims to answer, and is not here, is told as that.
    alice.evaluate(FORGED, [forged := text(), NOBODYS])
    expect(quote(bubble(bob, forged))).to_contain_text("Message not here")
    expect(quote(bubble(bob, forged))).to_be_disabled()
