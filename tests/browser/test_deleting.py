"""Messages that somebody deletes: for everyone, or on this device alone."""

import pytest
from playwright.sync_api import Error, Locator, Page, expect

from testkit.browser.pages import ready
from tests.browser import readymade
from tests.browser.chatting import SLOW_MS, Pair, bubble, open_page, text, write
from tests.browser.conftest import OpenWindow
from tests.browser.files import photo
from tests.browser.received import opened, with_files
from tests.browser.test_attachments import arrived, send

MINE = "You deleted this message."
THEIRS = "This message was deleted."
EVERYONE = "Delete for everyone"
HERE = "Delete for me, on this device"
CACHED = """async () => {
  const names = [];
  for await (const [, account] of (await navigator.storage.getDirectory()).entries())
    for await (const name of (await account.getDirectoryHandle("in", { create: true })).keys())
      names.push(name);
  return names;
}"""

# As no page does: deletes the newest message, which the other one wrote.
FORGED = """async () => {
  const { bus } = await import("/static/js/tabs/bus.js");
  const conv = document.querySelector("chat-thread").getAttribute("conv");
  const { messages } = await bus.ask("messages", conv);
  const { seq, mid } = messages.at(-1);
  await bus.ask("deleteForAll", crypto.randomUUID(), conv, seq, mid);
  return new Promise((resolve) => {
    const look = async () => {
      const [{ failed }] = await bus.ask("unsent");
      if (failed) resolve(failed);
    };
    bus.on("entry", look);
    void look();
  });
}"""


def menu(message: Locator) -> Locator:
    """As with a mouse: the button that a bubble shows beside its words."""
    message.locator(".bubble").hover()
    message.get_by_role("button", name="More about this message").click()
    return message.page.get_by_role("dialog", name="More about this message")


def delete(message: Locator) -> None:
    menu(message).get_by_role("button", name=EVERYONE).click()
    question = message.page.get_by_role("dialog", name="Delete this message for everyone?")
    question.get_by_role("button", name=EVERYONE).click()


def row(page: Page, name: str) -> Locator:
    return page.locator("chat-list").get_by_role("link", name=name)


def offline(page: Page, *, on: bool = True) -> None:
    page.context.set_offline(on)
    name = "offline" if on else "online"
    page.evaluate("(name) => { dispatchEvent(new Event(name)) }", name)


@pytest.mark.engine
@pytest.mark.files
def test_text_and_picture_go_from_everywhere(pair: Pair, open_window: OpenWindow) -> None:
    alice, bob = pair.alice, pair.bob
    caption = send(alice, photo())
    write(alice, words := text())
    expect(bubble(bob, words)).to_be_visible()
    picture = arrived(bob, caption).locator("[data-attachment] button").first
    (said,) = with_files(bob)
    assert opened(bob, said["att"][0])
    expect(bubble(alice, words).locator("[data-part='status']")).to_have_text("Read")

    offered = menu(bubble(bob, words))
    expect(offered.get_by_role("button", name=HERE)).to_be_visible()
    expect(offered.get_by_role("button", name=EVERYONE)).to_be_hidden()  # it is not theirs
    bob.keyboard.press("Escape")
    assert bob.evaluate(FORGED) == "unknown"
    expect(bubble(bob, words)).to_be_visible()
    picture.click()
    expect(bob.locator("media-viewer dialog")).to_be_visible()

    offline(alice)
    delete(bubble(alice, words))
    expect(bubble(alice, MINE)).to_contain_text("there is no connection", timeout=SLOW_MS)
    expect(bubble(alice, words)).to_have_count(0)
    expect(bubble(bob, words)).to_have_count(1)
    offline(alice, on=False)
    expect(bubble(bob, THEIRS)).to_have_count(1)
    delete(bubble(alice, caption))
    expect(bubble(alice, MINE)).to_have_count(2)
    expect(bubble(bob, THEIRS)).to_have_count(2)
    expect(bob.locator("media-viewer dialog")).to_be_hidden()
    for page, other, said_there in ((alice, "Bob", MINE), (bob, "Alice", THEIRS)):
        expect(row(page, other)).to_contain_text(said_there)
        expect(row(page, other).locator("[data-part='unread']")).to_be_hidden()
        expect(page.locator(".thread-scroll img[src]")).to_have_count(0)
        assert page.evaluate(CACHED) == []

    again = open_window("bob again").page
    readymade.another_device(again, pair.bob_is)
    open_page(again, bob.url)
    expect(bubble(again, THEIRS)).to_have_count(2)
    expect(row(again, "Alice")).to_contain_text(THEIRS)
    for page in (alice, again):  # who has read it lately may do so for half a minute more
        with pytest.raises(Error, match="gone"):
            opened(page, said["att"][0])
    bob.reload()
    expect(bubble(bob, THEIRS)).to_have_count(2)
    expect(bubble(bob, words)).to_have_count(0)


def test_for_me_it_goes_from_this_device(pair: Pair, open_window: OpenWindow) -> None:
    alice, bob = pair.alice, pair.bob
    write(alice, first := text())
    write(alice, second := text())
    expect(bubble(bob, second)).to_be_visible()
    other = open_window("bob again").page
    readymade.another_device(other, pair.bob_is)
    open_page(other, bob.url)

    bubble(bob, second).locator(".bubble").click(button="right")
    bob.get_by_role("button", name=HERE).click()
    expect(bubble(bob, second)).to_have_count(0)
    expect(row(bob, "Alice")).to_contain_text(first)
    bob.get_by_role("button", name="Undo").click()
    expect(bubble(bob, second)).to_be_visible()
    expect(row(bob, "Alice")).to_contain_text(second)

    # With a keyboard: the times of a message have the focus, then what lies beside them.
    bubble(bob, second).locator("[data-act='details']").focus()
    bob.keyboard.press("Tab")
    bob.keyboard.press("Enter")
    expect(bob.get_by_role("dialog", name="More about this message")).to_be_visible()
    for _ in range(2):  # past the answer and the copy
        bob.keyboard.press("ArrowDown")
    bob.keyboard.press("Enter")
    expect(bubble(bob, second)).to_have_count(0)
    expect(bubble(other, second)).to_be_visible()
    bob.reload()
    ready(bob)
    expect(bubble(bob, first)).to_be_visible()
    expect(bubble(bob, second)).to_have_count(0)
    expect(bubble(alice, second)).to_be_visible()

    # What was not sent yet just goes; a finger that stays opens the menu, too.
    offline(alice)
    write(alice, unsent := text())
    finger = {"pointerType": "touch", "isPrimary": True, "clientX": 9, "clientY": 9}
    bubble(alice, unsent).locator(".bubble").dispatch_event("pointerdown", finger)
    alice.get_by_role("dialog", name="More about this message").get_by_role(
        "button", name="Delete"
    ).click()
    expect(bubble(alice, unsent)).to_have_count(0)
    offline(alice, on=False)
    write(alice, last := text())
    expect(bubble(bob, last)).to_be_visible(timeout=SLOW_MS)
    expect(bubble(bob, unsent)).to_have_count(0)
