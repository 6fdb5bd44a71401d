"""manage.py backup and restore, on the files of a real site."""

import fcntl
import json
import os
import resource
import secrets
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from chatsite.backup import Failed, Problem, making, manifest, moving, restoring, room
from media.models import State
from testkit.cast import Person, seeded
from testkit.running import ROOT, Site, new_site

pytestmark = pytest.mark.skipif(
    os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="of the files of SQLite"
)
REFUSED, FAILED = 1, 2
LATER = "SELECT 1 FROM accounts_user WHERE display_name = 'Later'"
LINK = (
    "INSERT INTO moderation_stafflink (user_id, digest, code, expires, tries, opened_from, used)"
    " SELECT id, zeroblob(32), zeroblob(32), 1, 0, '', 0 FROM accounts_user LIMIT 1"
)
UNKNOWN = "INSERT INTO django_migrations (app, name, applied) VALUES ('accounts', '9999_x', '')"


@pytest.fixture(scope="module")
def prepared() -> Iterator[tuple[Site, list[Person]]]:
    site = new_site()
    people = seeded(site, "alice", "bob", pairs=1)
    write(site.var / "site.sqlite3", LINK)
    yield site, people
    site.remove()


@pytest.fixture
def site(prepared: tuple[Site, list[Person]], tmp_path: Path) -> Iterator[Site]:
    """Data of its own, so that a test may spoil it."""
    shutil.copytree(prepared[0].var, tmp_path / "var", symlinks=True)
    copy = Site(tmp_path / "var", prepared[0].port)
    yield copy
    copy.stop()


@pytest.fixture
def backup(site: Site) -> Path:
    folder = site.var.parent / "backup"
    making.make(folder, databases_of(site), site.var, lambda *_: None)
    return folder


def databases_of(site: Site) -> dict[str, Path]:
    return {alias: site.var / name for alias, name in manifest.DATABASES.items()}


def run(site: Site, *args: object, **how: Any) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-W", "ignore", "manage.py", *map(str, args)]
    return subprocess.run(
        command, cwd=ROOT, env=site._env(), capture_output=True, text=True, check=False, **how
    )


def rows(path: Path, question: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(question).fetchall()


def write(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(statement)


def blob_of(var: Path, blob: bytes) -> Path:
    return var / "blobs" / blob.hex()[:2] / blob.hex()


def data_of(var: Path) -> list[Any]:
    return rows(var / "messages.sqlite3", "SELECT value FROM meta WHERE key = 'data'")


def beside(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# ---------------------------------------------------------------- backup


def test_what_it_would_copy_is_counted_and_nothing_is_written(site: Site) -> None:
    folder = site.var.parent / "backup"
    done = run(site, "backup", folder, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "Would copy messages.sqlite3 with" in done.stdout
    assert "Would copy 0 pictures and files" in done.stdout
    assert not folder.exists()
    folder.mkdir()
    taken = run(site, "backup", folder, "--dry-run")
    assert taken.returncode == REFUSED
    assert "is there already" in taken.stderr


def test_no_secret_is_rotated_while_it_is_made(site: Site) -> None:
    free: list[bool] = []

    def look(*_: Any) -> None:
        folder = os.open(site.var / manifest.SECRETS, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            free.append(True)
        except BlockingIOError:
            free.append(False)
        finally:
            os.close(folder)

    making.make(site.var.parent / "backup", databases_of(site), site.var, look)
    assert free
    assert not any(free)


def test_a_backup_is_whole_and_nobody_elses(site: Site, backup: Path) -> None:
    assert beside(backup) == ["manifest.json", "messages.sqlite3", "secrets", "site.sqlite3"]
    for path in [backup, *backup.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    said = manifest.read(backup)
    for name, file in said.files.items():
        assert manifest.described(backup / name) == file
    assert rows(backup / "site.sqlite3", "SELECT count(*) FROM accounts_user") == [(2,)]
    for secret in (site.var / "secrets").iterdir():
        assert (backup / "secrets" / secret.name).read_bytes() == secret.read_bytes()


def test_pictures_and_files_come_back_with_their_messages(site: Site) -> None:
    whole, going, begun = (secrets.token_bytes(16) for _ in range(3))
    for blob, state in ((whole, State.LINKED), (going, State.WHOLE), (begun, State.GRANTED)):
        fields = "blob, owner, conv, size, part, state, changed, version"
        row = f"x'{blob.hex()}', x'{'aa' * 16}', x'{'bb' * 16}', 11, 5, {state.value}, 1, 0"
        write(site.var / "site.sqlite3", f"INSERT INTO media_blob ({fields}) VALUES ({row})")
        for n, data in enumerate((b"first", b"other", b"!")):
            part = blob_of(site.var, blob) / str(n)
            part.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(data)
    shutil.rmtree(blob_of(site.var, going))  # deleted while the copy runs
    folder = site.var.parent / "backup"
    said = run(site, "backup", folder)
    assert said.returncode == 0, said.stderr
    assert "pictures and files: 0 of 0 MB" in said.stdout
    copied = {path.name for path in (folder / "blobs").rglob("*") if len(path.name) == 32}
    assert copied == {whole.hex()}
    shutil.rmtree(site.var / "blobs")
    said = run(site, "restore", folder)
    assert said.returncode == 0, said.stderr
    found = {path.name: path.read_bytes() for path in blob_of(site.var, whole).iterdir()}
    assert found == {"0": b"first", "1": b"other", "2": b"!"}


def test_a_part_that_changed_in_the_backup_is_refused(site: Site) -> None:
    part = blob_of(site.var, b"b" * 16) / "0"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"data")
    row = f"x'{'62' * 16}', x'{'aa' * 16}', x'{'bb' * 16}', 4, 4, {State.LINKED.value}, 1, 0"
    fields = "blob, owner, conv, size, part, state, changed, version"
    write(site.var / "site.sqlite3", f"INSERT INTO media_blob ({fields}) VALUES ({row})")
    folder = site.var.parent / "backup"
    making.make(folder, databases_of(site), site.var, lambda *_: None)
    (blob_of(folder, b"b" * 16) / "0").write_bytes(b"dota")
    said = run(site, "restore", folder)
    assert said.returncode == REFUSED
    assert "it is damaged" in said.stderr


def test_what_else_lies_among_the_secrets_spoils_no_backup(site: Site) -> None:
    """Such as the copy that an editor makes: no restore would take it."""
    (site.var / "secrets/pepper.bak").write_text("k1:A\n")
    (site.var / "secrets/.pepper.swp").write_text("k1:A\n")
    folder = site.var.parent / "backup"
    making.make(folder, databases_of(site), site.var, lambda *_: None)
    kept = {name for name in manifest.read(folder).files if name.startswith("secrets/")}
    wanted = {f"secrets/{name}" for name in beside(site.var / "secrets")}
    assert kept == wanted - {"secrets/pepper.bak", "secrets/.pepper.swp"}


def test_more_files_than_a_restore_would_read_are_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifest, "MANIFEST_MAX", 500)
    folder = site.var.parent / "backup"
    with pytest.raises(Failed, match="too many for a backup"):
        making.make(folder, databases_of(site), site.var, lambda *_: None)
    assert not folder.exists()


def test_it_says_how_far_it_is(site: Site) -> None:
    said = run(site, "backup", site.var.parent / "b").stdout.splitlines()
    assert any(line.startswith("messages.sqlite3: ") and line.endswith(" MB") for line in said)
    assert said.index("checking messages.sqlite3") < said.index("checking site.sqlite3")


def test_the_policy_is_in_the_help(site: Site) -> None:
    for command in ("backup", "restore"):
        said = " ".join(run(site, command, "--help").stdout.split())
        assert "Policy: " in said
        assert "Exit: 0 done, 1 refused" in said


def test_one_moment_is_copied_while_the_site_writes(site: Site) -> None:
    """Left alone, each write of the site starts the copy again, until the last of them is in it."""
    path = site.var / "messages.sqlite3"
    write(path, "CREATE TABLE ballast (n INTEGER, filling BLOB)")
    filled = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 3000)"
    write(path, f"INSERT INTO ballast {filled} SELECT 0, randomblob(9000) FROM c")
    steps: list[int] = []

    def progress(what: str, done: int, size: int) -> None:
        if what == "messages.sqlite3":
            steps.append(done)
            write(path, f"INSERT INTO ballast VALUES ({len(steps)}, '')")

    target = site.var.parent / "b"
    making.make(target, databases_of(site), site.var, progress)
    assert len(steps) > 1
    assert steps == sorted(set(steps))
    assert rows(target / "messages.sqlite3", "SELECT max(n) FROM ballast") == [(0,)]


def test_a_name_that_is_taken_is_refused(site: Site, backup: Path) -> None:
    before = (backup / "manifest.json").read_bytes()
    done = run(site, "backup", backup)
    assert (done.returncode, "is there already" in done.stderr) == (REFUSED, True)
    assert (backup / "manifest.json").read_bytes() == before
    done = run(site, "backup", site.var.parent / "nowhere/b")
    assert (done.returncode, "There is no folder" in done.stderr) == (REFUSED, True)


def test_an_interrupted_backup_leaves_nothing(site: Site) -> None:
    class Interrupted(KeyboardInterrupt):
        pass

    def progress(what: str, done: int, size: int) -> None:
        if what == "site.sqlite3":
            raise Interrupted

    target = site.var.parent / "b"
    before = beside(site.var.parent)
    with pytest.raises(Interrupted):
        making.make(target, databases_of(site), site.var, progress)
    assert beside(site.var.parent) == before


def test_a_full_disk_is_named_and_leaves_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, before = site.var.parent / "b", beside(site.var.parent)
    usage = shutil.disk_usage(site.var)._replace(free=1_000_000)
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda _: usage)
        with pytest.raises(Problem, match="has 1 MB free; the backup needs"):
            making.make(target, databases_of(site), site.var, lambda *_: None)
    limit = 50_000  # bytes a file: the disk is full in the middle of the first

    def narrow() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = run(site, "backup", target, preexec_fn=narrow)
    assert (done.returncode, "nothing was left there" in done.stderr) == (FAILED, True), done.stderr
    assert beside(site.var.parent) == before


def test_a_copy_that_is_not_good_is_not_kept(site: Site) -> None:
    write(site.var / "site.sqlite3", "UPDATE accounts_device SET user_id = 999")
    done = run(site, "backup", site.var.parent / "b")
    assert (done.returncode, "a row of accounts_" in done.stderr) == (FAILED, True), done.stderr
    assert "b" not in beside(site.var.parent)


# ---------------------------------------------------------------- restore


def test_the_older_data_is_back_and_everybody_signs_in_again(site: Site, backup: Path) -> None:
    assert rows(site.var / "site.sqlite3", "SELECT count(*) FROM accounts_sessionrecord") != [(0,)]
    write(site.var / "site.sqlite3", "UPDATE accounts_user SET display_name = 'Later'")
    (site.var / "secrets/pepper").write_text("k9:" + "A" * 43 + "=\n")
    before = data_of(backup)
    done = run(site, "restore", backup)
    assert done.returncode == 0, done.stderr
    assert not rows(site.var / "site.sqlite3", LATER)
    assert (site.var / "secrets/pepper").read_bytes() == (backup / "secrets/pepper").read_bytes()
    assert data_of(site.var) != before
    assert len(data_of(site.var)) == 1
    assert rows(backup / "site.sqlite3", "SELECT count(*) FROM moderation_stafflink") == [(1,)]
    given = ("django_session", "accounts_sessionrecord", "accounts_grant", "moderation_stafflink")
    for table in given:
        assert rows(site.var / "site.sqlite3", f"SELECT count(*) FROM {table}") == [(0,)]
    [aside] = [name for name in beside(site.var.parent) if "before-restore" in name]
    old = site.var.parent / aside / "site.sqlite3"
    assert rows(old, LATER)
    assert aside in done.stdout
    site.start()


def test_a_rehearsal_says_whether_a_backup_is_good(site: Site, backup: Path) -> None:
    there, before = beside(site.var.parent), data_of(site.var)
    with closing(sqlite3.connect(site.var / "site.sqlite3")) as open_elsewhere:
        open_elsewhere.execute("SELECT count(*) FROM accounts_user").fetchone()
        good = run(site, "restore", backup, "--dry-run")
    assert good.returncode == 0, good.stderr
    assert "is good: " in good.stdout
    spoil_bytes(backup)
    damaged = run(site, "restore", backup, "--dry-run")
    assert (damaged.returncode, "is damaged" in damaged.stderr) == (REFUSED, True)
    assert (beside(site.var.parent), data_of(site.var)) == (there, before)


def test_a_running_site_is_not_restored_over(site: Site, backup: Path) -> None:
    site.start()
    done = run(site, "restore", backup)
    assert (done.returncode, "The site runs" in done.stderr) == (REFUSED, True)
    assert run(site, "restored").returncode == 1
    site.stop()
    assert run(site, "restore", backup).returncode == 0


def test_nor_over_a_process_that_has_the_files_open(site: Site, backup: Path) -> None:
    with closing(sqlite3.connect(site.var / "site.sqlite3")) as shell:
        shell.execute("SELECT count(*) FROM accounts_user").fetchone()
        done = run(site, "restore", backup)
        assert (done.returncode, "has" in done.stderr and "open" in done.stderr) == (REFUSED, True)
    assert run(site, "restore", backup).returncode == 0


def spoil_bytes(backup: Path) -> None:
    path = backup / "messages.sqlite3"
    path.write_bytes(path.read_bytes()[:-1] + b"x")


def spoil_newer(backup: Path) -> None:
    path = backup / "site.sqlite3"
    write(path, UNKNOWN)
    described(backup)


def spoil_database(backup: Path) -> None:
    (backup / "site.sqlite3").write_bytes(b"no database at all" * 100)
    described(backup)


def spoil_secret(backup: Path) -> None:
    (backup / "secrets/pepper").write_text("nothing\n")
    described(backup)


def described(backup: Path) -> None:
    """The manifest of what is there now: the damage lies deeper."""
    (backup / "manifest.json").unlink()
    manifest.write(backup, "now")


def spoil_manifest(backup: Path, change: dict[str, Any]) -> None:
    path = backup / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))


FOREIGN = {"../../etc/passwd": {"bytes": 1, "sha256": "0" * 64}}
WRONG = {
    "is no backup": lambda b: (b / "manifest.json").unlink(),
    "is not the manifest of a backup": lambda b: (b / "manifest.json").write_text("{"),
    "is a backup of format 9; this version reads 1": lambda b: spoil_manifest(b, {"format": 9}),
    "which no backup holds": lambda b: spoil_manifest(b, {"files": FOREIGN}),
    "does not name messages.sqlite3": lambda b: spoil_manifest(b, {"files": {}}),
    "site.sqlite3 is missing": lambda b: (b / "site.sqlite3").unlink(),
    "it is damaged": spoil_bytes,
    "was made by a newer version of the site, with accounts.9999_x. Update first": spoil_newer,
    "cannot be opened as a database": spoil_database,
    "The secrets of the backup are of no use": spoil_secret,
}


@pytest.mark.parametrize("sentence", WRONG)
def test_each_thing_wrong_has_its_sentence(site: Site, backup: Path, sentence: str) -> None:
    WRONG[sentence](backup)
    before, data = beside(site.var.parent), data_of(site.var)
    with pytest.raises(Problem) as refused:
        restoring.restore(backup, site.var, lambda *_: None)
    assert not isinstance(refused.value, Failed)
    assert sentence in str(refused.value)
    assert (beside(site.var.parent), data_of(site.var)) == (before, data)


def test_no_room_is_told_before_anything_is_unpacked(
    site: Site, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rehearsal runs beside a site that people use: it must not take their disk."""
    assert [n for n in manifest.read(backup).files if n.startswith("secrets/")]
    usage, before = (
        shutil.disk_usage(site.var)._replace(free=room.SPARE_BYTES),
        beside(site.var.parent),
    )
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    for restored in (restoring.rehearse, restoring.restore):
        with pytest.raises(Problem, match="has 17 MB free; the backup needs"):
            restored(backup, site.var, lambda *_: None)
    assert beside(site.var.parent) == before


def test_a_full_disk_leaves_the_site_as_it_was(site: Site, backup: Path) -> None:
    before = beside(site.var.parent)

    def narrow() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    done = run(site, "restore", backup, preexec_fn=narrow)
    assert (done.returncode, "could not be unpacked" in done.stderr) == (FAILED, True), done.stderr
    assert beside(site.var.parent) == before


@pytest.mark.parametrize("below", ["", "/secrets", "/a b"])
def test_a_mount_is_refused_before_anything_is_changed(
    site: Site, backup: Path, tmp_path: Path, below: str
) -> None:
    mounts, place = tmp_path / "mounts", f"{site.var}{below}".replace(" ", "\\040")
    line = "36 35 98:0 / {} rw,noatime - ext4 /dev/root rw\n"
    mounts.write_text(line.format("/") + line.format(f"{site.var}-2"))
    moving.require_movable(site.var, mounts)
    mounts.write_text(line.format("/") + line.format(place))
    with pytest.raises(Problem, match="Something is mounted at") as refused:
        moving.require_movable(site.var, mounts)
    assert f"{site.var}{below}, so" in str(refused.value)


def test_nothing_is_half_done_by_a_swap(tmp_path: Path) -> None:
    """Where the new folder cannot come, the old one is back."""
    place = tmp_path / "var"
    place.mkdir()
    with pytest.raises(Failed, match="it is as it was"):
        moving.swap(place, tmp_path / "aside", tmp_path / "nowhere")
    assert beside(tmp_path) == ["var"]


def test_behind_a_link_the_folder_that_it_leads_to_is_restored(site: Site, backup: Path) -> None:
    far = site.var.parent / "far"
    far.mkdir()
    site.var.rename(far / "data")
    site.var.symlink_to(far / "data")
    before = data_of(site.var)
    done = run(site, "restore", backup)
    assert done.returncode == 0, done.stderr
    assert site.var.is_symlink()
    [data, aside] = beside(far)
    assert (aside.startswith("data.before-restore-"), data) == (True, "data")
    assert data_of(far / aside) == before != data_of(site.var)


def test_an_older_schema_is_brought_up_to_date(site: Site, backup: Path) -> None:
    older = Site(site.var.parent / "older", site.port)
    shutil.copytree(site.var / "secrets", older.var / "secrets")
    older.manage("migrate", "--database", "messages", "messaging_sql", "0001", "--verbosity", "0")
    assert not rows(older.var / "messages.sqlite3", "SELECT 1 FROM sqlite_master WHERE name='meta'")
    shutil.copy(older.var / "messages.sqlite3", backup)
    for later in (*restoring.NEWER, "moderation", "moderation-id", "moderation.pub"):
        (backup / "secrets" / later).unlink()
    described(backup)
    done = run(site, "restore", backup)
    assert done.returncode == 0, done.stderr
    assert len(data_of(site.var)) == 1
    assert beside(site.var / "secrets") == beside(older.var / "secrets"), "what it has not is made"


def test_a_server_that_has_the_data_must_answer(site: Site, backup: Path) -> None:
    other = Site(site.var, site.port, {"DATABASE_URL": "postgres://a:b@127.0.0.1:1/c"})
    done = run(other, "backup", site.var.parent / "b")
    assert (done.returncode, "cannot be backed up" in done.stderr) == (REFUSED, True), done.stderr
    done = run(other, "restore", site.var.parent / "nothing")
    assert (done.returncode, "is no backup" in done.stderr) == (REFUSED, True)
    done = run(other, "restore", backup)
    assert (done.returncode, "database is away" in done.stderr) == (1, True), done.stderr


@pytest.mark.skipif(not os.environ.get("CHAT_TEST_POSTGRES_URL"), reason="needs PostgreSQL")
def test_after_pg_restore_one_command_does_the_rest(site: Site) -> None:
    url = os.environ["CHAT_TEST_POSTGRES_URL"]
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE put_back")
        own = urlsplit(url)._replace(path="/put_back").geturl()
        try:
            other = Site(site.var, site.port, {"DATABASE_URL": own})
            names = {run(other, "restored").stdout.split()[3] for _ in range(2)}
        finally:
            admin.execute("DROP DATABASE put_back WITH (FORCE)")
    assert len(names) == 2, "another name each time"
