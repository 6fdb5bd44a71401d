"""Every `manage.py …` of the documents for operators, run on a site.

The process that runs them has loaded the site once and forks for each: a command has a process of
its own, as at a prompt, and costs little.
"""

import io
import json
import os
import re
import shlex
import subprocess
import sys
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from testkit.running import ROOT, Site

DOCUMENTS = ("README.md", "docs/operations.md", "docs/backup.md", "docs/cassandra.md")
COMMAND = re.compile(r"manage\.py ([a-z_]+(?: [^`#|&]*)?)")
INLINE = re.compile(r"`[^`]+`")
# What runs elsewhere, since it takes more than one site.
ELSEWHERE = {
    "serve": "tests/chatsite/test_server.py",
    "copy_store": "tests/nodes/test_copying.py",
}
FOLDERS = {"FOLDER", "/somewhere/chat-2026-11-29", "$TMP/chat"}  # of one backup each
PEOPLE = ("alice", "bob", "carol", "dave", "mallory")  # the first two are connected
WAITS = """
from accounts.models import User; User.objects.filter(username="carol").update(approved=False)
"""  # for somebody to approve her
HEAD = "3f…"  # stands for one that was printed before


@dataclass(frozen=True)
class Done:
    code: int
    said: str


class Prompt:
    """Runs commands of a site, one after the other."""

    def __init__(self, site: Site) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.documented"],
            cwd=ROOT, env=site._env(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, *words: str) -> Done:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        return Done(*json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        self._process.communicate()


class Step(NamedTuple):
    """A command as it stands in a document, and a part of what it prints. `name`: for its NAME.
    `code`: how it ends; None = either way."""

    line: str
    says: str
    name: str = ""
    code: int | None = 0


WHILE_IT_RUNS = (
    Step("migrate", "No migrations to apply"),
    Step("migrate_store", ""),
    Step("storage_setup", ""),
    Step("storage_check", "ok"),
    Step("doctor", "ok ", code=None),  # of this machine it says what it finds
    Step("stats", "5  people"),
    Step("presence", "Heartbeat"),
    Step("check_store", "faults: 0"),
    Step("check_store --repair watermarks --dry-run", "faults: 0"),
    Step("check_store --repair files", "faults: 0"),
    Step("prune --dry-run", ""),
    Step("prune", ""),
    Step("prune_stale --dry-run", "stay"),
    Step("prune_stale", "stay"),
    Step("prune_messages --dry-run", "0 would go"),
    Step("prune_messages", "0 gone"),
    Step("prune_attachments --adopt", "0 files"),
    Step("prune_attachments", "0 files"),
    Step("clearsessions", ""),
    Step("staff_add NAME --role moderator", "The link", "frank"),
    Step("staff_add erin --role auditor", "The link"),
    Step("staff_reset_factor erin", "The link"),
    Step("sign_up_work on", ""),
    Step("sign_up_work --bits 17", "17"),
    Step("sign_up_work", "17"),
    Step("approve NAME", "is approved", "carol"),
    Step("reset_account NAME", "Good until", "bob"),
    Step("suspend mallory --for 7d --reason harassment", "is suspended until"),
    Step("suspend mallory --requests --for 4w", "may not ask"),
    Step("suspend mallory --undo", "is active"),
    Step("suspend NAME --for 7d", "is suspended until", "dave"),
    Step("suspend NAME", "is suspended.", "frank"),
    Step("export_account alice alice.zip --dry-run", "1 conversations"),
    Step("export_account alice alice.zip", "1 conversations"),
    Step("export_account NAME FILE", "1 conversations", "bob"),
    Step("verify_audit", "entries hold. Head"),
    Step("verify_audit --head 3f…", "entries hold. Head"),
    Step("backup /somewhere/chat-2026-11-29", "Keep it as safe"),
    Step("backup FOLDER --dry-run", "has room for"),
    Step("backup FOLDER", "Keep it as safe"),
    Step("restore FOLDER --dry-run", "is good"),
    Step('backup "$TMP/chat"', "Keep it as safe"),
    Step("delete_account alice --dry-run", "would go"),
    Step("delete_account alice", "messages were left"),
    Step("delete_account alice --erase-messages", "they stay"),
    Step("delete_account NAME", "Receipt", "bob"),
    Step("rotate_secrets", "in use"),
    Step("rotate_secrets NAME --announce", "is announced", "all"),
    Step("rotate_secrets NAME", "is in use", "all"),
    Step("rotate_secrets NAME --announce", "is announced", "franking"),
    Step("rotate_secrets franking", "is in use"),
    Step("rotate_secrets --prune franking", "0 keys dropped"),
    Step("rotate_secrets NAME --prune", "dropped", "nonce"),
    Step("rotate_secrets moderation", "is in use"),
    Step("verify_audit", "entries hold. Head"),
)
WHILE_IT_DOES_NOT = (
    Step("restored", "everybody signs in again"),
    Step("restore /somewhere/chat-2026-11-29", "The data of the backup is in"),
    Step("restore FOLDER", "The data of the backup is in"),
)


def follow(prompt: Prompt, steps: Sequence[Step], folder: Path) -> None:
    """Each in its turn; `folder` is for the files that they name."""
    head = ""
    for step in steps:
        given = {"NAME": step.name, "FILE": str(folder / "file.zip"), HEAD: head}
        given |= {name: str(folder / Path(name).name) for name in (*FOLDERS, "alice.zip")}
        done = prompt.run(*(given.get(word, word) for word in shlex.split(step.line)))
        assert step.says in done.said, (step.line, done.said)
        assert step.code in (None, done.code), (step.line, done.said)
        assert "Traceback" not in done.said, (step.line, done.said)
        if found := re.search(r"Head ([0-9a-f]{64})", done.said):
            head = found[1]


def commands() -> set[str]:
    """Each with its words, as it stands there."""
    return {line for name in DOCUMENTS for line in _lines((ROOT / name).read_text())}


def _lines(text: str) -> Iterator[str]:
    """In blocks each line is code; elsewhere what stands between backticks is."""
    for block in re.split(r"\n\s*\n", text):
        if block.startswith(("    ", "```")):
            code = block.splitlines()
        else:
            code = [found.strip("`") for found in INLINE.findall(" ".join(block.split()))]
        for line in code:
            for words in COMMAND.findall(line):
                yield " ".join(words.split())


def _serve() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("check", stdout=io.StringIO())  # loads what each would load
    for line in sys.stdin:
        read, write = os.pipe()
        child = os.fork()
        if not child:
            os.dup2(write, sys.stdout.fileno())
            os.dup2(write, sys.stderr.fileno())
            _run(json.loads(line))
        os.close(write)
        with os.fdopen(read, errors="replace") as printed:
            said = printed.read()
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(json.dumps([code, said]) + "\n")
        sys.stdout.flush()


def _run(words: list[str]) -> None:
    """As the prompt does, to its end."""
    import manage

    sys.argv = ["manage.py", *words]
    code: object = 1
    try:
        manage.main()
        code = 0
    except SystemExit as ended:
        code = ended.code
        if isinstance(code, str):
            sys.stderr.write(code)
    except BaseException:  # noqa: BLE001 -- as Python itself does
        traceback.print_exc()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code if isinstance(code, int) else bool(code))


if __name__ == "__main__":
    _serve()
