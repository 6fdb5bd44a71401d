"""Ten thousand messages, a thousand conversations: the page stays light, and nothing moves."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.rates import DIRECTORY
from messaging.protocol import PAGE_MAX
from testkit import seeding
from testkit.browser import pages, people
from testkit.running import Site
from tests.browser import chatting
from tests.browser.conftest import Window

pytestmark = pytest.mark.embedded("it is about the browser, and long histories are put into SQL")

MESSAGES = 10_000
CONVERSATIONS = 1000
UNREAD = 400  # of the long one
BACK = 600  # messages scrolled back through
NODES_MAX = 400  # of messages, days and lines in the document, however far one scrolls
ANCHOR_PX = 2
BEHIND_MS = 60_000  # a browser that catches up with a thousand conversations, beside other work

# The message in the middle of the window, and where it stands. What is further away may go.
MIDDLE = """box => {
  const { top, height } = box.getBoundingClientRect();
  const nodes = [...box.querySelectorAll(".message")];
  const node = nodes.find((one) => one.getBoundingClientRect().bottom > top + height / 2);
  return [Number(node.dataset.seq), node.getBoundingClientRect().top];
}"""
TOP_OF = """(box, seq) => {
  const node = box.querySelector(`.message[data-seq="${seq}"]`);
  return node && node.getBoundingClientRect().top;
}"""
# One turn of the wheel; the answer comes when two frames are painted.
TURN = """(box, by) => new Promise((done) => {
  const before = box.scrollTop;
  box.scrollTop += by;
  const moved = box.scrollTop - before;
  requestAnimationFrame(() => requestAnimationFrame(() => done(moved)));
})"""


# How many rows of the list are in their place, frame by frame.
NOTE_ROWS = """
window.rows = [];
requestAnimationFrame(function note() {
  window.rows.push(document.querySelectorAll(".chats > li[data-row]").length);
  requestAnimationFrame(note);
});
"""


@dataclass
class Reader:
    """Alice, and the long conversation of hers."""

    person: people.Person
    window: Window
    convs: list[str]

    @property
    def page(self) -> Page:
        return self.window.page

    @property
    def box(self) -> Locator:
        return self.page.locator(".thread-scroll")

    def open(self, number: int) -> None:
        chatting.open_page(self.page, f"/chats/{self.convs[number]}")
        expect(self.page.locator(".message").first).to_be_visible(timeout=BEHIND_MS)


@pytest.fixture
def knows(open_window: Callable[..., Window], site: Site) -> Callable[[list[int]], Reader]:
    """Alice was away while all of that was written to her."""

    def knows(lengths: list[int]) -> Reader:
        window = open_window("alice")
        person = chatting.newcomer(window.page, "Alice")
        window.page.goto("about:blank")
        return Reader(person, window, seeding.seeded(site, person.name, lengths, UNREAD))

    return knows


def test_ten_thousand_messages(knows: Callable[[list[int]], Reader]) -> None:
    reader = knows([MESSAGES])
    reader.open(0)
    opens_at_the_first_unread_message(reader)
    goes_to_the_newest(reader)
    scrolls_back_without_a_jump(reader)
    comes_down_again(reader)


def opens_at_the_first_unread_message(reader: Reader) -> None:
    """Without reading what lies between it and the end."""
    line = reader.page.locator(".thread-line[data-type='unread']")
    expect(line).to_be_in_viewport()
    following = line.locator("xpath=following-sibling::*[1]")
    expect(following).to_contain_text(seeding.words(MESSAGES - UNREAD + 1))
    assert reader.page.locator(".message").count() <= 2 * PAGE_MAX
    pages.live(reader.page)
    newest = reader.page.locator("chat-list").get_by_text(seeding.words(MESSAGES), exact=True)
    expect(newest).to_be_attached()  # it has caught up, and did not move for that
    badge = reader.page.locator("chat-list .chat-unread")
    expect(badge).not_to_contain_text(f"{UNREAD} new")  # what is on the screen is read now
    match = re.search(r"(\d+) new", badge.inner_text())
    assert match, "and the rest is unread"
    assert int(match[1]) > UNREAD - PAGE_MAX
    expect(line).to_be_in_viewport()


def goes_to_the_newest(reader: Reader) -> None:
    reader.page.get_by_role("button", name="Go to the newest message").click()
    expect(chatting.bubble(reader.page, seeding.words(MESSAGES))).to_be_in_viewport()


def scrolls_back_without_a_jump(reader: Reader) -> None:
    seen, worst = MESSAGES, 0.0
    for _ in range(600):
        seq, top = reader.box.evaluate(MIDDLE)
        moved = reader.box.evaluate(TURN, -600)
        now = reader.box.evaluate(TOP_OF, seq)
        assert now is not None, f"message {seq} went while somebody looked at it"
        # Older messages may have come in above meanwhile: only what the wheel did may show.
        worst = max(worst, abs(now - top + moved))
        seen = min(seen, seq)
        assert reader.page.locator(".messages > *").count() <= NODES_MAX
        if seen < MESSAGES - BACK:
            break
    assert seen < MESSAGES - BACK
    assert worst <= ANCHOR_PX


def comes_down_again(reader: Reader) -> None:
    """What was let go below comes back, in order and without a hole."""
    for _ in range(12):
        reader.box.evaluate(TURN, 600)
    seqs = reader.page.locator(".message").evaluate_all("all => all.map((one) => +one.dataset.seq)")
    assert seqs == list(range(seqs[0], seqs[-1] + 1))
    reader.page.get_by_role("button", name="Go to the newest message").click()
    expect(chatting.bubble(reader.page, seeding.words(MESSAGES))).to_be_in_viewport()


def test_a_thousand_conversations(
    knows: Callable[[list[int]], Reader], open_window: Callable[..., Window]
) -> None:
    reader = knows([1] * CONVERSATIONS)
    makes_the_list_in_slices(reader)
    finds_and_opens_the_last(reader)
    a_new_device_reads_all(reader, open_window("second").page)


def makes_the_list_in_slices(reader: Reader) -> None:
    reader.window.context.add_init_script(NOTE_ROWS)
    reader.page.goto("/chats")
    rows = reader.page.locator(".chats > li[data-row]")
    expect(rows).to_have_count(CONVERSATIONS, timeout=BEHIND_MS)
    frames = reader.page.evaluate("rows")
    steps = [after - before for before, after in pairwise(frames)]
    assert max(steps) < CONVERSATIONS / 4, "made in slices, between which the page answers"
    expect(rows.first).to_contain_text(seeding.words(1), timeout=BEHIND_MS)


def finds_and_opens_the_last(reader: Reader) -> None:
    rows = reader.page.locator(".chats > li[data-row]")
    last = rows.last
    name = last.locator("[data-part='name']").text_content() or ""
    reader.page.get_by_label("Filter chats by name").fill(name)
    expect(rows.locator("visible=true")).to_have_count(1)
    last.click()
    expect(chatting.bubble(reader.page, seeding.words(1))).to_be_in_viewport(timeout=BEHIND_MS)


def a_new_device_reads_all(reader: Reader, page: Page) -> None:
    """More contacts than it may ask times; the first screen is there before the others are."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    people.sign_in(page, reader.person)
    rows = page.locator(".chats > li[data-row]")
    expect(rows.nth(9)).to_contain_text(seeding.words(1), timeout=BEHIND_MS)
    expect(page.locator(".chats > li", has_text=seeding.words(1))).not_to_have_count(CONVERSATIONS)
    expect(page.locator(".chats > li", has_text=seeding.words(1))).to_have_count(
        CONVERSATIONS, timeout=120_000
    )
    assert DIRECTORY.count < CONVERSATIONS
    assert sum(path.startswith("/api/links") for path in asked) < DIRECTORY.count / 10
    assert sum(path.startswith("/api/") for path in asked) < CONVERSATIONS / 2
