"""What two people do with each other on the pages of chats and people."""

import re
from dataclasses import dataclass
from itertools import count

from playwright.sync_api import Locator, Page, expect

from testkit.browser.pages import ready
from testkit.browser.people import Person
from tests.browser import readymade

SLOW_MS = 30_000  # Argon2id, in a machine that runs other tests
SEND_ALL = """async (texts) => {
  const { bus } = await import("/static/js/tabs/bus.js");
  const { textOf } = await import("/static/js/chat/content.js");
  const conv = document.querySelector("chat-thread").getAttribute("conv");
  for (const text of texts)
    await bus.ask("send", { id: crypto.randomUUID(), conv, content: textOf(text) });
}"""
_texts = count(1)


def text() -> str:
    """A text that no other test has written, and that stands in no other."""
    return f"message number {next(_texts):04}"


@dataclass
class Pair:
    """Alice and Bob, each in a window."""

    alice: Page
    bob: Page
    alice_is: Person
    bob_is: Person


def newcomer(page: Page, display_name: str) -> Person:
    (person,) = readymade.make((page, display_name))
    open_page(page, "/chats")
    return person


def strangers(alice: Page, bob: Page) -> Pair:
    """Each on an empty list of chats."""
    pair = Pair(alice, bob, *readymade.make((alice, "Alice"), (bob, "Bob")))
    open_pages("/chats", alice, bob)
    return pair


def face_to_face(alice: Page, bob: Page) -> Pair:
    """Connected, each in front of the same conversation, which is empty."""
    pair = Pair(alice, bob, *readymade.make((alice, "Alice"), (bob, "Bob")))
    open_pages(readymade.connect(pair.alice_is, pair.bob_is), alice, bob)
    for page in (alice, bob):
        expect(composer(page)).to_be_enabled()
    return pair


def connect(alice: Page, bob: Page, name_of_bob: str) -> None:
    """Alice asks, Bob accepts; both are on their page of people afterwards."""
    ask(alice, name_of_bob)
    open_page(bob, "/people")
    bob.get_by_role("button", name="Accept").click()
    expect(composer(bob)).to_be_enabled()
    open_page(bob, "/people")
    for page in (alice, bob):
        expect(contacts(page).get_by_role("link", name="Write").first).to_be_visible()


def ask(page: Page, name: str) -> None:
    find(page, name)
    page.get_by_role("button", name="Ask to chat").click()
    expect(page.locator("people-find").get_by_role("button", name="Withdraw")).to_be_visible()


def find(page: Page, name: str) -> None:
    open_page(page, "/people")
    page.get_by_label("Exact username").fill(name)
    page.get_by_role("button", name="Find", exact=True).click()


def contacts(page: Page) -> Locator:
    return page.locator("people-list section[data-group='3']")


def open_page(page: Page, address: str) -> None:
    page.goto(address)
    ready(page)


def open_pages(address: str, *pages: Page) -> None:
    """In all windows at once."""
    for page in pages:
        page.goto(address, wait_until="commit")
    for page in pages:
        ready(page)


def open_chat(page: Page, name: str) -> None:
    """From wherever, by the list of chats."""
    if not re.search(r"/chats", page.url):
        open_page(page, "/chats")
    page.locator("chat-list").get_by_role("link", name=name).click()
    expect(page.locator("chat-thread").get_by_role("heading", name=name)).to_be_visible()
    expect(composer(page)).to_be_enabled()


def composer(page: Page) -> Locator:
    return page.get_by_label("Message", exact=True)


def write(page: Page, words: str) -> None:
    composer(page).fill(words)
    composer(page).press("Enter")


def write_all(page: Page, texts: list[str]) -> None:
    """As the composer sends them, without the time that typing takes."""
    page.evaluate(SEND_ALL, texts)


def bubble(page: Page, words: str) -> Locator:
    return page.locator(".message").filter(has_text=words)


def expect_status(page: Page, words: str, status: str) -> None:
    """What a screen reader hears behind the message: Sent, Delivered, Read…"""
    expect(bubble(page, words).locator("[data-part='status']")).to_have_text(status)


def both_understand(a: Page, b: Page) -> None:
    """A new text each way."""
    for page, other in ((a, b), (b, a)):
        said = text()
        write(page, said)
        expect(bubble(other, said)).to_be_visible(timeout=SLOW_MS)
