"""A real site on a free port: `manage.py serve` as a process of its own, on data of its own.

For browser tests, journeys and benchmarks: nothing here reaches into the server.
"""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from chatsite import make_secrets
from testkit.postgres import own_database

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 120
# What names another place for data than the folder of the site.
ELSEWHERE = ("DATABASE_URL", "CHAT_ENGINE", "S3_BUCKET")


@dataclass
class Site:
    """A running site. `stop()` and `start()` keep its data; `kill()` is kill -9."""

    var: Path
    port: int
    env: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    command: Sequence[str] = ("manage.py", "serve")
    source: str = "127.0.0.1"  # the address that strangers come by
    belongings: ExitStack = field(default_factory=ExitStack)  # what goes when the site goes

    @property
    def url(self) -> str:
        """The address that people type: another one where they come by something before it."""
        return self.env.get("SITE_URL", f"http://localhost:{self.port}")

    @property
    def log(self) -> Path:
        return self.var / "server.log"

    def manage(self, *args: str) -> None:
        subprocess.run(
            [sys.executable, "-W", "ignore", "manage.py", *args],
            cwd=ROOT, env=self._env(), check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def manage_says(self, *args: str) -> str:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "manage.py", *args],
            cwd=ROOT, env=self._env(), check=False, capture_output=True, text=True,
        )  # fmt: skip
        done.check_returncode()
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout

    def prepare(self) -> "Site":
        """Secrets, databases, static files: what bin/setup does."""
        make_secrets.main(self.var / "secrets")
        if any(value and name.startswith(ELSEWHERE) for name, value in self._env().items()):
            self.migrate()
        else:
            shutil.copytree(_migrated(), self.var, dirs_exist_ok=True)
        self._collect_static_files()
        return self

    def migrate(self) -> None:
        subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "testkit.tables"],
            cwd=ROOT, env=self._env(), check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def _collect_static_files(self) -> None:
        """bin/test has just collected them: a second time costs seconds a site."""
        collected = os.environ.get("CHAT_COLLECTED")
        if collected:
            (self.var / "static").symlink_to(collected)
        else:
            self.manage("collectstatic", "--no-input", "--verbosity", "0")

    def start(self) -> "Site":
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self.command],
                cwd=ROOT, env=self._env(), stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not self._accepts():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the site did not start:\n{self.log.read_text()}")
            time.sleep(0.05)  # a process that starts has nothing to await on
        return self

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.var, ignore_errors=True)
        self.belongings.close()

    def _end(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(timeout=START_SECONDS)

    def _accepts(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _env(self) -> dict[str, str]:
        own = {
            "CHAT_VAR": str(self.var),
            "PORT": str(self.port),
            "SITE_URL": self.url,
            "DJANGO_SETTINGS_MODULE": "chatsite.settings",
        }
        return {**os.environ, **own, **self.env}


@cache
def _migrated() -> Path:
    """What a site of the embedded engine has in its data folder before its first start, beside its
    secrets, to be copied: making it takes as long as many a test."""
    var = Path(tempfile.mkdtemp(prefix="chat-"))
    atexit.register(shutil.rmtree, var, ignore_errors=True)
    site = Site(var, free_port(), {"DATABASE_URL": ""})  # whatever the other tests run on
    make_secrets.main(var / "secrets")
    site.migrate()
    shutil.rmtree(var / "secrets")
    return var


def new_site(env: Mapping[str, str] | None = None, folder: Path | None = None) -> Site:
    """A prepared site that is not started yet, with its data in a new folder inside `folder`."""
    var = Path(tempfile.mkdtemp(prefix="chat-", dir=folder))
    site = Site(var, free_port(), env or {})
    given = os.environ.get("DATABASE_URL", "")
    if "DATABASE_URL" not in site.env and given.startswith("postgres"):
        # A folder alone does not keep two sites apart there.
        own = site.belongings.enter_context(own_database(given))
        site.env = {**site.env, "DATABASE_URL": own}
    return site.prepare()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
