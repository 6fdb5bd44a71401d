"""What a stranger writes must neither freeze nor deceive the person who reads it."""

import pytest
from playwright.sync_api import Page, expect

from testkit.browser.pages import ready
from tests.browser.chatting import SLOW_MS, Pair, bubble, composer, write

LONGEST = 31_000  # characters of one message
TASK_MS = 10_000  # the start of a page takes some, on a busy machine; the search took 28,000
HOSTILE = ["https://a.b/" + ")" * LONGEST, "http:// " * (LONGEST // 8), "a@" * (LONGEST // 2)]

BLOCKED = """() => {
  window.blocked = 0;
  new PerformanceObserver((list) => {
    window.blocked = Math.max(window.blocked, ...list.getEntries().map(({ duration }) => duration));
  }).observe({ type: "longtask", buffered: true });
}"""


@pytest.mark.parametrize("words", HOSTILE, ids=["brackets", "schemes", "addresses"])
def test_a_message_of_full_length_blocks_nobody(pair: Pair, words: str) -> None:
    for page in (pair.alice, pair.bob):
        page.evaluate(BLOCKED)
    write(pair.alice, words)
    for page in (pair.alice, pair.bob):
        expect(bubble(page, words[:9])).to_be_visible(timeout=SLOW_MS)
    pair.bob.reload()
    ready(pair.bob)
    pair.bob.evaluate(BLOCKED)
    expect(bubble(pair.bob, words[:9])).to_be_visible()
    for page in (pair.alice, pair.bob):
        assert page.evaluate("window.blocked") < TASK_MS


def _links(page: Page, words: str) -> list[list[str]]:
    script = (
        "links => links.map(link => [link.innerText, link.href, getComputedStyle(link).direction])"
    )
    found: list[list[str]] = bubble(page, words).locator("a").evaluate_all(script)
    return found


def test_a_link_reads_as_what_it_leads_to(pair: Pair) -> None:
    write(pair.alice, "one https://example.org/\u202egpj.exe")
    write(pair.alice, "two https://аррӏе.com")
    write(pair.alice, "three bob@example.org")
    expect(bubble(pair.bob, "three")).to_be_visible()
    assert _links(pair.bob, "one") == [["https://example.org/", "https://example.org/", "ltr"]]
    expect(bubble(pair.bob, "one")).to_contain_text("https://example.org/[U+202E]gpj.exe")
    host = "xn--80ak6aa92e.com"
    assert _links(pair.bob, "two") == [[f"https://аррӏе.com ({host})", f"https://{host}/", "ltr"]]
    assert _links(pair.bob, "three") == [["bob@example.org", "mailto:bob@example.org", "ltr"]]


def test_a_draft_outlives_a_page_that_goes_at_once(pair: Pair) -> None:
    field = composer(pair.alice)
    field.press_sequentially("unfinished")
    pair.alice.reload()
    expect(field).to_have_value("unfinished")
    field.press("End")
    field.press("Backspace")
    pair.alice.goto("/settings")
    pair.alice.go_back()
    expect(field).to_have_value("unfinishe")
    field.fill("")
    pair.alice.reload()
    expect(field).to_be_enabled()
    expect(field).to_have_value("")
    pair.alice.reload()  # a field that was not filled yet deletes nothing
    field.fill("once more")
    pair.alice.reload(wait_until="commit")
    pair.alice.goto(pair.alice.url)
    expect(field).to_have_value("once more")


def test_a_draft_is_kept_as_it_is_typed_and_waits_for_no_timer(pair: Pair) -> None:
    """A page may go at any moment: what waits for a timer then is lost."""
    other = pair.alice.context.new_page()
    other.goto("/chats")
    ready(other)
    row = other.locator("chat-list").get_by_role("link", name="Bob")
    pair.alice.evaluate("() => { window.setTimeout = () => 0 }")
    field = composer(pair.alice)
    field.fill("unfinished")
    expect(row).to_contain_text("Draft: unfinished")
    field.fill("")
    expect(row).not_to_contain_text("Draft")
