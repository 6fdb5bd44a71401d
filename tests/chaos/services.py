"""PostgreSQL, Redis, Cassandra, S3 and HAProxy of a storm's own, by `bin/services` in one folder.

One run after the other uses them, and undoes what it did to them.
"""

import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from testkit.running import ROOT

NODES_MAX = 3  # that services/haproxy.cfg leads to
BORN = 19  # place in /proc/PID/stat, from behind the name
FULL, ROOMY = "1mb", "64mb"  # of Redis; the second is what services/redis.conf says


@dataclass
class Services:
    folder: Path
    cassandras: tuple[str, ...]

    def start(self) -> "Services":
        self.run("start", *self.names)
        return self

    @property
    def names(self) -> tuple[str, ...]:
        return ("postgres", "redis", "s3", "haproxy", *self.cassandras)

    def run(self, *words: str) -> str:
        """What `bin/services WORDS` prints. Raises RuntimeError with what went wrong."""
        done = subprocess.run(
            [ROOT / "bin/services", *words],
            env={**os.environ, "CHAT_SERVICES": str(self.folder)},
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"bin/services {' '.join(words)}: {done.stderr[-3000:]}")
        return done.stdout.strip()

    def url(self, name: str) -> str:
        return self.run("url", name)

    def port(self, name: str) -> int:
        """Also of a node, which HAProxy knows before it runs."""
        return int((self.folder / name / "port").read_text())

    def note(self, name: str, pid: int) -> None:
        """That this node runs, and has the port that HAProxy knows: as bin/cluster notes it."""
        born = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[BORN]
        (self.folder / name / "pid").write_text(f"{pid} {born}\n")

    def crowd(self, memory: str) -> None:
        """How much Redis may hold."""
        with Redis.from_url(self.url("redis")) as redis:
            redis.config_set("maxmemory", memory)

    def heal(self) -> None:
        for name in self.names:
            with suppress(RuntimeError):  # it does not run
                self.run("resume", name)
        self.run("start", *self.names)
        self.crowd(ROOMY)

    def remove(self) -> None:
        self.run("wipe")
        shutil.rmtree(self.folder, ignore_errors=True)


def own_services(cassandras: int) -> Services:
    """Not started. The folder can be entered by the user that PostgreSQL runs as."""
    folder = Path(tempfile.mkdtemp(prefix="storm-"))
    folder.chmod(0o755)
    return Services(folder, tuple(f"cassandra-{n}" for n in range(1, cassandras + 1)))
