"""A node behind a real HAProxy. Beside it stands a stub: what one of them does not get, the other
does."""

import asyncio
import http.client
import shutil
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from messaging import protocol
from testkit.cast import Person, seeded
from testkit.client import poll
from testkit.running import Site, free_port, new_site
from tests.nodes.balancer import Stub, balancer, program, stub

SECONDS = 60.0
CUT_SECONDS = 20.0  # until the sockets of a node that stands still are closed: 1.8, or never
GATEWAY = (502, 503, 504)


class Behind:
    """The site, people on it, and what leads to it."""

    def __init__(self, site: Site, alice: Person, other: Stub, port: int) -> None:
        self.site, self.alice, self.other, self.port = site, alice, other, port
        self.host = f"localhost:{port}"

    async def ask(self, path: str = "/help", method: str = "GET") -> tuple[int, str]:
        """`here` or the name of the stub: who answered. Without a node, what the balancer says."""
        return await asyncio.to_thread(self._ask, path, method)

    async def leads(self, where: str, path: str = "/help") -> None:
        """Wait until a new request goes there."""
        async with asyncio.timeout(SECONDS):
            while (await self.ask(path))[1] != where:  # noqa: ASYNC110 -- nobody tells
                await asyncio.sleep(0.02)

    async def arrive(self) -> ClientConnection:
        origin: Any = f"http://{self.host}"
        link = await connect(f"ws://{self.host}/live", origin=origin, compression=None)
        challenge = protocol.parse_server(await link.recv())
        assert isinstance(challenge, protocol.Challenge)
        hello = self.alice.hello(challenge.nonce, self.host)
        await link.send(protocol.encode(hello).decode())
        assert isinstance(protocol.parse_server(await link.recv()), protocol.State)
        return link

    def _ask(self, path: str, method: str) -> tuple[int, str]:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            link.request(method, path, headers={"Host": self.host})
            answer = link.getresponse()
            body = answer.read().decode()
            if answer.status in GATEWAY:
                return answer.status, body
            return answer.status, self.other.name if body == self.other.name else "here"
        finally:
            link.close()


@pytest.fixture(scope="module")
def prepared() -> Iterator[tuple[Site, Person]]:
    program()
    site = new_site({"NODE": "N1", "TRUSTED_PROXIES": "127.0.0.1"})
    [alice] = seeded(site, "alice")
    yield site, alice
    site.remove()


@pytest.fixture
async def behind(prepared: tuple[Site, Person], tmp_path: Path) -> AsyncIterator[Behind]:
    """Of a copy of the site, which may be harmed."""
    first, alice = prepared
    port = free_port()
    shutil.copytree(first.var, tmp_path / "var", symlinks=True)
    env = {**first.env, "SITE_URL": f"http://localhost:{port}"}
    site = replace(first, var=tmp_path / "var", port=free_port(), env=env)
    try:
        await asyncio.to_thread(site.start)
        async with stub("N2") as other:
            other.ready = False
            nodes = {"N1": site.port, "N2": other.port}
            with balancer(port, nodes, tmp_path / "haproxy.log"):
                one = Behind(site, alice, other, port)
                await other.checked()
                await one.leads("here")
                yield one
    finally:
        site.kill()


async def test_a_restart_cuts_nobody_off_and_shows_nobody_an_error(behind: Behind) -> None:
    """The whole drain, while people keep coming."""
    link = await behind.arrive()
    behind.other.ready = True
    await behind.leads("N2")
    seen: Counter[tuple[int, str]] = Counter()
    process = behind.site.process
    assert process
    process.send_signal(signal.SIGTERM)
    while process.poll() is None:
        seen[await behind.ask()] += 1
    assert process.returncode == 0
    assert {status for status, _ in seen} == {200}
    assert seen[200, behind.other.name]
    drain = protocol.parse_server(await link.recv())
    assert isinstance(drain, protocol.Drain)
    await link.wait_closed()
    assert link.close_code == protocol.CLOSE_RESTART


async def test_a_long_poll_finds_its_node_and_another_where_that_is_gone(behind: Behind) -> None:
    who = behind.alice
    cookie = f"{settings.SESSION_COOKIE_NAME}={who.devices[0].cookie}"
    line = await poll.dial(f"http://{behind.host}/live", f"http://{behind.host}", cookie)
    challenge = protocol.parse_server(await line.recv())
    assert isinstance(challenge, protocol.Challenge)
    await line.send(protocol.encode(who.hello(challenge.nonce, behind.host)).decode())
    assert isinstance(protocol.parse_server(await line.recv()), protocol.State)
    behind.other.ready = True
    await behind.leads("N2")  # it has fewer connections
    for _ in range(20):
        await line.send(protocol.encode(protocol.Ping()).decode())
        assert isinstance(protocol.parse_server(await line.recv()), protocol.Pong)
    assert not any(path.startswith("/live") for path in behind.other.asked)
    behind.site.kill()
    with pytest.raises(ConnectionClosed) as closed:
        await line.recv()
    assert closed.value.rcvd
    assert closed.value.rcvd.code == protocol.CLOSE_RESTART
    assert behind.other.asked["/live?n=N1"]


async def test_the_sockets_of_a_node_that_stands_still_are_closed(behind: Behind) -> None:
    link = await behind.arrive()
    behind.other.ready = True
    await behind.leads("N2")
    assert behind.site.process
    behind.site.process.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    try:
        async with asyncio.timeout(SECONDS):
            await link.wait_closed()
        assert time.monotonic() - began < CUT_SECONDS
        assert await behind.ask() == (200, "N2")
    finally:
        behind.site.process.send_signal(signal.SIGCONT)


async def test_who_comes_from_outside_finds_no_probes(behind: Behind) -> None:
    for path in ("/readyz", "/livez", "/metrics"):
        assert (await behind.ask(path))[0] == 404


async def test_what_a_dying_node_did_not_answer_is_asked_again_and_not_posted(
    behind: Behind,
) -> None:
    behind.other.ready = behind.other.dying = True
    asked, posted = Counter[int](), Counter[int]()
    async with asyncio.timeout(SECONDS):
        while behind.other.asked["/help"] < 3:
            asked[(await behind.ask())[0]] += 1
        while behind.other.asked["/help"] < 6:
            posted[(await behind.ask(method="POST"))[0]] += 1
    assert set(asked) == {200}
    assert posted[502] == 3


async def test_where_no_node_runs_people_are_told_so(behind: Behind) -> None:
    assert await behind.ask() == (200, "here")
    behind.site.kill()
    status, said = await behind.ask()
    assert status == 503
    assert "Back soon" in said
    assert "http-equiv=refresh" in said
