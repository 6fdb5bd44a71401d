"""What every page says of itself."""

from playwright.sync_api import Page, expect

STARTED_MS = 60_000  # several at once load their scripts, in a machine that runs other tests


def ready(page: Page) -> None:
    expect(page.locator("html[data-ready]")).to_be_attached(timeout=STARTED_MS)


def live(page: Page) -> None:
    expect(page.locator("html[data-status='live']")).to_be_attached(timeout=STARTED_MS)
