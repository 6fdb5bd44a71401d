"""A WebKit browser, by the W3C's WebDriver protocol: Playwright drives none that a system ships.

One driver drives one window. What a person looks for is looked for in the page, every so often,
until it is there: a page that goes in between is asked again.
"""

import base64
import json
import os
import shutil
import subprocess
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any, Self
from urllib.error import HTTPError, URLError

from testkit.running import free_port

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # of the protocol: what a reference is called
FOUND_MS = 30_000
START_TRIES = 200
# Visible, and by what a screen reader calls it.
FIND = """const [name, ms, done] = arguments;
const words = (node) => (node.getAttribute("aria-label") ?? node.innerText ?? "").trim();
const here = (node) => node && node.checkVisibility() ? node : null;
const all = (css) => [...document.querySelectorAll(css)];
const until = performance.now() + ms;
(function look() {
  let found;
  try { found = (LOOK); } catch (error) { found = null; }
  if (found) done(found);
  else if (performance.now() > until) done(null);
  else setTimeout(look, 50);
})();"""
LOOK = {
    "button": """all("button, a, [role=button]")
      .find((node) => here(node) && words(node).startsWith(name))""",
    "field": """all("label")
      .filter((node) => words(node) === name).map(({ control }) => here(control)).find(Boolean)""",
    "css": "all(name).find(here)",
    "any": "document.querySelector(name)",
}


class Failed(Exception):
    """What the driver says."""


def _browser() -> Path:
    """Raises RuntimeError without one: bin/test long installs it."""
    found = sorted(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"))
    if not found or not shutil.which("WebKitWebDriver"):
        raise RuntimeError("no WebKitGTK: run bin/test long, which installs one")
    return found[-1]


class WebKit:
    """An empty browser profile, gone with its window. `display`: of the X server."""

    def __init__(self, display: str, origin: str) -> None:
        options = {"binary": str(_browser()), "args": ["--automation"]}
        port = free_port()
        env = {**os.environ, "DISPLAY": display}
        command = ["WebKitWebDriver", f"--port={port}"]
        self._driver = subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)
        self._base = f"http://127.0.0.1:{port}/session"
        self._origin = origin
        wanted = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
        session = self._started({"capabilities": wanted})
        self.version = session["capabilities"]["browserVersion"]
        self._base += f"/{session['sessionId']}"
        self._ask("POST", "/timeouts", {"script": 2 * FOUND_MS})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(Failed, URLError):
            self._ask("DELETE", "")
        self._driver.terminate()
        self._driver.wait()

    def goto(self, path: str) -> None:
        """Ends when the scripts of the page are there."""
        self._ask("POST", "/url", {"url": self._origin + path})
        self.until("'ready' in document.documentElement.dataset")

    def press(self, name: str) -> None:
        self._ask("POST", f"/element/{self._find('button', name)}/click", {})

    def fill(self, label: str, text: str) -> None:
        self._ask("POST", f"/element/{self._find('field', label)}/value", {"text": text})

    def type_into(self, css: str, text: str) -> None:
        """What is hidden, as a field for files is, takes it, too."""
        self._ask("POST", f"/element/{self._find('any', css)}/value", {"text": text})

    def see(self, css: str) -> None:
        self._find("css", css)

    def until(self, true: str) -> None:
        """`true`: an expression of JavaScript."""
        self._look(f"Boolean({true})", true)

    def evaluate(self, body: str, *given: object) -> Any:
        return self._ask("POST", "/execute/sync", {"script": body, "args": list(given)})

    def screenshot(self) -> bytes:
        """PNG."""
        return base64.b64decode(self._ask("GET", "/screenshot"))

    def _find(self, kind: str, name: str) -> str:
        return str(self._look(LOOK[kind], name)[ELEMENT])

    def _look(self, look: str, name: str) -> Any:
        # A policy of the page forbids eval: what is looked for is a part of the script.
        question = {"script": FIND.replace("LOOK", look), "args": [name, FOUND_MS]}
        try:
            found = self._ask("POST", "/execute/async", question)
        except Failed:  # the page went while it looked
            found = self._ask("POST", "/execute/async", question)
        if not found:
            raise AssertionError(f"not there in {FOUND_MS} ms: {name}")
        return found

    def _started(self, wanted: dict[str, Any]) -> dict[str, Any]:
        for _ in range(START_TRIES):
            with suppress(URLError):
                return dict(self._ask("POST", "", wanted))
            with suppress(subprocess.TimeoutExpired):
                self._driver.wait(0.05)
        raise Failed("the driver does not answer")

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(self._base + path, data, method=method)
        try:
            with urllib.request.urlopen(asked) as answer:
                return json.load(answer)["value"]
        except HTTPError as error:
            raise Failed(error.read().decode(errors="replace")) from error
