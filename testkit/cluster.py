"""`bin/cluster` on services of its own, in a folder of its own: three nodes behind HAProxy."""

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from testkit.running import ROOT

ROW = re.compile(r"^(\S+) +(N\d)\.", re.MULTILINE)  # of `manage.py presence`


@dataclass
class Cluster:
    folder: Path
    url: str = ""

    def start(self) -> "Cluster":
        self.url = self.run().split()[0]
        return self

    def run(self, *words: str) -> str:
        """What `bin/cluster WORDS` prints. Raises RuntimeError with what went wrong."""
        env = {**os.environ, "CHAT_SERVICES": str(self.folder), "CHAT_VAR": str(self.folder / "v")}
        for name in ("DATABASE_URL", "CHAT_ENGINE"):
            env.pop(name, None)
        done = subprocess.run(
            [ROOT / "bin/cluster", *words],
            env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"bin/cluster {' '.join(words)}: {done.stderr[-3000:]}")
        return done.stdout

    def where(self) -> dict[str, str]:
        """The node of each person who is connected, by username."""
        return dict(ROW.findall(self.run("status")))

    def remove(self) -> None:
        self.run("stop")
        shutil.rmtree(self.folder, ignore_errors=True)


def new_cluster() -> Cluster:
    """Not started. Its folder can be entered by the user that PostgreSQL runs as."""
    folder = Path(tempfile.mkdtemp(prefix="cluster-"))
    folder.chmod(0o755)
    return Cluster(folder)
