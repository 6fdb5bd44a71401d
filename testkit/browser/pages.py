"""What every page says of itself."""

from playwright.sync_api import Page, expect


def ready(page: Page) -> None:
    expect(page.locator("html[data-ready]")).to_be_attached()


def live(page: Page) -> None:
    expect(page.locator("html[data-status='live']")).to_be_attached()
