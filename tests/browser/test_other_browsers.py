"""The first conversation, with a picture, in Firefox and in a WebKit browser: `bin/test long`.

Everything else is tried in Chromium. CHAT_BROWSER=firefox opens any other test of this folder in
Firefox; those that save a file, draw a phone or read in a second window fail there, since the
driver cannot.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from testkit.browser.engines import firefox
from testkit.browser.pages import LOOK_MS
from testkit.browser.people import PASSWORD, Person, sign_in, sign_up, somebody
from testkit.browser.webdriver import WebKit
from testkit.running import Site
from tests.browser import chatting, made_pictures
from tests.browser.chatting import bubble, composer, expect_status, open_chat, text, write
from tests.browser.conftest import OpenWindow
from tests.browser.files import png

pytestmark = pytest.mark.long
PICTURE = ".message .attachments img"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = firefox(playwright)
        yield started
        started.close()


@pytest.mark.files
def test_firefox(open_window: OpenWindow) -> None:
    alice, bob = open_window("alice").page, open_window("bob").page
    alice_is, bob_is = sign_up(alice, somebody("Alice")), sign_up(bob, somebody("Bob"))
    chatting.connect(alice, bob, bob_is.name)
    open_chat(alice, "Bob")
    open_chat(bob, "Alice")
    write(alice, words := text())
    expect(bubble(bob, words)).to_be_visible()
    expect_status(alice, words, "Read")
    composer(bob).press_sequentially("thinking")
    expect(alice.locator("chat-person [data-part='presence']")).to_have_text("is writing…")
    send_picture(alice)
    expect_picture(bob)
    bob.reload()
    expect_picture(bob)
    second = open_window("alice's second browser").page
    sign_in(second, alice_is)
    open_chat(second, "Bob")
    expect(bubble(second, words)).to_be_visible()
    expect_picture(second)


def send_picture(page: Page) -> None:
    picked: Any = {"name": "a.jpg", "mimeType": "", "buffer": made_pictures.photo(page)}
    page.locator("chat-attach input[data-part='files']").set_input_files([picked])
    sheet = page.locator("dialog.attach-sheet")
    expect(sheet.locator(".attach-preview img")).to_be_visible()
    expect(sheet.locator("[data-part='progress']")).to_have_text("Everything is ready.")
    sheet.get_by_role("button", name="Send", exact=True).click()


def expect_picture(page: Page) -> None:
    expect(page.locator(PICTURE)).to_be_visible()
    drawn = f"() => document.querySelector({PICTURE!r})?.naturalWidth > 0"
    page.wait_for_function(drawn, polling=LOOK_MS)  # a window behind another one draws no frames


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """WebKitGTK draws on an X server alone."""
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1400x1000x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        assert server.stdout
        yield f":{server.stdout.readline().decode().strip()}"
        server.terminate()


def test_webkit(display: str, site: Site, tmp_path: Path) -> None:
    """Its MiniBrowser has no files of its own (OPFS): sealed ones wait in memory. Here it has no
    focus, so nothing is read."""
    with WebKit(display, site.url) as alice, WebKit(display, site.url) as bob:
        enter(alice, somebody("Alice"))
        enter(bob, bob_is := somebody("Bob"))
        alice.goto("/people")
        alice.fill("Exact username", bob_is.name)
        alice.press("Find")
        alice.press("Ask to chat")
        bob.until("document.querySelector('#rail-people').innerText.includes('1')")
        bob.goto("/people")
        bob.press("Accept")
        bob.until("document.querySelector('#message-text:enabled')")
        bob.type_into("#message-text", f"{(words := text())}{ENTER}")
        bob.until("document.querySelector('.message .tick').textContent === 'Delivered'")
        alice.press("Write")
        alice.until(f"document.querySelector('.message').innerText.includes('{words}')")
        (picture := tmp_path / "a.png").write_bytes(png(640, 480))
        alice.type_into("chat-attach input[data-part='files']", str(picture))
        alice.until("document.querySelector('.attach-preview img')")
        alice.until("document.querySelector('.attach-items').clientHeight > 100")
        alice.press("Send")
        bob.until(f"document.querySelector({PICTURE!r})?.naturalWidth > 100")


ENTER = "\ue007"  # of the protocol


def enter(window: WebKit, person: Person) -> None:
    window.goto("/sign-up")
    window.fill("Username", person.name)
    window.fill("Name that others see", person.display_name)
    window.fill("Password", PASSWORD)
    window.press("Continue")
    window.see("[data-part='show'] .code li")
    groups = window.evaluate(
        "return [...document.querySelectorAll('.code li')].map((n) => n.innerText)"
    )
    window.press("I have kept it")
    window.see(".code-gaps input")
    labels = "return [...document.querySelectorAll('.code-gaps input')].map((n) => n.ariaLabel)"
    for label in window.evaluate(labels):
        place, group = map(int, re.findall(r"\d+", label))
        window.type_into(f"[aria-label='{label}']", groups[group - 1].strip()[place - 1])
    window.press("Continue")
    window.until("location.pathname === '/chats' && 'ready' in document.documentElement.dataset")
