"""The process ends: as a balancer sees it, and where there is none."""

import asyncio
import http.client
import secrets
import signal
import time
from collections.abc import Iterator

import pytest

from messaging import protocol
from messaging.sessions.drain import RESTART_MS
from testkit.cast import Person, seeded
from testkit.running import Site, new_site
from tests.chatsite.door.stranger import ask, status
from tests.chatsite.door.test_parts import PART, head, ticket
from tests.chatsite.test_server import arrive, close_code, dial, receive

SECONDS = 60  # in which the process has to be gone
Running = tuple[Site, Person]


@pytest.fixture(scope="module")
def made() -> Iterator[Running]:
    site = new_site({"LIVE_RATE_FACTOR": "1000"})
    [alice] = seeded(site, "alice")
    yield site, alice
    site.remove()


@pytest.fixture
def running(made: Running) -> Iterator[Running]:
    site, alice = made
    site.start()
    yield site, alice
    site.kill()


def readiness(site: Site) -> tuple[int, str]:
    link = http.client.HTTPConnection("127.0.0.1", site.port, timeout=SECONDS)
    try:
        link.request("GET", "/readyz")
        answer = link.getresponse()
        return answer.status, answer.read().decode().strip()
    finally:
        link.close()


async def until(site: Site, state: str) -> int:
    """As a balancer asks; the status that came with it."""
    async with asyncio.timeout(SECONDS):
        while (now := await asyncio.to_thread(readiness, site))[1] != state:  # noqa: ASYNC110
            await asyncio.sleep(0.02)  # as a balancer, sooner
    return now[0]


async def test_a_balancer_hears_it_before_anybody_has_to_leave(running: Running) -> None:
    site, alice = running
    assert await until(site, "ready") == 200
    link, stranger = await arrive(site, alice), await dial(site)
    assert site.process
    began = time.monotonic()
    site.process.send_signal(signal.SIGTERM)
    assert await until(site, "draining") == 404  # the listener is still good, and so are sockets
    drain = await receive(link)
    assert time.monotonic() - began > 1  # two checks
    assert isinstance(drain, protocol.Drain)
    assert drain.in_ms <= 500
    assert await close_code(link) == protocol.CLOSE_RESTART
    await stranger.recv()  # its challenge
    assert await close_code(stranger) == protocol.CLOSE_RESTART
    assert site.process.wait(SECONDS) == 0


async def test_while_it_ends_no_connection_is_kept(running: Running) -> None:
    site, _ = running
    await until(site, "ready")
    link = http.client.HTTPConnection("127.0.0.1", site.port, timeout=SECONDS)
    link.request("GET", "/help", headers={"Host": f"localhost:{site.port}"})
    first = link.getresponse()
    assert first.read()
    assert first.headers["Connection"] is None
    assert site.process
    site.process.send_signal(signal.SIGTERM)
    await until(site, "draining")
    link.request("GET", "/help", headers={"Host": f"localhost:{site.port}"})
    last = link.getresponse()
    assert (last.status, last.headers["Connection"]) == (200, "close")
    assert last.read()
    assert site.process.wait(SECONDS) == 0


async def test_while_it_ends_no_upload_begins(running: Running) -> None:
    site, _ = running
    await until(site, "ready")
    blob = secrets.token_bytes(16)
    part = head(site, blob, ticket(site, blob), PART)
    assert site.process
    site.process.send_signal(signal.SIGTERM)
    await until(site, "draining")
    answer = await asyncio.to_thread(ask, site, part)
    assert (status(answer), b"Retry-After: 1" in answer) == (503, True)
    assert site.process.wait(SECONDS) == 0


async def test_a_second_signal_ends_it_at_once(running: Running) -> None:
    site, alice = running
    await until(site, "ready")
    await arrive(site, alice)
    assert site.process
    site.process.send_signal(signal.SIGTERM)
    await until(site, "draining")
    site.process.send_signal(signal.SIGTERM)
    assert site.process.wait(SECONDS) == -signal.SIGTERM


async def test_without_a_balancer_nothing_waits_for_one(running: Running) -> None:
    site, alice = running
    link = await arrive(site, alice)
    assert site.process
    site.process.send_signal(signal.SIGTERM)
    drain = await receive(link)
    assert isinstance(drain, protocol.Drain)
    assert drain.in_ms == RESTART_MS  # else a slice's
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", site.port)
    assert await close_code(link) == protocol.CLOSE_RESTART
    assert site.process.wait(SECONDS) == 0
    assert "failed" not in site.log.read_text()
