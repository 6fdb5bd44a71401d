"""What a browser lacks is said before the first field; a page whose scripts do not load says so."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from testkit.browser.pages import ready
from testkit.browser.people import PASSWORD, field, press
from testkit.running import Site
from tests.browser.chatting import Pair, newcomer, open_page
from tests.browser.conftest import OpenWindow
from tests.browser.test_failures import Disk

ACCOUNT = ["/sign-up", "/sign-in", "/reset"]
SIGNED_IN = ["/chats", "/people", "/settings", "/invite"]
EVERY = [*ACCOUNT, *SIGNED_IN]

# What is taken from the browser, where it is asked for, and words of the sentence.
LACKS = {
    "secure address": (
        "Object.defineProperty(window, 'isSecureContext', { value: false })",
        EVERY, "https://",
    ),
    "what browsers of before 2024 lack": (
        "delete AbortSignal.any", ["/sign-up", "/chats"], "too old for this page",
    ),
    "encryption": ("delete Crypto.prototype.subtle", EVERY, "cannot do the encryption"),
    "Ed25519": (
        """const take = SubtleCrypto.prototype.importKey;
        SubtleCrypto.prototype.importKey = function (format, key, algorithm, ...rest) {
          if (algorithm === "Ed25519") throw new DOMException("", "NotSupportedError");
          return take.call(this, format, key, algorithm, ...rest);
        }""",
        ACCOUNT, "cannot do the encryption",
    ),
    "site data": (
        """const refuse = () => { throw new DOMException("", "SecurityError"); };
        Object.defineProperty(window, "localStorage", { get: refuse })""",
        EVERY, "Allow cookies and site data",
    ),
    "IndexedDB": (
        "Object.defineProperty(window, 'indexedDB', { value: null })",
        EVERY, "Allow cookies and site data",
    ),
    "a window that keeps": (
        """IDBFactory.prototype.open = function () {
          const asked = new EventTarget();
          asked.error = new DOMException("", "InvalidStateError");
          queueMicrotask(() => asked.onerror());
          return asked;
        }""",
        ACCOUNT, "Allow cookies and site data",
    ),
    "Web Locks": ("delete Navigator.prototype.locks", EVERY, "lacks Web Locks"),
    "BroadcastChannel": ("delete window.BroadcastChannel", EVERY, "lacks BroadcastChannel"),
    "WebAssembly": ("delete window.WebAssembly", [*ACCOUNT, "/settings"], "WebAssembly is off"),
}  # fmt: skip
EVERY_DATABASE = """async () => {
  const all = await IDBFactory.prototype.databases.call(indexedDB); // the probe of the page, too
  return all.map(({ name }) => name);
}"""


@pytest.mark.parametrize("lack", LACKS)
def test_what_is_missing_is_said_first(open_window: OpenWindow, lack: str) -> None:
    script, pages, words = LACKS[lack]
    stranger, alice = open_window("somebody"), open_window("alice")
    newcomer(alice.page, "Alice")
    for window in (stranger, alice):
        window.context.add_init_script(script)
    for path in pages:
        page = (alice if path in SIGNED_IN else stranger).page
        page.goto(path)
        expect_said(page, words)
        expect(notice(page).locator("p:visible")).to_have_count(1)
        expect(page.locator("main :is(input, textarea):visible")).to_have_count(0)
    for window in (stranger, alice):
        window.complaints.clear()  # the scripts of the page miss it, too


def test_a_full_disk_is_said_first_and_asked_again(open_window: OpenWindow, site: Site) -> None:
    page = open_window().page
    disk = Disk(page, site.url)
    page.goto("/help")
    disk.fill()
    page.goto("/sign-up")
    expect_said(page, "storage is full")
    disk.make_room()
    press(page, "Try again")
    expect(field(page, "Username")).to_be_visible()
    expect(notice(page)).to_be_hidden()
    assert page.evaluate(EVERY_DATABASE) == ["what fills the disk"]


def test_where_nothing_is_missing_nothing_is_said(open_window: OpenWindow) -> None:
    page = open_window().page
    for path in ACCOUNT:
        open_page(page, path)
        come(page)
        expect(notice(page)).to_be_hidden()
    newcomer(page, "Alice")
    for path in SIGNED_IN:
        open_page(page, path)
        come(page)
        expect(notice(page)).to_be_hidden()


def gone(route: Route) -> None:
    route.fulfill(status=404, body="not here")


def old(route: Route) -> None:
    route.fulfill(content_type="text/javascript", body="const = this browser cannot read;")


def lost(route: Route) -> None:
    route.abort()


@pytest.mark.parametrize(
    ("path", "script", "fault"),
    [
        ("/sign-up", r"/pages/signup\.\w+\.js", lost),
        ("/sign-in", r"/crypto/keys\.\w+\.js", gone),
        ("/reset", r"/text\.\w+\.js", old),
        ("/chats", r"/elements/chat-list\.\w+\.js", lost),
        ("/people", r"/elements/people-find\.\w+\.js", gone),
        ("/settings", r"/elements/chat-status\.\w+\.js", old),
    ],
)
def test_a_script_that_does_not_load_is_said_and_loads_again(
    open_window: OpenWindow, path: str, script: str, fault: Callable[[Route], None]
) -> None:
    window = open_window()
    page = window.page
    if path in SIGNED_IN:
        newcomer(page, "Alice")
    page.goto("/nothing-here")  # as after a deploy: nothing of it is in the cache of the process
    page.route(re.compile(script), fault)
    page.goto(path)
    expect_said(page, "This page has not started")
    page.unroute(re.compile(script))
    press(page, "Try again")
    ready(page)
    expect(notice(page)).to_be_hidden()
    window.complaints.clear()


def test_with_all_scripts_blocked_the_page_says_so_by_itself(open_window: OpenWindow) -> None:
    page = open_window().page
    page.route("**/*.js", lost)
    for path in ACCOUNT:
        page.goto(path)
        expect(notice(page)).to_be_hidden()  # they may be on their way
        come(page)
        expect_said(page, "This page has not started")


def test_the_strength_of_a_password_loads_again(open_window: OpenWindow) -> None:
    window = open_window()
    page = window.page
    page.route("**/zxcvbn/*.js", lost)
    page.goto("/sign-up")
    field(page, "Password").fill(PASSWORD)
    meter = page.locator("password-strength")
    expect(meter).to_contain_text("did not load")
    page.unroute("**/zxcvbn/*.js")
    meter.get_by_role("button", name="Try again").click()
    expect(meter).to_contain_text("Very strong")
    expect(meter.get_by_role("button")).to_be_hidden()


def test_the_picture_of_a_safety_number_loads_again(pair: Pair) -> None:
    page = pair.alice
    page.route("**/uqr.*.js", lost)
    page.get_by_role("button", name="More about this chat").click()
    page.get_by_role("button", name="Compare safety number").first.click()
    toast = page.locator(".toast").filter(has_text="did not load")
    expect(toast).to_be_visible()
    page.unroute("**/uqr.*.js")
    toast.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("img", name="The safety number as a QR code")).to_be_visible()


def notice(page: Page) -> Locator:
    return page.locator("#needs")


def expect_said(page: Page, words: str) -> None:
    expect(notice(page).locator("p").filter(has_text=words)).to_be_visible()


def come(page: Page) -> None:
    """The while is over after which a page without scripts says so."""
    page.evaluate(
        """() => document.getAnimations()
          .filter(({ animationName }) => animationName === "come")
          .forEach((one) => one.finish())"""
    )
