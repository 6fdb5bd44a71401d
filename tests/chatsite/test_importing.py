"""manage.py restore into an empty PostgreSQL: what it refuses, and how it goes on. The drill of the
distributed engine is in tests/nodes/test_restoring.py."""

import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatsite import make_secrets
from chatsite.backup.importing import NOTES, READY
from media.models import State
from testkit.cast import seeded
from testkit.running import ROOT, Site, new_site
from tests.chatsite.test_backup import blob_of, write
from tests.services import own_postgres

REFUSED, FAILED = 1, 2
FIELDS = "blob, owner, conv, size, part, state, changed, version"


@pytest.fixture
def backup(tmp_path: Path) -> Iterator[Path]:
    """Of a site in files, with a file in it."""
    site = new_site({"DATABASE_URL": ""})
    seeded(site, "alice", "bob", pairs=1)
    blob = secrets.token_bytes(16)
    row = f"x'{blob.hex()}', x'{'aa' * 16}', x'{'bb' * 16}', 4, 4, {State.WHOLE.value}, 1, 0"
    write(site.var / "site.sqlite3", f"INSERT INTO media_blob ({FIELDS}) VALUES ({row})")
    part = blob_of(site.var, blob) / "0"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"data")
    site.manage("backup", str(tmp_path / "backup"))
    yield tmp_path / "backup"
    site.remove()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Site]:
    """With its data in PostgreSQL, where there are no tables yet."""
    make_secrets.main(tmp_path / "var/secrets")
    with own_postgres() as url:
        yield Site(tmp_path / "var", 8000, {"DATABASE_URL": url})


def run(site: Site, *words: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", *map(str, words)],
        cwd=ROOT, env=site._env(), capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.timeout(300)
def test_what_was_interrupted_goes_on(backup: Path, empty: Site) -> None:
    before = (empty.var / "secrets/pepper").read_bytes()
    in_the_way = empty.var / "blobs"
    in_the_way.write_text("no folder")
    broken = run(empty, "restore", backup)
    assert broken.returncode == FAILED, broken.stderr
    assert "Traceback" not in broken.stderr
    assert (empty.var / NOTES).exists()
    assert not (empty.var / READY).exists()
    assert (empty.var / "secrets/pepper").read_bytes() == before
    in_the_way.unlink()
    done = run(empty, "restore", backup)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert not (empty.var / NOTES).exists()
    assert [path.read_bytes() for path in in_the_way.rglob("0")] == [b"data"]
    kept = (backup / "secrets/pepper").read_bytes()
    assert (empty.var / "secrets/pepper").read_bytes() == kept
    [aside] = empty.var.glob("secrets.before-restore-*")
    assert (aside / "pepper").read_bytes() == before
    whole = run(empty, "check_store")
    assert "conversations: 1, messages: 0, faults: 0" in whole.stdout
    again = run(empty, "restore", backup)
    assert (again.returncode, "There is a site already" in again.stderr) == (REFUSED, True)
    back = backup.with_name("back")
    said = run(empty, "backup", back)
    assert (said.returncode, "faults: 0" in said.stdout) == (0, True), said.stderr
    assert len(list((back / "blobs").rglob("0"))) == 1
