"""People in real browsers against a running site.

Sync Playwright leaves an event loop running, after which no pytest-asyncio test passes: these
tests are a pytest call of their own (`bin/test` does so).
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

from testkit.browser.chromium import DESKTOP
from testkit.browser.engines import launched
from testkit.running import Site
from tests.browser.chatting import Pair, both_understand, face_to_face
from tests.browser.engine import DIRECT, DISTRIBUTED, ENGINE, TRANSFER, new_site
from tests.browser.stored import PART

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # sync Playwright's loop is not ours

# Nothing that a page shows at once needs so long; a machine that stands still does.
expect.set_options(timeout=30_000)
SHOTS = Path("test-results")
NOTE_VIOLATIONS = """
window.addEventListener("securitypolicyviolation", (event) => {
  console.error(`CSP ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`);
});
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        only, files = item.get_closest_marker("embedded"), item.get_closest_marker("files")
        if only and ENGINE == DISTRIBUTED:
            item.add_marker(pytest.mark.skip(f"on the embedded engine alone: {only.args[0]}"))
        if files and files.args and TRANSFER == DIRECT:
            item.add_marker(pytest.mark.skip(f"by a node alone: {files.args[0]}"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launched(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    site = new_site().start()
    yield site
    site.remove()


# Each page asks with a database of its own whether there is room (static/js/needs.js), and deletes
# it: a test that looks in that moment would take it for one of the account.
WITHOUT_PROBE = """{
  const all = indexedDB.databases.bind(indexedDB);
  indexedDB.databases = async () => (await all()).filter(({ name }) => name !== "m1-probe");
}"""


class Window:
    """One browser profile of one person, and what the page complained about."""

    def __init__(self, context: BrowserContext, name: str) -> None:
        self.context = context
        self.name = name
        self.complaints: list[str] = []
        context.add_init_script(WITHOUT_PROBE)
        context.add_init_script(NOTE_VIOLATIONS)
        context.on("console", self._note)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.page: Page = context.new_page()

    def _note(self, message: object) -> None:
        text = getattr(message, "text", "")
        if "CSP" in text or "Content Security Policy" in text or "TrustedScript" in text:
            self.complaints.append(text)

    def note_files(self, request: Request) -> None:
        if PART.search(request.url):
            self.complaints.append("a file moves: the test needs the mark `files`")


OpenWindow = Callable[..., Window]


@pytest.fixture
def open_window(
    browser: Browser, site: Site, request: pytest.FixtureRequest
) -> Iterator[OpenWindow]:
    """open_window("alice"): an empty browser profile on the site. Screenshots stay on failure;
    a CSP violation or an uncaught error in any of them fails the test, and so does a file that
    moves where no mark says that one does."""
    windows: list[Window] = []

    def open_one(name: str = "somebody", **options: object) -> Window:
        settings: dict[str, object] = {"base_url": site.url, "viewport": DESKTOP, **options}
        window = Window(browser.new_context(**settings), name)  # type: ignore[arg-type]
        if request.node.get_closest_marker("files") is None:
            window.context.on("request", window.note_files)
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
