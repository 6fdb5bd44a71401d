"""The real services that tests may use. What is not there is skipped aloud, or fails where
everything is demanded."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE
from typing import Any, NoReturn

import pytest

from testkit.postgres import own_database
from testkit.running import ROOT, free_port
from testkit.s3 import s3_variables
from tests.certificates import Held

START_SECONDS = 60


def place(variable: str, service: str) -> str:
    """Where a service runs."""
    where = os.environ.get(variable, "")
    if not where:
        lacking(f"{variable}: `bin/services start {service}` prints it")
    return where


def lacking(what: str) -> NoReturn:
    """Skip the test aloud; a failure where everything is demanded."""
    if os.environ.get("CHAT_REQUIRE_SERVICES") == "1":
        pytest.fail(f"MISSING: {what}")
    pytest.skip(f"MISSING: {what}")


@contextmanager
def own_postgres() -> Iterator[str]:
    """The URL of a new, empty database of PostgreSQL, which goes with the test."""
    url = place("CHAT_TEST_POSTGRES_URL", "postgres")
    with own_database(url) as own:
        yield own


@dataclass
class Service:
    """One that a test may harm. It keeps its port and its data."""

    name: str
    folder: Path
    env: dict[str, str]

    @property
    def url(self) -> str:
        return self._services("url").strip()

    def start(self) -> None:
        self._services("start")

    def stop(self) -> None:
        """At once, whatever is under way."""
        self._services("stop")

    def freeze(self) -> None:
        """All processes of PostgreSQL: connections stay open, new ones come about, and nothing
        answers."""
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        self._send(signal.SIGCONT)

    def kill(self) -> None:
        self._services("kill")

    def wipe(self) -> None:
        self._services("wipe")

    def _send(self, number: signal.Signals) -> None:
        first = int((self.folder / "postgres/data/postmaster.pid").read_text().split()[0])
        os.kill(first, number)  # it makes no others then
        for child in Path(f"/proc/{first}/task/{first}/children").read_text().split():
            os.kill(int(child), number)

    def _services(self, verb: str) -> str:
        env = {**os.environ, "CHAT_SERVICES": str(self.folder), **self.env}
        command = [str(ROOT / "bin/services"), verb, self.name]
        return subprocess.run(command, env=env, check=True, stdout=PIPE, text=True).stdout


@contextmanager
def own_server() -> Iterator[Service]:
    """A PostgreSQL of its own, empty, for a test that harms it."""
    place("CHAT_TEST_POSTGRES_URL", "postgres")  # where that runs, there is a program to run
    with _own("postgres") as server:
        yield server


@contextmanager
def own_s3(held: Held | None = None) -> Iterator[Service]:
    """An S3 server of its own, empty, for a test that harms it; with TLS where it has a
    certificate."""
    place("CHAT_TEST_S3_URL", "s3")
    files = {"S3_CERTIFICATE": str(held.certificate), "S3_KEY": str(held.key)} if held else {}
    with _own("s3", files) as server:
        yield server


@contextmanager
def _own(name: str, env: dict[str, str] | None = None) -> Iterator[Service]:
    with tempfile.TemporaryDirectory(prefix=f"{name}-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user
        server = Service(name, Path(folder), env or {})
        try:
            server.start()
            yield server
        finally:
            server.wipe()


def shared_redis() -> str:
    """The URL of a Redis that other tests use at the same time: keys need a prefix of their own."""
    return place("CHAT_TEST_REDIS_URL", "redis")


@contextmanager
def own_bucket() -> Iterator[dict[str, str]]:
    """What a site's environment says of a bucket of its own, which is not there yet."""
    given = s3_variables(place("CHAT_TEST_S3_URL", "s3"))
    try:
        yield given
    finally:
        _remove_bucket(given)


def as_settings(given: dict[str, str]) -> dict[str, str]:
    """settings.S3 of that environment."""
    short = {name.removeprefix("S3_"): value for name, value in given.items()}
    return {"PUBLIC_ENDPOINT": "", "REGION": "us-east-1", "CA_FILE": "", **short}


def objects(env: Mapping[str, str]) -> dict[str, bytes]:
    """All that lies in the bucket of a site with that environment."""
    asking, bucket = _asking(env)
    return {
        listed["Key"]: asking.get_object(Bucket=bucket, Key=listed["Key"])["Body"].read()
        for page in asking.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for listed in page.get("Contents", ())
    }


def put_object(env: Mapping[str, str], key: str, data: bytes) -> None:
    """Over the one that was there."""
    asking, bucket = _asking(env)
    asking.put_object(Bucket=bucket, Key=key, Body=data)


def _asking(env: Mapping[str, str]) -> tuple[Any, str]:
    """A client of the S3 server of that environment, and the bucket."""
    from media.backends.s3.client import client  # it takes a while to load

    s3 = as_settings({name: env[name] for name in env if name.startswith("S3_")})
    return client(s3, s3["ENDPOINT_URL"]), s3["BUCKET"]


def _remove_bucket(given: dict[str, str]) -> None:
    asking, bucket = _asking(given)
    with suppress(asking.exceptions.NoSuchBucket):
        for page in asking.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            if keys := [{"Key": one["Key"]} for one in page.get("Contents", ())]:
                asking.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
        asking.delete_bucket(Bucket=bucket)


@dataclass
class Redis:
    """A Redis that a test may kill, pause and fill. It keeps its port, and nothing else."""

    folder: Path
    port: int
    options: tuple[str, ...] = ()
    settings: str = ""  # other ones than those of bin/services
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> "Redis":
        server, settings = str(shutil.which("redis-server")), self.folder / "redis.conf"
        if not settings.exists():  # a copy of its own: a Sentinel lets a Redis rewrite them
            settings.write_text(self.settings or (ROOT / "services/redis.conf").read_text())
        own = ["--port", str(self.port), "--dir", str(self.folder), *self.options]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([server, settings, *own], stdout=log, stderr=log)
        answers = [sys.executable, "services/answers.py", "redis", "127.0.0.1", str(self.port)]
        subprocess.run([*answers, str(START_SECONDS), str(self.process.pid)], cwd=ROOT, check=True)
        return self

    def pause(self) -> None:
        """Its connections stay open, and nothing answers."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        self._send(signal.SIGCONT)

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self._send(signal.SIGKILL)
            self.process.wait(timeout=START_SECONDS)

    def _send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)


@contextmanager
def own_redis(*options: str) -> Iterator[Redis]:
    """A Redis of its own, empty, for a test that harms it."""
    place("CHAT_TEST_REDIS_URL", "redis")  # where that runs, there is a program to run
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        redis = Redis(Path(folder), free_port(), options)
        try:
            yield redis.start()
        finally:
            redis.kill()
