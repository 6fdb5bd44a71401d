"""PostgreSQL stops and starts under a site that keeps its messages in Cassandra: who is there goes
on writing, who needs the accounts is told to come back, and nothing has to be restarted."""

import asyncio
import http.client
from collections.abc import AsyncIterator, Iterator

import pytest

from accounts.protocol import LiveToken, Notes
from chatsite.handler import THREADS
from e2ee.envelope import KIND_NOTIFY
from messaging import protocol
from testkit.client.account import now_ms
from testkit.client.api import ApiError
from testkit.client.conversation import Outgoing
from testkit.client.device import Device
from testkit.client.m1 import body as bodies
from testkit.client.people import Person, nobody_alarmed
from testkit.postgres import own_database
from testkit.running import Site
from tests.nodes.conftest import Nodes, Pair, at, on_cassandra, two_nodes
from tests.nodes.test_between import refused
from tests.services import Service, own_server

SOON = 60.0


@pytest.fixture(scope="module")
def server() -> Iterator[Service]:
    with own_server() as server:
        yield server


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, server: Service) -> Iterator[Nodes]:
    with (
        on_cassandra() as engine,
        two_nodes(tmp_path_factory.mktemp("p"), engine, lambda: own_database(server.url)) as nodes,
    ):
        yield nodes
        server.start()  # else nobody could drop the database


@pytest.fixture
async def carol(nodes: Nodes, pair: Pair) -> AsyncIterator[Person]:
    """Alice wrote to her before, but not in the session that she has now."""
    carol = await nodes.sign_up(nodes.second, "carol")
    await pair.alice.connect(carol)
    await pair.alice.device.send(carol, "before")
    assert await carol.device.next_text() == "before"
    await again(nodes.first, pair.alice.device)
    yield carol
    await carol.close()


async def again(site: Site, device: Device) -> None:
    """In a new session, which knows nothing."""
    await device.line.close()
    await at(site, device)


async def talk(pair: Pair, text: str) -> None:
    """There and back, with receipts."""
    alice, bob = pair.alice.device, pair.bob.device
    sent = await alice.send(pair.bob, text)
    assert await bob.next_text(SOON) == text
    await bob.read(pair.alice)
    await alice.until(lambda: alice.row(pair.bob).peer_read == sent.seq, SOON)
    await bob.send(pair.alice, f"{text}, too")
    assert await alice.next_text(SOON) == f"{text}, too"


async def written(device: Device, other: Person) -> int:
    """Rows of the log, as a node reads them."""
    conv = device.conversation(other).conv
    page = await device.line.page(conv)
    assert isinstance(page, protocol.Page)
    return len(page.rows)


def status(site: Site, path: str, device: Device) -> tuple[int, str | None]:
    link = http.client.HTTPConnection("127.0.0.1", site.port, timeout=SOON)
    headers = {"Host": device.api.host, "Cookie": device.api.cookie_header()}
    try:
        link.request("GET", path, headers=headers)
        answer = link.getresponse()
        answer.read()
        return answer.status, answer.headers["Retry-After"]
    finally:
        link.close()


def prove(device: Device) -> None:
    device.api.ask("GET", "/api/notes", None, Notes, proof=True)


async def test_it_stops_and_starts(
    nodes: Nodes, pair: Pair, carol: Person, server: Service
) -> None:
    alice = pair.alice.device
    with nobody_alarmed(pair.alice, pair.bob, carol):
        await talk(pair, "with it")
        token = await asyncio.to_thread(alice.api.post, "/api/live-token", None, LiveToken)
        await asyncio.to_thread(server.stop)
        await goes_on(nodes, pair)
        entry = await is_not_sent_unchecked(alice, carol)
        # The node is younger than the token: somebody could have been revoked before it started.
        assert await refused(nodes.second, alice, token.token) == protocol.CLOSE_RESTART
        await asyncio.to_thread(server.start)
        await is_back(nodes, pair)
        conversation = alice.conversation(carol)
        conversation.pending = entry
        await alice.outbound.deliver(conversation)
        assert await carol.device.next_text(SOON) == "unchecked"
        assert await written(carol.device, pair.alice) == 2
        await again(nodes.second, alice)
        await talk(pair, "by another node")
    for site in (nodes.first, nodes.second):
        said = site.log.read_text()
        assert "Internal Server Error" not in said
        assert "a database is away" in said


async def test_it_stands_still(nodes: Nodes, pair: Pair, server: Service) -> None:
    """No thread waits for ever: each has its connections afterwards, and answers."""
    with nobody_alarmed(pair.alice, pair.bob):
        await talk(pair, "with it")
        await is_back(nodes, pair)  # each thread has a connection
        server.freeze()
        try:
            await goes_on(nodes, pair)
        finally:
            server.thaw()
        await is_back(nodes, pair)
        await talk(pair, "with it again")


async def goes_on(nodes: Nodes, pair: Pair) -> None:
    for number in range(5):
        await talk(pair, f"without it {number}")
    assert await written(pair.bob.device, pair.alice) > 10
    for site in (nodes.first, nodes.second):
        assert await asyncio.to_thread(status, site, "/readyz", pair.alice.device) == (200, None)
        for path in ("/chats", "/api/sessions"):
            code, retry = await asyncio.to_thread(status, site, path, pair.alice.device)
            assert code == 503
            assert int(retry or 0) > 0
    with pytest.raises(ApiError) as refusal:
        await asyncio.to_thread(prove, pair.alice.device)
    assert (refusal.value.status, refusal.value.code) == (503, "busy")


async def is_not_sent_unchecked(alice: Device, carol: Person) -> Outgoing:
    """The session does not know whose devices it would be sent to: no, and nothing in the log."""
    conversation = alice.conversation(carol)

    def compose(prev: bytes | None, me: bodies.Head, peer: bodies.Head) -> bytes:
        return bodies.text("unchecked", ts=now_ms(), me=me, peer=peer, prev=prev)

    entry = await alice.outbound.seal(conversation, compose, KIND_NOTIFY, 0)
    answer = await alice.line.ask(entry.frame)
    assert isinstance(answer, protocol.Busy)
    assert await written(alice, carol) == 1
    return entry


async def is_back(nodes: Nodes, pair: Pair) -> None:
    """At once, and for every thread: what was cut meanwhile is found out before it is used."""
    for site in (nodes.first, nodes.second):
        answers = [
            await asyncio.to_thread(status, site, "/chats", pair.alice.device)
            for _ in range(3 * THREADS)
        ]
        assert set(answers) == {(200, None)}
    await asyncio.to_thread(prove, pair.alice.device)


async def test_a_restart_between_two_questions_is_noticed_by_nobody(
    nodes: Nodes, pair: Pair, server: Service
) -> None:
    await talk(pair, "before")
    await asyncio.to_thread(server.stop)
    await asyncio.to_thread(server.start)
    await is_back(nodes, pair)
    for _ in range(3):  # new sessions, which ask for everything
        await again(nodes.first, pair.alice.device)
        await again(nodes.second, pair.bob.device)
        await talk(pair, "after")
