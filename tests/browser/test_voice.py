"""Voice notes: recorded from a microphone that Chromium plays itself, listened to, sent."""

import base64
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from testkit.browser.chromium import DESKTOP, PHONE, QUIET, SHELL, chromium_path
from testkit.running import Site
from tests.browser import readymade
from tests.browser.chatting import Pair, composer, face_to_face, open_chat, open_page
from tests.browser.conftest import Window
from tests.browser.readable import serious
from tests.browser.received import opened, with_files
from tests.browser.test_layouts import spills

BEEPING = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]

# What the button says while it plays, and when it came to its end: too short to be looked for.
PLAYED = """(button) => new Promise((done) => {
  const said = [];
  new MutationObserver(() => {
    said.push(button.getAttribute("aria-label"));
    if (said.at(-1) === "Listen to it") done(said);
  }).observe(button, {attributes: true, attributeFilter: ["aria-label"]});
  button.click();
})"""

STOPPED_AT_ONCE = """() => {
  const voice = document.querySelector("chat-voice");
  new MutationObserver((_, observer) => {
    if (voice.querySelector("[data-part='bar']").hidden) return;
    observer.disconnect();
    voice.querySelector("[data-act='send']").click();
  }).observe(voice, {attributes: true, subtree: true});
  document.querySelector("[data-part='record']").click();
}"""


@pytest.fixture(scope="module")
def with_microphone(browser: Browser) -> Iterator[Browser]:
    started = browser.browser_type.launch(
        executable_path=chromium_path(SHELL), args=[*QUIET, *BEEPING]
    )
    yield started
    started.close()


@pytest.fixture
def speaking(with_microphone: Browser, site: Site) -> Iterator[Pair]:
    settings: dict[str, Any] = {"base_url": site.url, "viewport": DESKTOP}
    windows = [Window(with_microphone.new_context(**settings), name) for name in ("alice", "bob")]
    yield face_to_face(windows[0].page, windows[1].page)
    complaints = [text for window in windows for text in window.complaints]
    for window in windows:
        window.context.close()
    assert not complaints


def bar(page: Page) -> Locator:
    return page.get_by_role("group", name="Voice message")


def record(page: Page, seconds: int = 1) -> None:
    page.get_by_role("button", name="Record a voice message").click()
    expect(bar(page)).to_be_visible()
    expect(bar(page).get_by_role("timer")).to_have_text(f"0:0{seconds}")


@pytest.mark.files
def test_a_note_is_recorded_listened_to_and_heard(speaking: Pair) -> None:
    alice, bob = speaking.alice, speaking.bob
    record(alice)
    expect(alice.get_by_role("button", name="Stop, and listen to it first")).to_be_focused()
    alice.keyboard.press("Enter")
    listen = bar(alice).get_by_role("button", name="Listen to it")
    expect(listen).to_be_focused()
    assert listen.evaluate(PLAYED) == ["Pause", "Listen to it"]
    bar(alice).get_by_role("button", name="Send").click()
    expect(bar(alice)).to_be_hidden()
    expect(composer(alice)).to_be_focused()
    (content,) = with_files(bob)
    (note,) = content["att"]
    assert note["mime"] in {"audio/mp4", "audio/webm"}
    assert 500 <= note["ms"] < 30_000
    wave = base64.b64decode(note["wave"])
    assert 1 <= len(wave) <= 64
    assert max(wave) > min(wave)  # it beeps now and then
    assert len(opened(bob, note)) > 1_000


def test_a_pause_is_no_part_of_it_and_what_is_discarded_comes_back(speaking: Pair) -> None:
    page = speaking.alice
    record(page)
    page.get_by_role("button", name="Pause the recording").click()
    timer = bar(page).get_by_role("timer")
    said = timer.inner_text()
    page.get_by_role("button", name="Go on recording").click()
    expect(timer).not_to_have_text(said)
    page.keyboard.press("Escape")  # ends it, and loses nothing
    expect(bar(page).get_by_role("button", name="Listen to it")).to_be_focused()
    page.get_by_role("button", name="Discard the recording").click()
    expect(composer(page)).to_be_focused()
    page.get_by_role("button", name="Undo").click()
    expect(bar(page).get_by_role("button", name="Send")).to_be_visible()
    page.get_by_role("button", name="Discard the recording").click()
    page.evaluate(STOPPED_AT_ONCE)
    expect(page.get_by_text("That was too short: nothing was recorded.")).to_be_visible()
    expect(page.get_by_role("button", name="Record a voice message")).to_be_focused()
    expect(bar(page)).to_be_hidden()


def test_a_note_stays_with_its_chat_and_the_microphone_is_let_go(
    with_microphone: Browser, site: Site
) -> None:
    settings: dict[str, Any] = {"base_url": site.url, "viewport": DESKTOP}
    windows = [Window(with_microphone.new_context(**settings), name) for name in ("a", "b", "c")]
    page = windows[0].page
    pages = [
        (window.page, name) for window, name in zip(windows, ("Alice", "Bob", "Carol"), strict=True)
    ]
    alice, bob, carol = readymade.make(*pages)
    for other in (bob, carol):
        readymade.connect(alice, other)
    open_page(page, "/chats")
    open_chat(page, "Bob")
    record(page)
    open_chat(page, "Carol")
    expect(bar(page)).to_be_hidden()
    expect(page.get_by_role("button", name="Record a voice message")).to_be_visible()
    open_chat_with_note(page, "Bob")
    expect(bar(page).get_by_role("button", name="Listen to it")).to_be_visible()
    for window in windows:
        window.context.close()


def open_chat_with_note(page: Page, name: str) -> None:
    page.locator("chat-list").get_by_role("link", name=name).click()
    expect(page.locator("chat-thread").get_by_role("heading", name=name)).to_be_visible()


def test_where_something_is_written_there_is_send_and_no_microphone(speaking: Pair) -> None:
    page = speaking.alice
    send = page.locator(".composer").get_by_role("button", name="Send")
    microphone = page.get_by_role("button", name="Record a voice message")
    expect(send).to_be_hidden()
    composer(page).fill("words")
    expect(send).to_be_visible()
    expect(microphone).to_be_hidden()
    composer(page).fill("")
    expect(microphone).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_recording_can_be_read_and_fits(speaking: Pair, scheme: Any) -> None:
    page = speaking.alice
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(PHONE)
    record(page)
    assert not serious(page)
    assert not spills(page)
    page.set_viewport_size({"width": 320, "height": 568})
    assert not spills(page)


def test_a_refused_microphone_has_its_own_sentence(pair: Pair) -> None:
    """This browser has nobody whom it could ask, and refuses."""
    page = pair.alice
    page.get_by_role("button", name="Record a voice message").click()
    said = page.locator("chat-voice").get_by_role("alert")
    expect(said).to_have_text(re.compile("may not use the microphone|no microphone"))
    expect(bar(page)).to_be_hidden()
    expect(composer(page)).to_be_enabled()
