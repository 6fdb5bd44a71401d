"""Which Chromium, and how it is started."""

import os
import shutil

from playwright.sync_api import ViewportSize

DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
QUIET = [
    "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-quic", "--disable-gpu", "--disable-dev-shm-usage",
]  # fmt: skip
# The same engine without the frame of a window, which takes as much of a processor as the page.
SHELL = "chromium-headless-shell"


def chromium_path(*preferred: str) -> str:
    """CHAT_CHROMIUM, else the system's. Raises RuntimeError without one: bin/test installs it."""
    names = (*preferred, "chromium", "chromium-browser", SHELL)
    found = os.environ.get("CHAT_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if not found:
        raise RuntimeError("no Chromium: run bin/test, which installs one")
    return found
