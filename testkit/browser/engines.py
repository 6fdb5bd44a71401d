"""Which browser the tests open: Chromium, or Firefox with CHAT_BROWSER=firefox."""

import os
from pathlib import Path

from playwright.sync_api import Browser, Playwright

from testkit.browser.chromium import QUIET, SHELL, chromium_path

RELAY = Path(__file__).parent / "firefox.py"


def launched(playwright: Playwright) -> Browser:
    if os.environ.get("CHAT_BROWSER") == "firefox":
        return firefox(playwright)
    return playwright.chromium.launch(executable_path=chromium_path(SHELL), args=QUIET)


def firefox(playwright: Playwright) -> Browser:
    """The one of the system, as people have it; Playwright's own is another build."""
    return playwright.firefox.launch(channel="moz-firefox", executable_path=RELAY)
