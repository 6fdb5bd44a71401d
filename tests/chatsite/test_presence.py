"""manage.py presence: asked of the running server, by its operator and nobody else."""

import asyncio
import secrets
import socket
import stat
from collections.abc import AsyncIterator, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from chatsite import control
from chatsite.doctor import nodes
from chatsite.running import threads
from presence import registry
from presence.registry import Arrival, Node
from testkit.cast import enrol


@pytest.fixture
def short(tmp_path_factory: pytest.TempPathFactory, settings: Any) -> Path:
    """A socket's address holds about a hundred characters."""
    settings.VAR = tmp_path_factory.mktemp("v")
    return control.path()


@pytest.fixture
async def listening(short: Path) -> AsyncIterator[Path]:
    await control.start()
    yield short
    await control.stop()


@pytest.fixture(autouse=True)
def _database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def printed() -> list[str]:
    out = StringIO()
    call_command("presence", stdout=out)
    return out.getvalue().splitlines()


async def test_user_server_heartbeat_of_everybody_connected(listening: Path) -> None:
    name = f"carol{secrets.token_hex(4)}"
    carol = await threads.run(enrol, name)
    node = Node(f"127.0.0.1:{secrets.randbelow(10_000)}")
    await registry.beat(node)
    device = carol.devices[0].keys.id
    await registry.arrive(node, Arrival(carol.uid, device, b"one"))
    head, *rows, total = await threads.run(printed)
    assert head.split() == ["User", "Server", "Heartbeat", "Device"]
    [mine] = [row for row in rows if row.startswith(name)]
    assert f"{node.name}.{node.incarnation}" in mine
    assert device.hex()[:8] in mine
    assert device.hex() not in mine
    assert total.startswith("people: ")
    await registry.leave(node, Arrival(carol.uid, device, b"one"))
    assert not [row for row in await threads.run(printed) if row.startswith(name)]


async def test_nobody_else_may_ask(listening: Path) -> None:
    assert mode(listening) == 0o600
    assert mode(listening.parent) == 0o700


async def test_a_command_that_hangs_up_is_nothing_to_log(
    listening: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """`is_running` does; and one that was killed has asked something."""
    for said in (b"", b"presence", b"presence\n"):
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(str(listening))
            link.sendall(said)
    assert await threads.run(control.is_running)
    assert await threads.run(printed)  # after them
    assert "Unhandled exception" not in caplog.text


async def test_the_doctor_asks_where_the_site_listens(listening: Path, settings: Any) -> None:
    """Not where its own settings say: the site may have been given another port."""
    assert await threads.run(nodes._listens) == f"{settings.HOST}:{settings.PORT}"
    await control.stop()
    assert await threads.run(nodes._listens) is None


async def test_other_questions_are_not_answered(listening: Path) -> None:
    answer = await asyncio.to_thread(control.ask, "secrets")
    assert answer == {"error": "unknown question"}


def test_without_a_server_it_says_so(short: Path) -> None:
    with pytest.raises(CommandError, match="does not run"):
        printed()


async def test_the_socket_file_of_a_killed_server_is_replaced(short: Path) -> None:
    short.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(short))  # closed without a word: the file stays
    with pytest.raises(CommandError, match="does not run"):
        await threads.run(printed)
    await control.start()
    assert (await threads.run(printed))[0].startswith("User")
    await control.stop()
    with pytest.raises(FileNotFoundError):
        mode(short)
