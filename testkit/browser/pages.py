"""What every page says of itself.

The page looks at itself here. Playwright's `expect` would look from outside, after the first
quarter of a second only twice in each; and what tests wait for most is that a page has started.
"""

from playwright.sync_api import Page

STARTED_MS = 60_000  # several at once load their scripts, in a machine that runs other tests
LOOK_MS = 20


def ready(page: Page) -> None:
    _until(page, "() => 'ready' in document.documentElement.dataset")


def live(page: Page) -> None:
    _until(page, "() => document.documentElement.dataset.status === 'live'")


def _until(page: Page, true: str) -> None:
    page.wait_for_function(true, polling=LOOK_MS, timeout=STARTED_MS)
