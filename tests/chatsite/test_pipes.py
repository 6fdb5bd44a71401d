"""What a command does where who reads it has gone, or never was there."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from chatsite import make_secrets
from testkit.running import ROOT, Site
from tests.chatsite.to_nobody import SERVER

COMMANDS = {file.stem for file in ROOT.glob("*/management/commands/[a-z]*.py")} - {SERVER}


def test_every_command_ends_quietly_where_nobody_reads() -> None:
    every = subprocess.run(
        [sys.executable, "-m", "tests.chatsite.to_nobody"],
        cwd=ROOT, capture_output=True, check=True, text=True,
    )  # fmt: skip
    ended = json.loads(every.stdout)
    assert ended.keys() >= COMMANDS
    assert {tuple(one) for one in ended.values()} == {(141, "")}


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    make_secrets.main(tmp_path / "secrets")
    site = Site(tmp_path, 8000, {"DATABASE_URL": ""})

    def done(script: str, *words: str) -> tuple[int, str]:
        whole = ["sh", "-c", script, "sh", sys.executable, "manage.py", *words]
        end = subprocess.run(
            whole, cwd=ROOT, env={**os.environ, **site._env()}, capture_output=True, text=True,
        )  # fmt: skip
        return end.returncode, end.stderr

    return done


def test_closed_and_full_outputs_are_said(run: Callable[..., tuple[int, str]]) -> None:
    closed = "standard output is closed; to hear nothing, send it to /dev/null\n"
    assert run('"$@" >&-', "stats", "--help") == (1, closed)
    assert run('"$@" >&- 2>&-', "stats", "--help") == (1, "")
    full = "what was to be written: No space left on device\n"
    assert run('"$@" >/dev/full', "stats", "--help") == (1, full)


def test_a_reader_that_goes_is_no_error_of_what_it_does(
    run: Callable[..., tuple[int, str]],
) -> None:
    """Else a backup would say that a disk failed, and with the wrong status."""
    says = "import time\nwhile True:\n try: print('a line', flush=True)\n except Exception: print"
    code, said = run('{ "$@"; echo $? >&2; } | head -1', "shell", "-c", says)
    assert (code, said) == (0, "141\n")


def test_ctrl_c_in_the_middle_is_a_line(run: Callable[..., tuple[int, str]]) -> None:
    ends = "import asyncio, os, signal\nasync def wait():\n os.kill(os.getpid(), signal.SIGINT)\n"
    ends += " await asyncio.sleep(60)\n"
    ends += (
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # in the background: ignored
    )
    ends += "asyncio.run(wait())"
    assert run('"$@"', "shell", "-c", ends) == (130, "interrupted\n")
