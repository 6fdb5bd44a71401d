"""bin/services, with Redis in the place of all of them: it starts in no time."""

import fcntl
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from testkit.running import ROOT
from tests.nodes import balancer
from tests.services import own_redis, shared_redis

Run = subprocess.CompletedProcess[str]
Services = Callable[..., Run]
TOOLS = "bash env python3 dirname basename cat sed id mkdir cut sort tail head grep sleep rm awk"


def call(folder: Path, *words: str, path: str = os.environ["PATH"]) -> Run:
    """bin/services with its data in `folder`, on programs in `path`."""
    env = {**os.environ, "CHAT_SERVICES": str(folder), "PATH": path}
    return subprocess.run(
        [ROOT / "bin/services", *words], env=env, capture_output=True, text=True, check=False
    )


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    shared_redis()  # there is one on this machine
    yield lambda *words, **more: call(tmp_path, *words, **more)
    call(tmp_path, "wipe")


def answers(url: str, seconds: float = 5) -> bool:
    at = urlsplit(url)
    try:
        with socket.create_connection((at.hostname, at.port), timeout=seconds) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(5) == b"+PONG"
    except OSError:
        return False


def process(services: Services) -> int:
    found = re.search(r"redis +pid (\d+)", services("status").stdout)
    assert found
    return int(found[1])


def test_a_service_runs_once_however_often_it_is_asked_for(services: Services) -> None:
    url = services("start", "redis").stdout.strip()
    assert answers(url)
    first = process(services)
    assert services("start", "redis").stdout.strip() == url
    assert services("url", "redis").stdout.strip() == url
    assert process(services) == first


def test_it_keeps_nothing_open_that_the_caller_had_open(services: Services, tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        os.set_inheritable(lock.fileno(), True)
        env = {**os.environ, "CHAT_SERVICES": str(tmp_path)}
        start = [str(ROOT / "bin/services"), "start", "redis"]
        subprocess.run(start, env=env, check=True, close_fds=False, stdout=subprocess.DEVNULL)
        fcntl.flock(lock, fcntl.LOCK_EX)
    with (tmp_path / "lock").open() as again:
        fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_one_that_was_killed_is_found_again_where_it_was(services: Services) -> None:
    url = services("start", "redis").stdout.strip()
    assert services("kill", "redis").returncode == 0
    assert services("url", "redis").returncode == 1
    assert not answers(url)
    assert services("start", "redis").stdout.strip() == url
    assert answers(url)


def test_one_that_is_paused_answers_again_when_it_goes_on(services: Services) -> None:
    url = services("start", "redis").stdout.strip()
    services("pause", "redis")
    assert not answers(url, seconds=0.2)
    services("resume", "redis")
    assert answers(url)


def test_one_that_is_paused_can_be_stopped(services: Services) -> None:
    url = services("start", "redis").stdout.strip()
    services("pause", "redis")
    assert services("stop", "redis").returncode == 0
    assert not answers(url)
    assert "redis        stopped" in services("status").stdout


def test_a_process_that_has_the_number_now_is_left_alone(
    services: Services, tmp_path: Path
) -> None:
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (tmp_path / "redis").mkdir()
        (tmp_path / "redis/pid").write_text(f"{stranger.pid} 1\n")
        assert services("kill", "redis").stderr == "services: redis does not run\n"
        assert services("stop", "redis").returncode == 0
        assert stranger.poll() is None
        stranger.kill()


def test_what_cannot_be_had_is_said(tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for tool in TOOLS.split():
        (programs / tool).symlink_to(str(shutil.which(tool)))
    done = call(tmp_path / "data", "start", "redis", path=str(programs))
    assert done.returncode == 1
    assert done.stderr == (
        "services: Redis is not installed (on Debian: apt-get install redis-server)\n"
    )
    assert call(tmp_path / "data", "url", "redis").returncode == 1


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("echo Redis server v=7.0.15", "redis did not start: "),
        ("echo Redis server v=5.0.7", "Redis 6.2 or newer is needed"),
    ],
)
def test_what_ends_at_once_or_is_too_old_is_not_called_started(
    tmp_path: Path, script: str, sentence: str
) -> None:
    program = tmp_path / "redis-server"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    done = call(tmp_path / "data", "start", "redis", path=f"{tmp_path}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "redis        stopped" in call(tmp_path / "data", "status").stdout


@pytest.mark.parametrize("words", [(), ("start",), ("begin", "redis"), ("start", "mysql")])
def test_a_wrong_word_is_answered_with_the_right_ones(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = call(tmp_path, *words)
    assert done.returncode == 2
    assert "bin/services start NAME" in done.stderr


def test_a_redis_of_a_test_can_be_harmed() -> None:
    with own_redis() as redis:
        assert answers(redis.url)
        redis.pause()
        assert not answers(redis.url, seconds=0.2)
        redis.resume()
        assert answers(redis.url)
        redis.kill()
        assert not answers(redis.url)
        redis.start()
        assert answers(redis.url)


def test_a_balancer_that_is_restarted_finds_the_nodes_that_run(
    services: Services, tmp_path: Path
) -> None:
    balancer.program()
    services("start", "haproxy")
    port = int((tmp_path / "N1/port").read_text())
    with socket.create_server(("127.0.0.1", port)):  # as a node, whose process this is
        born = Path("/proc/self/stat").read_text().rpartition(") ")[2].split()[19]
        (tmp_path / "N1/pid").write_text(f"{os.getpid()} {born}\n")
        services("kill", "haproxy")
        assert services("start", "haproxy").returncode == 0
        assert int((tmp_path / "N1/port").read_text()) == port
