"""A Chromium spoken to by its DevTools protocol alone. Playwright has a browser record what goes
over the network, files as well: hundreds of megabytes that no person's browser has.
"""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from websockets.sync.client import ClientConnection, connect

from testkit.browser.chromium import QUIET, chromium_path

START_SECONDS = 30.0
ANSWER_MAX = 16 * 1024 * 1024  # bytes
LOOK_SECONDS = 0.05


class Failed(Exception):
    """A script of the page threw, or a call was refused."""


class Tab:
    """The one page of a browser."""

    def __init__(self, pid: int, link: ClientConnection) -> None:
        self.pid = pid  # of the browser; its other processes are below it
        self._link = link
        self._calls = 0

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """What the browser answers. Raises Failed."""
        self._calls += 1
        self._link.send(json.dumps({"id": self._calls, "method": method, "params": parameters}))
        while (answer := json.loads(self._link.recv())).get("id") != self._calls:
            pass  # an event
        if "error" in answer:
            raise Failed(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def evaluate(self, script: str, *, handle: bool = False) -> Any:
        """The value of an expression; `handle`: the id of the object that it is. Raises Failed."""
        answer = self.call(
            "Runtime.evaluate", expression=script, returnByValue=not handle, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise Failed(answer["exceptionDetails"]["text"])
        return answer["result"].get("objectId" if handle else "value")

    def until(self, script: str, seconds: float = START_SECONDS) -> None:
        """Raises TimeoutError where that does not become true."""
        deadline = time.monotonic() + seconds
        while not self.evaluate(f"Boolean({script})"):
            if time.monotonic() > deadline:
                raise TimeoutError(script)
            time.sleep(LOOK_SECONDS)

    def press(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            text = {"text": key} if kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, **text)

    def choose(self, field: str, *files: Path) -> None:
        """Files for a field of theirs. `field`: a selector."""
        found = self.evaluate(f"document.querySelector({json.dumps(field)})", handle=True)
        self.call("DOM.setFileInputFiles", objectId=found, files=[str(file) for file in files])


@contextmanager
def opened(profile: Path, url: str) -> Iterator[Tab]:
    """A browser of this profile, in front of that page."""
    told = profile / "DevToolsActivePort"
    told.unlink(missing_ok=True)
    words = [chromium_path(), *QUIET, "--no-sandbox", "--remote-debugging-port=0"]
    words += [f"--user-data-dir={profile}", "about:blank"]
    process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    try:
        port = _port(told)
        with urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
            [page] = [one for one in json.load(answer) if one["type"] == "page"]
        with connect(page["webSocketDebuggerUrl"], max_size=ANSWER_MAX) as link:
            tab = Tab(process.pid, link)
            tab.call("Page.navigate", url=url)
            yield tab
    finally:
        process.terminate()
        process.wait()


def _port(told: Path) -> int:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if told.exists() and (lines := told.read_text().split()):
            return int(lines[0])
        time.sleep(LOOK_SECONDS)
    raise TimeoutError("Chromium did not start")
