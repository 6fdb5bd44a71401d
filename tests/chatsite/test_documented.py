"""Every command that the documents for operators name is run, on the embedded engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatsite import make_secrets
from testkit.cast import seeded
from testkit.running import ROOT, Site, new_site
from tests import documented
from tests.documented import ELSEWHERE, PEOPLE, WAITS, WHILE_IT_DOES_NOT, WHILE_IT_RUNS, Prompt


@pytest.fixture
def site() -> Iterator[Site]:
    made = new_site({"DATABASE_URL": "", "ADMIN_URL": "/admin", "MESSAGE_RETENTION_DAYS": "30"})
    seeded(made, *PEOPLE, pairs=1)
    yield made
    made.remove()


def test_each_is_run_somewhere() -> None:
    run = {step.line for step in (*WHILE_IT_RUNS, *WHILE_IT_DOES_NOT)}
    names = {line.split()[0] for line in run} | ELSEWHERE.keys()
    for line in documented.commands():
        name, *words = line.split()
        assert name in ELSEWHERE or line in run or (not words and name in names), line
    assert {line for line in run if line not in documented.commands()} <= {"restore FOLDER"}
    for name, path in ELSEWHERE.items():
        assert name in (ROOT / path).read_text()


def test_a_command_that_nobody_runs_is_seen() -> None:
    text = "A word, `manage.py\nprune --all`, and\n\n    X=1 manage.py stats --json  # numbers\n"
    assert [*documented._lines(text)] == ["prune --all", "stats --json"]


@pytest.mark.timeout(240)
def test_they_do_what_the_documents_say(site: Site, tmp_path: Path) -> None:
    prompt = Prompt(site)
    try:
        assert prompt.run("shell", "-c", WAITS).code == 0
        site.start()
        documented.follow(prompt, WHILE_IT_RUNS, tmp_path)
        site.stop()
        documented.follow(prompt, WHILE_IT_DOES_NOT, tmp_path)
        site.start()
    finally:
        prompt.close()


def test_what_a_command_cannot_help_is_a_sentence(tmp_path: Path) -> None:
    make_secrets.main(tmp_path / "secrets")
    prompt = Prompt(Site(tmp_path, 8000, {"DATABASE_URL": ""}))
    end = "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"
    away = "from messaging.backends.base import Busy; raise Busy"
    full = "raise OSError(28, os.strerror(28))"
    wanted = [
        (("prune",), 1, "run manage.py migrate"),
        (("verify_audit",), 1, "run manage.py migrate"),
        (("approve", "carol"), 1, "run manage.py migrate"),
        (("shell", "-c", end), 130, "interrupted"),
        (("shell", "-c", away), 1, "the message store does not answer"),
        (("shell", "-c", f"import os; {full}"), 1, "what was to be written: No space left"),
        (("shell", "-c", "open('/nowhere/at/all')"), 1, "/nowhere/at/all: No such file"),
    ]
    try:
        for words, code, says in wanted:
            done = prompt.run(*words)
            assert (done.code, says in done.said) == (code, True), done.said
            assert "Traceback" not in done.said
        bug = prompt.run("shell", "-c", "1 / 0")
        assert (bug.code, "Traceback" in bug.said) == (1, True), bug.said
    finally:
        prompt.close()
