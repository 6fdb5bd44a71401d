"""Nothing that was written is lost: what cannot go says why, and what its writer can do."""

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from testkit.browser import pages
from testkit.browser.chromium import PHONE
from testkit.running import Site
from tests.browser import chatting, readymade
from tests.browser.chatting import Pair, bubble, composer, expect_status, open_chat, text, write
from tests.browser.conftest import OpenWindow

TOLD_MS = 30_000  # within it, each message is sent, or says that it waits or failed
FULL = "This browser's storage is full"
APART = "Not sent: you blocked this person"
OFFLINE = "Not sent yet: there is no connection"


@dataclass
class Two(Pair):
    """Alice and Bob, and the storage of Alice's browser."""

    disk: "Disk"


@pytest.fixture
def pair(open_window: OpenWindow, site: Site) -> Two:
    """Alice in a narrow window, Bob at a desk, each in front of the same conversation."""
    alice = open_window("alice", viewport=PHONE).page
    bob = open_window("bob").page
    disk = Disk(alice, site.url)
    pair = Two(**vars(chatting.face_to_face(alice, bob)), disk=disk)
    write(alice, words := text())
    expect_status(alice, words, "Read")
    return pair


class TestRefused:
    def test_it_says_why_is_kept_and_goes_once_when_tried_again(
        self, pair: Two, open_window: OpenWindow
    ) -> None:
        other = open_window("alice's other browser").page
        readymade.another_device(other, pair.alice_is)
        open_chat(other, "Bob")
        pair.alice.context.set_offline(True)
        for words in (wanted := text(), unwanted := text()):
            write(pair.alice, words)
            expect_status(pair.alice, words, "Waiting to be sent")
        block(other)
        pair.alice.context.set_offline(False)
        for words in (wanted, unwanted):
            expect_failed(pair.alice, words)
        expect(pair.alice.locator("#announcer")).to_contain_text(APART)
        pair.alice.reload()
        for words in (wanted, unwanted):
            expect_failed(pair.alice, words)
        preview = pair.alice.locator("chat-list [data-part='preview']")
        expect(preview).to_have_text(unwanted)

        press(bubble(pair.alice, unwanted).get_by_role("button", name="Delete"))
        expect(bubble(pair.alice, unwanted)).to_have_count(0)
        pair.alice.get_by_role("button", name="Undo").click()
        expect_failed(pair.alice, unwanted)
        press(bubble(pair.alice, unwanted).get_by_role("button", name="Delete"))
        expect(bubble(pair.alice, unwanted)).to_have_count(0)
        chatting.open_page(other, "/people")
        other.get_by_role("button", name="Unblock").click()
        expect(composer(pair.alice)).to_be_enabled()
        press(bubble(pair.alice, wanted).get_by_role("button", name="Try again"))
        expect_status(pair.alice, wanted, "Read")
        pair.alice.reload()
        expect_status(pair.alice, wanted, "Read")
        for page in (pair.alice, pair.bob):
            expect(bubble(page, wanted)).to_have_count(1)
            expect(bubble(page, unwanted)).to_have_count(0)

    def test_tried_again_too_early_it_stays_what_it_was(
        self, pair: Two, open_window: OpenWindow
    ) -> None:
        other = open_window("alice's other browser").page
        readymade.another_device(other, pair.alice_is)
        open_chat(other, "Bob")
        pair.alice.context.set_offline(True)
        write(pair.alice, words := text())
        block(other)
        pair.alice.context.set_offline(False)
        expect_failed(pair.alice, words)
        bubble(pair.alice, words).get_by_role("button", name="Try again").click()
        expect_failed(pair.alice, words)
        expect(bubble(pair.alice, words)).to_have_count(1)

    def test_who_is_blocked_meanwhile_is_not_told(self, pair: Two) -> None:
        pair.alice.context.set_offline(True)
        write(pair.alice, words := text())
        expect_status(pair.alice, words, "Waiting to be sent")
        block(pair.bob)
        pair.alice.context.set_offline(False)
        expect_status(pair.alice, words, "Sent")
        expect(bubble(pair.alice, words).get_by_role("button", name="Try again")).to_be_hidden()
        expect(bubble(pair.bob, words)).to_have_count(0)


class TestOffline:
    def test_what_waits_says_so_and_can_be_taken_back(self, pair: Two) -> None:
        go_offline(pair.alice)
        for words in (unwanted := text(), wanted := text()):
            write(pair.alice, words)
            expect(bubble(pair.alice, words)).to_contain_text(OFFLINE, timeout=TOLD_MS)
        press(bubble(pair.alice, unwanted).get_by_role("button", name="Delete"))
        expect(bubble(pair.alice, unwanted)).to_have_count(0)
        pair.alice.context.set_offline(False)
        expect_status(pair.alice, wanted, "Read")
        pair.alice.reload()
        expect_status(pair.alice, wanted, "Read")
        for page in (pair.alice, pair.bob):
            expect(bubble(page, unwanted)).to_have_count(0)
            expect(bubble(page, wanted)).not_to_contain_text(OFFLINE)

    def test_a_server_that_is_silent_is_no_silence_for_the_writer(self, pair: Two) -> None:
        line = Line(pair.alice)
        pair.alice.reload()
        pages.live(pair.alice)
        line.swallows = True
        write(pair.alice, words := text())
        waiting = bubble(pair.alice, words)
        expect(waiting).to_contain_text("This browser keeps trying", timeout=TOLD_MS)
        expect(waiting.get_by_role("button", name="Delete")).to_be_hidden()  # it may be there
        line.swallows = False
        expect_status(pair.alice, words, "Read")
        expect(waiting).not_to_contain_text("keeps trying")
        for page in (pair.alice, pair.bob):
            expect(bubble(page, words)).to_have_count(1)


class TestFull:
    def test_what_cannot_be_kept_stays_in_the_field(self, pair: Two) -> None:
        pair.disk.fill()
        write(pair.alice, first := text())
        problem = pair.alice.locator("chat-composer").get_by_role("alert")
        expect(problem).to_contain_text(FULL)
        expect(composer(pair.alice)).to_have_value(first)
        expect(bubble(pair.alice, first)).to_have_count(0)
        composer(pair.alice).press("Enter")
        composer(pair.alice).press_sequentially(" and more")
        expect(composer(pair.alice)).to_have_value(re.compile(f"{first}\n? and more"))
        expect(banner(pair.alice)).to_be_visible()
        pair.disk.make_room()
        expect(banner(pair.alice)).to_be_hidden(timeout=TOLD_MS)
        expect(problem).to_be_hidden()
        composer(pair.alice).press("Enter")
        expect(composer(pair.alice)).to_have_value("")
        expect(bubble(pair.bob, first)).to_have_count(1)
        expect_status(pair.alice, first, "Read")

    def test_several_come_back_in_the_order_they_were_written(self, pair: Two) -> None:
        pair.disk.fill()
        composer(pair.alice).evaluate(TYPE_QUICKLY, ["one", "two", "three"])
        expect(composer(pair.alice)).to_have_value("one\ntwo\nthree")
        composer(pair.alice).press("Enter")
        pair.alice.locator(".thread-back").evaluate("back => back.click()")  # at once
        open_chat(pair.alice, "Bob")
        expect(composer(pair.alice)).to_have_value("one\ntwo\nthree")
        pair.disk.make_room()
        expect(banner(pair.alice)).to_be_hidden(timeout=TOLD_MS)

    def test_what_waited_goes_by_itself_when_there_is_room(self, pair: Two) -> None:
        go_offline(pair.alice)
        write(pair.alice, words := text())
        expect_status(pair.alice, words, "Waiting to be sent")
        pair.disk.fill()
        pair.alice.context.set_offline(False)
        expect(bubble(pair.alice, words)).to_contain_text("storage is full", timeout=TOLD_MS)
        expect(bubble(pair.bob, words)).to_have_count(0)
        pair.disk.make_room()
        expect_status(pair.alice, words, "Read")
        expect(bubble(pair.bob, words)).to_have_count(1)

    def test_receiving_says_so_and_catches_up_by_itself(self, pair: Two) -> None:
        pair.disk.fill()
        texts = [text() for _ in range(3)]
        for words in texts:
            write(pair.bob, words)
        expect(banner(pair.alice)).to_contain_text("New messages wait on the server")
        expect_status(pair.bob, texts[0], "Sent")
        pair.alice.reload()
        expect(composer(pair.alice)).to_be_enabled()
        expect(banner(pair.alice)).to_be_visible(timeout=TOLD_MS)  # they may be shown, and not kept
        pair.disk.make_room()
        for words in texts:
            expect(bubble(pair.alice, words)).to_have_count(1, timeout=TOLD_MS)
        expect(banner(pair.alice)).to_be_hidden()
        expect_status(pair.bob, texts[-1], "Read")


def test_rapid_enter_holds_the_order(pair: Two) -> None:
    said = [f"{text()}." for _ in range(12)]
    composer(pair.alice).evaluate(TYPE_QUICKLY, said)
    assert composer(pair.alice).input_value() == ""
    expect(bubble(pair.bob, said[-1])).to_be_visible(timeout=TOLD_MS)
    for page in (pair.alice, pair.bob):
        shown = page.locator(".message [data-part='text']").all_inner_texts()
        assert [words for words in shown if words in said] == said


# Faster than any hand, and than any disk: each text and its Enter in one task.
TYPE_QUICKLY = """(field, texts) => {
  for (const text of texts) {
    field.value = text;
    field.dispatchEvent(new InputEvent("input", {bubbles: true}));
    const how = {key: "Enter", bubbles: true, cancelable: true};
    field.dispatchEvent(new KeyboardEvent("keydown", how));
  }
}"""


class Line:
    """Between a page and the live path: it may swallow what the page sends."""

    def __init__(self, page: Page) -> None:
        self.swallows = False
        page.context.route_web_socket(re.compile("/live$"), self._socket)

    def _socket(self, route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def pass_on(frame: str | bytes) -> None:
            if not (self.swallows and '"t":"send"' in str(frame)):
                server.send(frame)

        route.on_message(pass_on)


class Disk:
    """The storage of one browser, small from the beginning: Chromium asks for it again when a
    write exceeds what it knew to be free, else only every 30 seconds."""

    ROOM = 16_000_000

    def __init__(self, page: Page, url: str) -> None:
        self._page = page
        self._url = url
        self._devtools = page.context.new_cdp_session(page)
        self.make_room()

    def fill(self) -> None:
        self._limit(1)
        assert self._page.evaluate(WRITE, self.ROOM) == "QuotaExceededError"

    def make_room(self) -> None:
        self._limit(self.ROOM)

    def _limit(self, size: int) -> None:
        quota = {"origin": self._url, "quotaSize": size}
        self._devtools.send("Storage.overrideQuotaForOrigin", quota)


WRITE = """size => new Promise((done, failed) => {
  const asked = indexedDB.open("what fills the disk");
  asked.onerror = failed;
  asked.onupgradeneeded = () => asked.result.createObjectStore("all");
  asked.onsuccess = () => {
    const change = asked.result.transaction("all", "readwrite");
    change.objectStore("all").put(new Uint8Array(size), "it");
    change.oncomplete = () => done("kept");
    change.onabort = () => done(change.error.name);
  };
})"""


def go_offline(page: Page) -> None:
    """And wait until the page knows: what is written before is sealed, and may have arrived."""
    page.context.set_offline(True)
    expect(page.locator("html:not([data-status='live'])")).to_be_attached(timeout=TOLD_MS)


def banner(page: Page) -> Locator:
    return page.locator("chat-status").filter(has_text=FULL).locator("visible=true")


def block(page: Page) -> None:
    page.get_by_role("button", name="More about this chat").click()
    page.get_by_role("button", name="Block").click()
    expect(page.locator("chat-composer")).to_contain_text("You blocked")


def expect_failed(page: Page, words: str) -> None:
    failed = bubble(page, words)
    expect(failed).to_contain_text(APART, timeout=TOLD_MS)
    expect_status(page, words, "Not sent")
    for name in ("Try again", "Delete"):
        button = failed.get_by_role("button", name=name)
        button.scroll_into_view_if_needed()
        expect(button).to_be_in_viewport(ratio=1)


def press(button: Locator) -> None:
    """By the keyboard: from what comes before it to the button, by Tab."""
    before = button.locator("xpath=ancestor::li").locator(".message-meta")
    before.focus()
    for _ in range(3):
        before.page.keyboard.press("Tab")
        if button.evaluate("button => button === document.activeElement"):
            break
    expect(button).to_be_focused()
    before.page.keyboard.press("Enter")
