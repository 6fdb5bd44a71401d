"""A database that is away: pages, API and live connections say "come back", the log one line."""

import http.client
import json
import os
import re
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import ClientConnection

from chatsite.handler import THREADS
from messaging import protocol
from testkit.cast import Person, seeded
from testkit.running import Site, free_port, new_site
from tests.chatsite.test_server import arrive, close_code, dial, manage, receive, send

NEED_NONE = ["/", "/sign-in", "/sign-up", "/reset", "/help", "/nothing-here"]
PAGES = ["/chats", "/people", "/settings", "/help", "/"]
CALLS = ["/api/sessions", "/api/nonce"]


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    text: str


def get(site: Site, path: str, cookie: str = "", language: str = "en") -> Answer:
    link = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
    headers = {"Host": f"localhost:{site.port}", "Accept-Language": language}
    try:
        link.request("GET", path, headers=headers | ({"Cookie": cookie} if cookie else {}))
        answer = link.getresponse()
        return Answer(answer.status, answer.headers, answer.read().decode())
    finally:
        link.close()


def cookie_of(person: Person) -> str:
    return f"session={person.devices[0].cookie}"


def expect_back_soon(site: Site, person: Person, pages: list[str]) -> None:
    for path in pages:
        page = get(site, path, cookie_of(person))
        assert page.status == 503, path
        assert int(page.headers["Retry-After"]) > 0
        assert "it is back soon" in page.text
        assert 'href=""' in page.text  # once more, the same page
    german = get(site, pages[0], cookie_of(person), "de")
    assert "gleich wieder da" in german.text
    for path in CALLS:
        answer = get(site, path, cookie_of(person))
        assert answer.status == 503, path
        problem = json.loads(answer.text)
        assert problem["code"] == "busy"
        assert int(answer.headers["Retry-After"]) * 1000 >= problem["retry_ms"] > 0


async def expect_turned_away(site: Site, person: Person) -> None:
    """By a frame and a close that say: come back. Before or after hello."""
    async with await dial(site) as link:
        frame = await receive(link)
        if isinstance(frame, protocol.Challenge):
            await send(link, person.hello(frame.nonce, f"localhost:{site.port}"))
            frame = await receive(link)
        assert isinstance(frame, protocol.Busy)
        assert await close_code(link) == protocol.CLOSE_RESTART


def expect_one_line(site: Site) -> None:
    """However often it was asked."""
    log = site.log.read_text()
    assert "Traceback" not in log
    assert log.count("a database is away") == 1
    assert "Service Unavailable" not in log
    assert "Internal Server Error" not in log


@pytest.fixture(scope="module")
def prepared() -> Iterator[tuple[Site, Person, Person]]:
    site = new_site({"LIVE_RATE_FACTOR": "1000", "DATABASE_URL": ""})
    alice, bob = seeded(site, "alice", "bob", pairs=1)
    yield site, alice, bob
    site.remove()


@pytest.fixture
def people(
    prepared: tuple[Site, Person, Person], tmp_path: Path
) -> Iterator[tuple[Site, Person, Person]]:
    """On files of the test's own, which it may break."""
    first, alice, bob = prepared
    shutil.copytree(first.var, tmp_path / "var", symlinks=True)
    site = replace(first, var=tmp_path / "var", port=free_port())
    yield site, alice, bob
    site.stop()


async def test_a_broken_file_of_accounts(people: tuple[Site, Person, Person]) -> None:
    site, alice, _ = people
    break_file(site, "site.sqlite3")
    site.start()
    for path in NEED_NONE:
        assert get(site, path).status in (200, 404), path
    expect_back_soon(site, alice, PAGES)
    for _ in range(3):
        await expect_turned_away(site, alice)
    expect_one_line(site)


async def test_a_broken_file_of_messages(people: tuple[Site, Person, Person]) -> None:
    site, alice, _ = people
    break_file(site, "messages.sqlite3")
    site.start()
    for path in ["/chats", "/people"]:
        page = get(site, path, cookie_of(alice))
        assert (page.status, "it is back soon" in page.text) == (503, True), path
    assert get(site, "/help", cookie_of(alice)).status == 200
    for _ in range(3):
        await expect_turned_away(site, alice)
    assert get(site, "/livez").status == 200
    never = get(site, "/readyz")  # no store of it has answered since the start
    assert (never.status, never.text) == (404, "starting\n")
    expect_one_line(site)


@pytest.mark.parametrize("name", ["site.sqlite3", "messages.sqlite3"])
async def test_a_file_that_is_gone(people: tuple[Site, Person, Person], name: str) -> None:
    """Under a process that has it open: it keeps nothing more, and none is made in its place."""
    site, alice, bob = people
    [conv] = alice.epochs
    site.start()
    async with await arrive(site, alice) as at_alice:
        assert isinstance(await answer(at_alice, alice.message(conv, "before")), protocol.Sent)
        assert get(site, "/chats", cookie_of(alice)).status == 200
        away = [path.rename(f"{path}.away") for path in site.var.glob(f"{name}*")]
        page = get(site, "/chats", cookie_of(alice))
        assert (page.status, "it is back soon" in page.text) == (503, True)
        message = alice.message(conv, "meanwhile")
        if name == "messages.sqlite3":
            assert isinstance(await answer(at_alice, message), protocol.Busy)
        await expect_turned_away(site, bob)
        assert f"the database file {site.var / name} is gone" in site.log.read_text()
        assert not (site.var / name).exists()
        for path in away:
            path.rename(str(path).removesuffix(".away"))
        assert get(site, "/chats", cookie_of(alice)).status == 200
        assert isinstance(await answer(at_alice, message), protocol.Sent)
    async with await arrive(site, bob):
        assert "Internal Server Error" not in site.log.read_text()


async def test_a_file_that_was_gone_before_the_start(people: tuple[Site, Person, Person]) -> None:
    site, alice, _ = people
    (site.var / "site.sqlite3").unlink()
    site.start()
    expect_back_soon(site, alice, PAGES)
    assert "site.sqlite3 is gone" in site.log.read_text()
    assert not (site.var / "site.sqlite3").exists()


def break_file(site: Site, name: str) -> None:
    """What a disk leaves that lost its blocks."""
    for path in site.var.glob(f"{name}*"):
        path.write_bytes(b"no database " * 4096)


# ---------------------------------------------------------------- PostgreSQL


class Way:
    """The network between a site and its database, which can be cut."""

    def __init__(self, host: str, port: int, here: str = "127.0.0.1") -> None:
        self._to = host, port
        self._here = here
        self._open: list[socket.socket] = []
        self._door: socket.socket | None = None
        self.port = 0
        self.mend()

    def mend(self) -> None:
        self._door = socket.create_server((self._here, self.port))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._accept, args=[self._door], daemon=True).start()

    def cut(self) -> None:
        if self._door:
            _end(self._door)
        self._door = None
        while self._open:
            _end(self._open.pop())

    def _accept(self, door: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = door.accept()
                far = socket.create_connection(self._to)
                self._open += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=_pass_on, args=[one, other], daemon=True).start()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    _end(other)


def _end(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Site, Way, Person, Person]]:
    given = os.environ.get("CHAT_TEST_POSTGRES_URL")
    if not given:
        pytest.skip("CHAT_TEST_POSTGRES_URL is not set")
    monkeypatch.setenv("DATABASE_URL", given)
    site = new_site({"LIVE_RATE_FACTOR": "1000"})
    parts = urlsplit(site.env["DATABASE_URL"])
    way = Way(str(parts.hostname), parts.port or 5432)
    user = parts.netloc.rpartition("@")[0]
    there = parts._replace(netloc=f"{user}@127.0.0.1:{way.port}").geturl()
    direct, site.env = site.env, {**site.env, "DATABASE_URL": there}
    alice, bob = seeded(site, "alice", "bob", pairs=1)
    yield site, way, alice, bob
    way.cut()
    site.env = direct
    site.remove()


async def test_a_postgres_that_cannot_be_reached(far: tuple[Site, Way, Person, Person]) -> None:
    site, way, alice, bob = far
    site.start()
    async with await arrive(site, alice) as at_alice:
        assert get(site, "/chats", cookie_of(alice)).status == 200
        way.cut()
        assert get(site, "/").status == 200
        expect_back_soon(site, alice, PAGES)
        await expect_turned_away(site, bob)
        [conv] = alice.epochs
        await send(at_alice, alice.message(conv, "while it is away"))
        assert isinstance(await receive(at_alice), protocol.Busy)
        assert get(site, "/readyz").text == "ready\n"  # or all nodes of a site would be out at once
        counted = re.search(r"^chat_database_away_total (\d+)$", get(site, "/metrics").text, re.M)
        assert counted
        assert int(counted[1]) > 0
        expect_one_line(site)

        way.mend()
        back = [get(site, "/chats", cookie_of(alice)).status for _ in range(3 * THREADS)]
        assert set(back) == {200}
        # A write that meets a connection which was cut is not repeated.
        message = alice.message(conv, "and now")
        answers = [await answer(at_alice, message) for _ in range(3 * THREADS)]
        assert isinstance(answers[-1], protocol.Sent)
        await (await arrive(site, bob)).close()


async def answer(link: ClientConnection, frame: protocol.Frame) -> protocol.ServerFrame:
    await send(link, frame)
    return await receive(link)


def test_a_command_says_it_in_one_line(people: tuple[Site, Person, Person]) -> None:
    site, *_ = people
    break_file(site, "site.sqlite3")
    done = manage(site, "reset_account", "alice")
    assert done.returncode == 1
    assert done.stderr.startswith("a database is away")
    assert done.stderr.count("\n") == 1
