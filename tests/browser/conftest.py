"""People in real browsers against a running site.

Sync Playwright leaves an event loop running, after which no pytest-asyncio test passes: these
tests are a pytest call of their own (`bin/test` does so).
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from tests.browser.chatting import Pair, both_understand, face_to_face
from tests.running import Site, new_site

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # sync Playwright's loop is not ours

DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
QUIET = [
    "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-quic", "--disable-gpu", "--disable-dev-shm-usage",
]  # fmt: skip
# The same engine without the frame of a window, which takes as much of a processor as the page.
SHELL = "chromium-headless-shell"
SHOTS = Path("test-results")
NOTE_VIOLATIONS = """
window.addEventListener("securitypolicyviolation", (event) => {
  console.error(`CSP ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`);
});
"""


def chromium_path(*preferred: str) -> str:
    """CHAT_CHROMIUM, else the system's. Without one the tests fail: bin/test installs it."""
    names = (*preferred, "chromium", "chromium-browser", SHELL)
    found = os.environ.get("CHAT_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if not found:
        pytest.fail("no Chromium: run bin/test, which installs one", pytrace=False)
    return str(found)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(SHELL), args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    site = new_site({"LIVE_RATE_FACTOR": "1000"}).start()  # one address signs up many
    yield site
    site.remove()


class Window:
    """One browser profile of one person, and what the page complained about."""

    def __init__(self, context: BrowserContext, name: str) -> None:
        self.context = context
        self.name = name
        self.complaints: list[str] = []
        context.add_init_script(NOTE_VIOLATIONS)
        context.on("console", self._note)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.page: Page = context.new_page()

    def _note(self, message: object) -> None:
        text = getattr(message, "text", "")
        if "CSP" in text or "Content Security Policy" in text or "TrustedScript" in text:
            self.complaints.append(text)


OpenWindow = Callable[..., Window]


@pytest.fixture
def open_window(
    browser: Browser, site: Site, request: pytest.FixtureRequest
) -> Iterator[OpenWindow]:
    """open_window("alice"): an empty browser profile on the site. Screenshots stay on failure;
    a CSP violation or an uncaught error in any of them fails the test."""
    windows: list[Window] = []

    def open_one(name: str = "somebody", **options: object) -> Window:
        settings: dict[str, object] = {"base_url": site.url, "viewport": DESKTOP, **options}
        window = Window(browser.new_context(**settings), name)  # type: ignore[arg-type]
        windows.append(window)
        return window

    yield open_one
    failed = getattr(request.node, "failed_in_call", False)
    complaints = [f"{window.name}: {text}" for window in windows for text in window.complaints]
    for window in windows:
        if failed or complaints:
            SHOTS.mkdir(exist_ok=True)
            for number, page in enumerate(window.context.pages):
                page.screenshot(path=SHOTS / f"{request.node.name}-{window.name}-{number}.png")
        window.context.close()
    assert not complaints


@pytest.fixture
def pair(open_window: OpenWindow) -> Pair:
    return face_to_face(open_window("alice").page, open_window("bob").page)


@pytest.fixture
def talking(pair: Pair) -> Pair:
    """With one message each way."""
    both_understand(pair.alice, pair.bob)
    return pair


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    report = yield
    if report.when == "call":
        item.failed_in_call = report.failed  # type: ignore[attr-defined]
    return report
