"""bin/setup, as somebody runs it who has a setting wrong, or runs it twice at once."""

import fcntl
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from chatsite import control
from chatsite.env import BadSetting
from chatsite.make_secrets import main as make_secrets
from testkit.running import ROOT

BIN = ROOT / "bin"
VENV = Path(sys.prefix)


def _run(*command: str, cwd: Path = ROOT, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True, check=False
    )


@contextmanager
def _setup(cwd: Path, **env: str) -> Iterator[subprocess.Popen[str]]:
    """A set-up that runs; at the end it is killed with all that it began."""
    process = subprocess.Popen(
        [str(BIN / "setup")], cwd=cwd, env={**os.environ, "CHAT_VENV": str(VENV), **env},
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _next_line(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    return process.stderr.readline()


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """As another set-up holds it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@pytest.mark.parametrize("is_there", [False, True])
def test_the_data_folder_is_for_its_owner_alone(tmp_path: Path, is_there: bool) -> None:
    var = tmp_path / "data"
    if is_there:
        var.mkdir()
        var.chmod(0o755)
    command = [sys.executable, "-m", "chatsite.make_secrets", str(var / "secrets")]
    subprocess.run(command, cwd=ROOT, check=True, umask=0)
    assert len(list((var / "secrets").iterdir())) > 1
    for folder in (var, var / "secrets"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    var = tmp_path / "file" / "data"
    made = _run(sys.executable, "-m", "chatsite.make_secrets", str(var / "secrets"))
    assert (made.returncode, made.stderr) == (1, f"setup: CHAT_VAR: {var}: Not a directory\n")
    script = _run(str(BIN / "setup"), CHAT_VENV=str(VENV), CHAT_VAR=str(var))
    assert (script.returncode, script.stderr) == (1, f"setup: CHAT_VAR={var} cannot be made\n")


def test_a_second_set_up_waits_for_the_first(tmp_path: Path) -> None:
    """The folder is named from where the person stands, not from the repository."""
    var = tmp_path / "data"
    var.mkdir()
    with _setup(tmp_path, CHAT_VAR="data") as process:
        with _held(var):
            assert "waiting for another set-up" in _next_line(process)
            assert not list(var.iterdir())
        assert "database" in _next_line(process)
        assert (var / "secrets" / "django").exists()
    assert not (ROOT / "data").exists()


def test_a_second_set_up_waits_for_the_virtual_environment(tmp_path: Path) -> None:
    """Two data folders may share it; and a relative one is found from where the person stands."""
    (tmp_path / "env").mkdir()
    with (
        _held(tmp_path / "env"),
        _setup(tmp_path, CHAT_VAR="data", CHAT_VENV="env", PYTHON=sys.executable) as process,
    ):
        assert "waiting for another set-up" in _next_line(process)
        assert not list((tmp_path / "env").iterdir())


@pytest.mark.parametrize("python", ["/nowhere/python", "/bin/false", "./python"])
def test_an_unusable_python_is_named(tmp_path: Path, python: str) -> None:
    done = _run(str(BIN / "setup"), cwd=tmp_path, PYTHON=python, CHAT_VENV=str(tmp_path / "env"))
    assert done.returncode == 1
    assert done.stderr.startswith("setup: PYTHON=")
    assert done.stderr.endswith(" is not a Python 3.11 or newer with venv\n")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "env").exists()


def test_paths_are_taken_from_where_one_stands(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret")
    shown = 'source "$0"; echo "$CHAT_VAR|$CHAT_VENV|$PYTHON|$EMAIL_PASSWORD_FILE|$PWD|$venv"'
    done = _run(
        "bash", "-euc", shown, str(BIN / "here.sh"), cwd=tmp_path,
        CHAT_VAR="data", CHAT_VENV="/env", PYTHON="python3", EMAIL_PASSWORD_FILE="password",
    )  # fmt: skip
    password = tmp_path / "password"
    assert done.stdout == f"{tmp_path}/data|/env|python3|{password}|{ROOT}|/env\n"


def test_the_command_line_takes_a_relative_data_folder_too(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    said = _run(
        sys.executable, str(ROOT / "manage.py"), "check", cwd=tmp_path, CHAT_VAR="data"
    ).stderr
    assert str(tmp_path / "data" / "secrets" / "django") in said


@pytest.fixture
def var(tmp_path: Path) -> Path:
    make_secrets(tmp_path / "data" / "secrets")
    return tmp_path / "data"


def test_the_server_prints_the_address_of_the_port_it_is_told(var: Path) -> None:
    own = {k: v for k, v in os.environ.items() if k not in {"PORT", "SITE_URL"}}
    with subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--port", "8123"], cwd=ROOT,
        env={**own, "CHAT_VAR": str(var), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as server:  # fmt: skip
        assert server.stdout is not None
        assert " at http://localhost:8123, " in server.stdout.readline()
        server.kill()


def test_a_folder_too_long_for_its_socket_is_named(
    settings: Any, tmp_path: Path, var: Path
) -> None:
    room = control.PATH_MAX - len(os.fsencode(tmp_path / "_" / "run" / "chat.sock")) + 1
    settings.VAR = tmp_path / ("n" * room)
    (settings.VAR / "run").mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as longest:
        longest.bind(str(control.path()))
    settings.VAR = var.rename(tmp_path / ("n" * (room + 1)))
    with pytest.raises(BadSetting, match="CHAT_VAR"):
        control.path()
    done = _run(sys.executable, "manage.py", "serve", CHAT_VAR=str(settings.VAR))
    assert done.returncode == 1
    assert done.stderr.startswith("settings: CHAT_VAR is too long: ")
    assert done.stderr.count("\n") == 1
