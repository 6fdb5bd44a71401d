"""Two people, from the request to read ticks, and what may go wrong between them."""

import re

import pytest
from playwright.sync_api import expect

from testkit.browser.chromium import PHONE
from testkit.browser.people import sign_in, sign_up, somebody
from tests.browser import chatting
from tests.browser.chatting import (
    Pair,
    bubble,
    composer,
    expect_status,
    open_chat,
    text,
    write,
    write_all,
)
from tests.browser.conftest import OpenWindow
from tests.browser.readable import serious


@pytest.fixture
def strangers(open_window: OpenWindow) -> Pair:
    return chatting.strangers(open_window("alice").page, open_window("bob").page)


@pytest.mark.engine
def test_from_signing_up_to_read_ticks(open_window: OpenWindow) -> None:
    alice, bob = open_window("alice").page, open_window("bob").page
    pair = Pair(alice, bob, sign_up(alice, somebody("Alice")), sign_up(bob, somebody("Bob")))
    chatting.ask(pair.alice, pair.bob_is.name)
    badge = pair.bob.locator("#rail-people")
    expect(badge).to_contain_text("1")
    chatting.open_page(pair.bob, "/people")
    asking = pair.bob.locator("section[data-group='2']")
    expect(asking).to_contain_text(pair.alice_is.display_name)
    pair.bob.get_by_role("button", name="Accept").click()
    expect(composer(pair.bob)).to_be_enabled()
    chatting.open_page(pair.bob, "/people")
    open_chat(pair.alice, "Bob")

    words = text()
    write(pair.alice, words)
    expect_status(pair.alice, words, "Delivered")
    expect(chatting.bubble(pair.bob, words)).to_have_count(0)

    open_chat(pair.bob, "Alice")
    expect(bubble(pair.bob, words)).to_be_visible()
    expect_status(pair.alice, words, "Read")
    answer = text()
    write(pair.bob, answer)
    expect(bubble(pair.alice, answer)).to_be_visible()
    expect(pair.alice.locator("#announcer")).to_have_text(f"Bob: {answer}")


@pytest.mark.engine
def test_what_was_not_looked_at_is_unread_and_counted(pair: Pair) -> None:
    chatting.open_page(pair.bob, "/people")
    for words in (first := text(), second := text()):
        write(pair.alice, words)
        expect_status(pair.alice, words, "Delivered")
    pair.bob.goto("/chats")
    row = pair.bob.locator("chat-list").get_by_role("link", name="Alice")
    expect(row).to_contain_text("2 new")
    expect(row).to_contain_text(second)
    row.click()
    expect(pair.bob.locator(".thread-line[data-type='unread']")).to_be_visible()
    expect_status(pair.alice, first, "Read")
    expect(row.locator(".chat-unread")).to_be_hidden()


@pytest.mark.engine
def test_both_ask_in_the_same_instant(strangers: Pair) -> None:
    pair = strangers
    for page, other in ((pair.alice, pair.bob_is), (pair.bob, pair.alice_is)):
        chatting.find(page, other.name)
        expect(page.get_by_role("button", name="Ask to chat")).to_be_visible()
    for page in (pair.alice, pair.bob):
        page.get_by_role("button", name="Ask to chat").dispatch_event("click")
    for page, name in ((pair.alice, "Bob"), (pair.bob, "Alice")):
        expect(chatting.contacts(page)).to_contain_text(name)
        open_chat(page, name)
    assert pair.alice.url == pair.bob.url  # one conversation
    write(pair.alice, words := text())
    expect(bubble(pair.bob, words)).to_be_visible()


@pytest.mark.engine
def test_both_write_first_at_once(pair: Pair) -> None:
    """Nobody has made a key yet: one epoch stands, and both texts are readable on both sides."""
    texts = [text(), text()]
    for page, words in zip((pair.alice, pair.bob), texts, strict=True):
        composer(page).fill(words)
    for page in (pair.alice, pair.bob):
        page.locator("chat-composer form").evaluate("form => { form.requestSubmit() }")
    for page in (pair.alice, pair.bob):
        for words in texts:
            expect(bubble(page, words)).to_be_visible()


@pytest.mark.engine
def test_both_renew_the_key_at_once(pair: Pair) -> None:
    write(pair.alice, before := text())
    expect(bubble(pair.bob, before)).to_be_visible()
    for page in (pair.alice, pair.bob):
        page.get_by_role("button", name="More about this chat").click()
        page.locator("#thread-menu").get_by_role("button", name="Compare safety number").click()
    for page in (pair.alice, pair.bob):
        page.get_by_role("button", name="Renew the encryption key").dispatch_event("click")
    for page in (pair.alice, pair.bob):
        expect(page.locator("dialog.verify")).to_contain_text("New messages use a new key.")
        page.keyboard.press("Escape")
        expect(page.locator(".thread-line[data-type='notice']")).to_contain_text("renewed")
    texts = [text() for _ in range(4)]
    for number, words in enumerate(texts):
        write((pair.alice, pair.bob)[number % 2], words)
    for page in (pair.alice, pair.bob):
        for words in texts:
            expect(bubble(page, words)).to_be_visible()
        page.reload()
        for words in [before, *texts]:
            expect(bubble(page, words)).to_be_visible()
    expect(pair.bob.locator(".message[data-odd]")).to_have_count(0)


def test_reload_in_mid_send(pair: Pair) -> None:
    """The line is cut, the text waits through a reload, and arrives once."""
    write(pair.alice, first := text())
    expect_status(pair.alice, first, "Read")
    pair.alice.context.set_offline(True)
    pair.alice.evaluate("() => { dispatchEvent(new Event('offline')) }")
    write(pair.alice, words := text())
    expect(bubble(pair.alice, words)).to_be_visible()
    pair.alice.context.set_offline(False)
    pair.alice.reload()
    expect_status(pair.alice, words, "Read")
    expect(bubble(pair.alice, words)).to_have_count(1)
    expect(bubble(pair.bob, words)).to_have_count(1)


def test_reload_right_after_enter(pair: Pair) -> None:
    """What stands on the page is kept. What does not stand there yet holds the page back."""
    texts = [text() for _ in range(5)]
    for words in texts[:-1]:
        write(pair.alice, words)
    composer(pair.alice).fill(texts[-1])
    leaving = "() => !dispatchEvent(new Event('beforeunload', {cancelable: true}))"
    form = pair.alice.locator("chat-composer form")
    assert form.evaluate(f"form => {{ form.requestSubmit(); return ({leaving})() }}")
    expect(bubble(pair.alice, texts[-1])).to_be_visible()
    expect(composer(pair.alice)).to_have_value("")
    assert not pair.alice.evaluate(leaving)
    pair.alice.reload()
    for page in (pair.alice, pair.bob):
        for words in texts:
            expect(bubble(page, words)).to_have_count(1)
    shown = pair.bob.locator(".message").all_inner_texts()
    order = [next(i for i, line in enumerate(shown) if words in line) for words in texts]
    assert order == sorted(order)


def test_scroll_back_without_jumps(pair: Pair) -> None:
    texts = [
        f"{text()} of many" for _ in range(110)
    ]  # three pages: two are there when it is opened
    write_all(pair.alice, texts)
    expect(bubble(pair.bob, texts[-1])).to_be_visible(timeout=60_000)
    pair.bob.reload()
    expect(bubble(pair.bob, texts[-1])).to_be_visible()
    expect(pair.bob.get_by_text(texts[0], exact=True)).to_have_count(0)  # not loaded yet
    expect(pair.bob.locator("chat-list .chat-unread:visible")).to_have_count(0)  # all are read
    box = pair.bob.locator(".thread-scroll")
    moved = box.evaluate(SCROLL_UP_AND_MEASURE)
    assert moved <= 2
    for _ in range(10):
        box.evaluate("box => { box.scrollTop = 0 }")
        if pair.bob.get_by_text(texts[0], exact=True).count():
            break
    expect(pair.bob.get_by_text(texts[0], exact=True)).to_be_visible()
    expect(pair.bob.locator(".message")).to_have_count(110)
    write(pair.alice, late := text())
    expect(pair.bob.locator("[data-part='jump-count']")).to_contain_text("1 new")
    pair.bob.get_by_role("button", name="Go to the newest message").click()
    expect(bubble(pair.bob, late)).to_be_in_viewport()


# How far the message at the top of the window moves while older ones are put above it.
SCROLL_UP_AND_MEASURE = """
async (box) => {
  box.scrollTop = 900;
  await new Promise((done) => requestAnimationFrame(done));
  const top = box.getBoundingClientRect().top;
  const rows = () => [...box.querySelectorAll(".message")];
  const anchor = rows().find((row) => row.getBoundingClientRect().bottom > top);
  const count = rows().length;
  box.scrollTop = 400;
  const before = anchor.getBoundingClientRect().top;
  for (let i = 0; i < 1500 && rows().length === count; i++) {
    await new Promise((done) => setTimeout(done, 20));
  }
  if (rows().length === count) return 9999;
  return Math.abs(anchor.getBoundingClientRect().top - before);
}
"""


def test_links_are_safe_and_texts_are_texts(pair: Pair) -> None:
    words = 'see https://example.org/a?b=1. <b id="x">no</b> javascript:alert(1)\nsecond line'
    composer(pair.alice).fill(words)
    composer(pair.alice).press("Enter")
    shown = pair.bob.locator(".message [data-part='text']").last
    expect(shown).to_have_text(words, use_inner_text=True)
    links = shown.locator("a")
    expect(links).to_have_count(1)
    expect(links).to_have_attribute("href", "https://example.org/a?b=1")
    expect(links).to_have_attribute("rel", "noopener noreferrer")
    expect(pair.bob.locator("#x")).to_have_count(0)


def test_enter_of_an_input_method_does_not_send(pair: Pair) -> None:
    composer(pair.alice).fill("にほん")
    press = """(field, more) => {
      const how = {key: "Enter", bubbles: true, cancelable: true, ...more};
      field.dispatchEvent(new KeyboardEvent("keydown", how));
    }"""
    for more in ({"isComposing": True}, {"keyCode": 229}, {"shiftKey": True}):
        composer(pair.alice).evaluate(press, more)
    expect(composer(pair.alice)).to_have_value("にほん")
    composer(pair.alice).evaluate(press, {"keyCode": 13})  # the control: this one does
    expect(bubble(pair.bob, "にほん")).to_be_visible()


def test_two_tabs_of_one_device(pair: Pair) -> None:
    second = pair.alice.context.new_page()
    second.goto(pair.alice.url)
    expect(composer(second)).to_be_enabled()
    write(second, mine := text())
    for page in (pair.alice, second, pair.bob):
        expect(bubble(page, mine)).to_have_count(1)
    write(pair.bob, theirs := text())
    for page in (pair.alice, second):
        expect(bubble(page, theirs)).to_have_count(1)
    pair.alice.close()  # it held the line
    write(second, last := text())
    expect(bubble(pair.bob, last)).to_be_visible()
    expect_status(second, last, "Read")


@pytest.mark.engine
def test_a_draft_stays_with_its_chat(pair: Pair) -> None:
    composer(pair.alice).fill("unfinished")
    pair.alice.locator("chat-list").get_by_text("Draft: unfinished").wait_for()
    pair.alice.reload()
    expect(composer(pair.alice)).to_have_value("unfinished")
    write(pair.bob, words := text())
    expect(bubble(pair.alice, words)).to_be_visible()
    expect(composer(pair.alice)).to_have_value("unfinished")


def test_a_private_name_is_shown_and_told_to_nobody(pair: Pair) -> None:
    pair.alice.get_by_role("button", name="More about this chat").click()
    pair.alice.get_by_role("button", name="Private name").click()
    pair.alice.get_by_label("Name", exact=True).fill("Bob from work")
    pair.alice.get_by_role("button", name="Save").click()
    heading = pair.alice.locator("chat-thread").get_by_role("heading", name="Bob from work")
    expect(heading).to_be_visible()
    pair.alice.reload()
    expect(heading).to_be_visible()


def test_blocked_people_stay_out_and_are_not_told(pair: Pair) -> None:
    write(pair.bob, before := text())
    expect(bubble(pair.alice, before)).to_be_visible()  # the control
    pair.alice.get_by_role("button", name="More about this chat").click()
    pair.alice.get_by_role("button", name="Block").click()
    expect(pair.alice.locator("chat-composer")).to_contain_text("You blocked")
    expect(pair.alice.locator(".toasts")).to_contain_text("Bob is blocked, and is not told.")
    write(pair.bob, unwanted := text())
    expect_status(pair.bob, unwanted, "Sent")
    pair.alice.reload()
    expect(pair.alice.locator("chat-composer")).to_contain_text("You blocked")
    expect(bubble(pair.alice, unwanted)).to_have_count(0)


@pytest.mark.engine
def test_a_block_and_a_withdrawal_can_be_taken_back(pair: Pair, open_window: OpenWindow) -> None:
    pair.alice.get_by_role("button", name="More about this chat").click()
    pair.alice.get_by_role("button", name="Block").click()
    expect(pair.alice.locator("chat-composer")).to_contain_text("You blocked")
    pair.alice.get_by_role("button", name="Undo").click()
    write(pair.alice, words := text())
    expect(bubble(pair.bob, words)).to_be_visible()
    carol = open_window("carol").page
    carol_is = chatting.newcomer(carol, "Carol")
    chatting.ask(pair.alice, carol_is.name)
    pair.alice.get_by_role("button", name="Withdraw").first.click()
    expect(carol.locator("#rail-people")).to_be_empty()
    pair.alice.get_by_role("button", name="Undo").click()
    expect(carol.locator("#rail-people")).to_contain_text("1")


@pytest.mark.engine
def test_declined_looks_like_unanswered(strangers: Pair) -> None:
    pair = strangers
    chatting.ask(pair.alice, pair.bob_is.name)
    chatting.open_page(pair.bob, "/people")
    asks = pair.bob.locator("section[data-group='2']")
    pair.bob.get_by_role("button", name="Decline").click()
    expect(asks).to_be_hidden()
    pair.bob.get_by_role("button", name="Undo").click()
    expect(asks).to_contain_text("Alice")
    pair.bob.get_by_role("button", name="Decline").click()
    expect(asks).to_be_hidden()
    chatting.open_page(pair.alice, "/people")
    expect(pair.alice.locator("section[data-group='1']")).to_contain_text("Bob")


@pytest.mark.engine
def test_mallory_finds_nothing_at_the_address_of_a_chat(
    pair: Pair, open_window: OpenWindow
) -> None:
    write(pair.alice, words := text())
    expect(bubble(pair.bob, words)).to_be_visible()  # the control
    mallory = open_window("mallory").page
    chatting.newcomer(mallory, "Mallory")
    foreign, absent = pair.alice.url, re.sub(r"[0-9a-f]{32}", "ab" * 16, pair.alice.url)
    for address in (foreign, absent):
        answer = mallory.goto(address)
        assert answer
        assert answer.status == 404
        expect(mallory.get_by_role("heading", name="Nothing here")).to_be_visible()
        expect(mallory.locator(".message")).to_have_count(0)
        expect(mallory.get_by_text("Bob")).to_have_count(0)


def test_phone_shows_one_pane_and_a_way_back(open_window: OpenWindow) -> None:
    alice = open_window("alice", viewport=PHONE, has_touch=True, is_mobile=True).page
    bob = open_window("bob").page
    chatting.face_to_face(alice, bob)
    expect(alice.locator("chat-list")).to_be_hidden()
    write(alice, first := text())
    expect(composer(alice)).to_have_value(f"{first}\n")  # a phone's Enter begins a line
    composer(alice).press_sequentially(second := text())
    expect(alice.locator(".message")).to_have_count(0)
    alice.get_by_role("button", name="Send").tap()
    expect(composer(alice)).to_have_value("")
    open_chat(bob, "Alice")
    expect(bubble(bob, first)).to_contain_text(second)
    expect(bob.locator(".message")).to_have_count(1)
    alice.get_by_role("link", name="Back to all chats").tap()
    expect(alice.locator("chat-thread")).to_be_hidden()
    expect(alice.locator("chat-list")).to_contain_text(first)
    expect(alice.locator("chat-list")).not_to_contain_text("Draft")


def test_nothing_serious_for_axe(pair: Pair) -> None:
    write(pair.alice, words := text())
    expect(bubble(pair.bob, words)).to_be_visible()
    pages = [pair.alice]
    pages += [pair.bob]
    chatting.open_page(pair.bob, "/people")
    for page in pages:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert not serious(page), scheme


@pytest.mark.engine
def test_a_second_browser_reads_what_was_written_before_it(
    pair: Pair, open_window: OpenWindow
) -> None:
    texts = [text() for _ in range(3)]
    for words in texts:
        write(pair.bob, words)
    expect(bubble(pair.alice, texts[-1])).to_be_visible()
    second = open_window("alice's second browser").page
    sign_in(second, pair.alice_is)
    open_chat(second, "Bob")
    for words in texts:
        expect(bubble(second, words)).to_be_visible()
    write(second, mine := text())
    expect(bubble(pair.alice, mine)).to_be_visible()
    expect(bubble(pair.bob, mine)).to_be_visible()
    write(pair.bob, theirs := text())
    for page in (pair.alice, second):
        expect(bubble(page, theirs)).to_be_visible()
    for page in (pair.alice, second, pair.bob):
        expect(page.locator(".message[data-odd]")).to_have_count(0)
        expect(page.locator(".message-warning:visible")).to_have_count(0)


def test_offline_is_said(pair: Pair) -> None:
    pair.alice.context.set_offline(True)
    expect(pair.alice.locator(".pane-list chat-status")).to_contain_text("offline")
    write(pair.alice, words := text())
    expect_status(pair.alice, words, "Waiting to be sent")
    pair.alice.context.set_offline(False)
    expect_status(pair.alice, words, "Read")
    expect(pair.alice.locator(".pane-list chat-status")).to_be_empty()


@pytest.mark.engine
def test_being_there_and_writing_are_shown_while_they_last(pair: Pair) -> None:
    presence = pair.alice.locator("chat-person [data-part='presence']")
    expect(presence).to_have_text("Online")
    composer(pair.bob).press_sequentially("thinking")
    expect(presence).to_have_text("is writing…")
    composer(pair.bob).press("Enter")
    expect(presence).to_have_text("Online")
    pair.bob.close()
    expect(presence).not_to_have_text("Online", timeout=30_000)
