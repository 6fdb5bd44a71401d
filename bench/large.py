"""A large file from the disk of one person to the other's, through composer, site and browser: what
it takes of both browsers and of the node, and how late a key is meanwhile. Beside it the same key
with nothing on its way. Both browsers, the node and this run on one machine.
"""

import hashlib
import json
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Playwright, sync_playwright

from bench import pictures
from bench.devtools import Tab, opened
from bench.process import FAST, a_site, children, pid_of
from bench.tables import Table, aligned, number
from testkit.browser.chromium import DESKTOP, QUIET, chromium_path
from testkit.running import ROOT, Site

MB = 1_000_000
SIZE = 1_000 * MB
REST_SECONDS = 20.0  # with nothing on its way
PATIENCE_SECONDS = 900.0
KEY_SECONDS = 0.15  # between two keys
LOOK_SECONDS = 0.5  # between two looks at memory
AIMS = {"memory_mb": 200, "key_max_ms": 100}
SAID = {
    "rest": "nothing on its way, the sender", "up": "up, the sender",
    "down": "down, who saves it",
}  # fmt: skip
NOTE_KEYS = """(() => {
  window.late = [];
  addEventListener("keydown", (event) => {
    requestAnimationFrame(() => window.late.push(performance.now() - event.timeStamp));
  }, true);
})()"""
FIELD = "document.querySelector('chat-composer textarea')"
SHEET = ".attach-sheet [data-act='send']"
CARD = ".message .file-card [data-act='save']"
LIVE = "document.documentElement.dataset.status === 'live'"


def run() -> dict[str, Any]:
    env = {**FAST, "MEDIA_PERSON_QUOTA": "0", "MEDIA_SITE_QUOTA": "0"}
    with a_site(env) as site, tempfile.TemporaryDirectory(dir=ROOT / "var") as name:
        folder = Path(name)
        profiles = folder / "alice", folder / "bob"
        site.start()
        chats = _acquainted(site, profiles)
        file, digest = _made(folder / "large.bin")
        with opened(profiles[0], chats[0]) as alice, opened(profiles[1], chats[1]) as bob:
            for tab in (alice, bob):
                tab.until(f"{LIVE} && {FIELD} && !{FIELD}.disabled")
                tab.evaluate(NOTE_KEYS)
            return {"size": SIZE, "rounds": _rounds(site, alice, bob, file, digest, folder)}


def _rounds(
    site: Site, alice: Tab, bob: Tab, file: Path, digest: bytes, folder: Path
) -> dict[str, dict[str, float]]:
    ends = time.monotonic() + REST_SECONDS
    rest = _measured(site, alice, lambda: time.monotonic() > ends)
    alice.choose("chat-attach input[data-part='files']", file)
    alice.until(f'document.querySelector("{SHEET}:enabled")')
    alice.evaluate(f'document.querySelector("{SHEET}").click()')
    arrived = f"Boolean(document.querySelector({json.dumps(CARD)}))"
    up = _measured(site, alice, lambda: bool(bob.evaluate(arrived)))
    saved = folder / "saved"
    saved.mkdir()
    bob.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(saved))
    bob.evaluate(f"document.querySelector({json.dumps(CARD)}).click()")
    down = _measured(site, bob, lambda: _whole(saved))
    [one] = saved.iterdir()
    if _digest(one) != digest:
        raise RuntimeError("what was saved is not what was sent")
    return {"rest": rest, "up": up, "down": down}


def _whole(folder: Path) -> bool:
    """Chromium gives a file its name at the end."""
    found = [one for one in folder.iterdir() if one.suffix == ".bin"]
    return bool(found) and found[0].stat().st_size == SIZE


def show(result: dict[str, Any]) -> None:
    print(aligned(table(result)), end="\n\n")


def table(result: dict[str, Any]) -> Table:
    head = [f"{result['size'] // MB} MB", "s", "more memory of that browser, MB", "of the node, MB"]
    head += ["keys", "late by, median ms", "at most, ms"]
    rows = []
    for name, said in SAID.items():
        one = result["rounds"][name]
        keys = ("seconds", "memory_mb", "node_mb", "keys", "key_ms", "key_max_ms")
        rows.append([said, *(number(round(one[key], 1)) for key in keys)])
    return Table(head, rows, f"Aims: {AIMS['memory_mb']} MB, {AIMS['key_max_ms']} ms.")


def _acquainted(site: Site, profiles: tuple[Path, Path]) -> list[str]:
    """Two people who may write to each other, each in a profile; their addresses of the chat."""
    with sync_playwright() as playwright:
        contexts = [_context(playwright, profile, site.url) for profile in profiles]
        alice, bob = (context.pages[0] for context in contexts)
        pictures.acquaint(alice, bob)
        conversation = alice.url.rpartition("/")[2]
        for context in contexts:
            context.close()
    return [f"{site.url}/chats/{conversation}"] * 2


def _context(playwright: Playwright, profile: Path, url: str) -> BrowserContext:
    return playwright.chromium.launch_persistent_context(
        profile, executable_path=chromium_path(), args=QUIET, base_url=url, viewport=DESKTOP
    )


def _made(path: Path) -> tuple[Path, bytes]:
    """Random bytes, and their SHA-256."""
    with path.open("wb") as file:
        for _ in range(SIZE // MB):
            file.write(os.urandom(MB))
    return path, _digest(path)


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _measured(site: Site, tab: Tab, done: Callable[[], bool]) -> dict[str, float]:
    """Keys go to the composer until it is `done`. Raises TimeoutError."""
    tab.evaluate(f"window.late = []; {FIELD}.focus()")
    began = time.monotonic()
    with _Memory(tab.pid) as browser, _Memory(pid_of(site)) as node:
        while not done():
            if time.monotonic() > began + PATIENCE_SECONDS:
                raise TimeoutError("the file is still on its way")
            tab.press("a")
            time.sleep(KEY_SECONDS)
    late = tab.evaluate("window.late")
    return {
        "seconds": time.monotonic() - began, "memory_mb": browser.more / MB,
        "node_mb": node.more / MB, "keys": len(late), "key_ms": statistics.median(late),
        "key_max_ms": max(late),
    }  # fmt: skip


class _Memory:
    """How much more a process and those below it take at most than when this began: their shares
    of what several have in memory (PSS), in bytes."""

    def __init__(self, pid: int) -> None:
        self._pid, self._before = pid, _share(pid)
        self.more = 0
        self._ends = threading.Event()
        self._looking = threading.Thread(target=self._look)

    def __enter__(self) -> "_Memory":
        self._looking.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._looking.join()

    def _look(self) -> None:
        while not self._ends.wait(LOOK_SECONDS):
            self.more = max(self.more, _share(self._pid) - self._before)


def _share(pid: int) -> int:
    own = 0
    with suppress(OSError):  # it has just ended
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        [kib] = [line.split()[1] for line in lines if line.startswith("Pss:")]
        own = int(kib) * 1024
        own += sum(map(_share, children(pid)))
    return own
