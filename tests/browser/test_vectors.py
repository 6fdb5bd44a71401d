"""The vectors of m1 and the keystore in real browsers, which post back what came out.

Without a driver: a page runs everything and posts the results, so that any browser will do that
can be started with an address. A browser that is not there is reported as skipped.
"""

import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
VECTORS = ROOT / "tests/vectors/crypto"
WORKER = "/static/js/workers/argon2.js"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; worker-src 'self'; "
    "require-trusted-types-for 'script'; trusted-types m1-worker"
)
WORKER_POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'"
WITHIN_SECONDS = 120  # a cold browser start on a busy machine, and three Argon2 runs
Results = list[dict[str, Any]]


class Handler(SimpleHTTPRequestHandler):
    """The repository's files under the policies of the real site, and one place for results."""

    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".js": "text/javascript"}

    def __init__(self, results: "queue.Queue[Results]", *args: Any) -> None:
        self.results = results
        super().__init__(*args, directory=str(ROOT))

    def do_GET(self) -> None:
        if self.path == "/vectors":
            return self._answer(json.dumps(sorted(path.name for path in VECTORS.glob("*.json"))))
        return super().do_GET()

    def do_POST(self) -> None:
        self.results.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self._answer("{}")

    def end_headers(self) -> None:
        policy = WORKER_POLICY if self.path == WORKER else PAGE_POLICY
        self.send_header("Content-Security-Policy", policy)
        super().end_headers()

    def log_message(self, *args: Any) -> None:
        pass

    def _answer(self, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(text.encode())


@pytest.fixture
def results() -> Iterator[tuple[str, "queue.Queue[Results]"]]:
    posted: queue.Queue[Results] = queue.Queue()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, posted))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/tests/js/browser_vectors.html", posted
    server.shutdown()
    server.server_close()


@pytest.fixture
def profile() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def chromium(profile: Path, address: str) -> list[str] | None:
    names = ("chromium", "chromium-browser", "chromium-headless-shell")
    path = os.environ.get("CHAT_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    quiet = ["--no-first-run", "--disable-background-networking", "--disable-sync", "--disable-gpu"]
    flags = ["--headless", "--no-sandbox", "--disable-dev-shm-usage", f"--user-data-dir={profile}"]
    return [path, *flags, *quiet, address] if path else None


def firefox(profile: Path, address: str) -> list[str] | None:
    path = os.environ.get("CHAT_FIREFOX") or shutil.which("firefox") or shutil.which("firefox-esr")
    return [path, "--headless", "--no-remote", "--profile", str(profile), address] if path else None


@pytest.mark.parametrize("command", [chromium, firefox], ids=lambda command: command.__name__)
def test_a_browser_reads_every_vector_and_keeps_its_keys(
    command: Any, results: tuple[str, "queue.Queue[Results]"], profile: Path
) -> None:
    address, posted = results
    line = command(profile, address)
    if line is None:
        pytest.skip(f"no {command.__name__} on this machine")
    log = (profile / "log").open("w")
    started = subprocess.Popen(
        line, stdout=log, stderr=log, env={**os.environ, "HOME": str(profile)}
    )
    try:
        outcome = posted.get(timeout=WITHIN_SECONDS)
    except queue.Empty:
        pytest.fail(f"{command.__name__} posted nothing: {(profile / 'log').read_text()[-2000:]}")
    finally:
        started.terminate()
        started.wait(10)
        log.close()
    written = sum(
        not case["fn"].startswith("server_")
        for path in VECTORS.glob("*.json")
        for case in json.loads(path.read_text())
    )
    assert len(outcome) > written
    assert [each for each in outcome if each["problem"]] == []
