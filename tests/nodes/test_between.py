"""What two people notice of each other over two processes, and two devices of one person."""

import asyncio
import signal
import time

import pytest
from redis import Redis as Driver

from accounts.protocol import LiveToken
from messaging import protocol
from testkit.client.device import Device
from testkit.client.live import Closed, Live
from testkit.client.people import nobody_alarmed
from testkit.running import Site
from tests.nodes.conftest import Nodes, Pair, at, shown


async def test_messages_receipts_and_typing_cross(pair: Pair) -> None:
    alice, bob = pair.alice.device, pair.bob.device
    with nobody_alarmed(pair.alice, pair.bob):
        sent = await alice.send(pair.bob, "over there")
        assert await bob.next_text() == "over there"
        await bob.read(pair.alice)
        await alice.until(lambda: alice.row(pair.bob).peer_read == sent.seq)
        await bob.typing(pair.alice)
        await alice.until(lambda: any(isinstance(one, protocol.PeerTyping) for one in alice.frames))
        await bob.send(pair.alice, "and back")
        assert await alice.next_text() == "and back"


async def test_presence_crosses(nodes: Nodes, pair: Pair) -> None:
    alice, bob = pair.alice.device, pair.bob.device
    await alice.watch(pair.bob)
    await alice.until(lambda: shown(alice, pair.bob) == ["online"])
    await bob.line.close()
    await alice.until(lambda: shown(alice, pair.bob)[-1] == "offline")
    await at(nodes.second, bob)
    await alice.until(lambda: shown(alice, pair.bob)[-1] == "online")


async def test_an_operator_sees_who_is_where(nodes: Nodes, pair: Pair) -> None:
    """From any machine of the site, whether a process runs there or not."""
    said = await asyncio.to_thread(nodes.another("n3").manage_says, "presence")
    rows = {row.split()[0]: row.split()[1] for row in said.splitlines()}
    assert rows[pair.alice.name].startswith("n1.")
    assert rows[pair.bob.name].startswith("n2.")


async def test_a_newer_socket_of_a_device_displaces_the_older_on_another_node(
    nodes: Nodes, pair: Pair
) -> None:
    device = pair.alice.device
    older, device.live = device.line, None  # it does not hang up: two windows of one browser
    await at(nodes.second, device)
    assert await older.wait_closed() == protocol.CLOSE_DISPLACED
    await pair.bob.device.send(pair.alice, "to where you are now")
    assert await device.next_text() == "to where you are now"


async def test_a_revoked_device_is_out_on_every_node(nodes: Nodes, pair: Pair) -> None:
    laptop = await pair.alice.add_device(online=False)
    await at(nodes.second, laptop)
    token = laptop.api.post("/api/live-token", None, LiveToken).token
    line = laptop.line
    await pair.alice.revoke(laptop)
    assert await line.wait_closed() == protocol.CLOSE_REVOKED
    for site in (nodes.first, nodes.second):  # with a token from before
        assert await refused(site, laptop, token) == protocol.CLOSE_REVOKED


async def refused(site: Site, device: Device, token: str) -> int | None:
    with pytest.raises(Closed) as closed:
        await Live.open(
            f"ws://localhost:{site.port}/live",
            origin=device.api.origin,
            host=device.api.host,
            token=token,
            uid=device.uid,
            keys=device.keys,
            vec_hash=device.vector.hash(),
            handle=device._handle,
        )
    return closed.value.code


async def test_a_command_reaches_the_sessions_of_every_node(nodes: Nodes, pair: Pair) -> None:
    lines = pair.alice.device.line, pair.bob.device.line
    for person, line in zip((pair.alice, pair.bob), lines, strict=True):
        await asyncio.to_thread(nodes.first.manage, "suspend", person.name)
        assert await line.wait_closed() == protocol.CLOSE_SIGN_IN


async def test_a_node_is_killed_and_nothing_is_lost(nodes: Nodes, pair: Pair) -> None:
    alice, bob = pair.alice.device, pair.bob.device
    await alice.watch(pair.bob)
    await alice.until(lambda: shown(alice, pair.bob) == ["online"])
    with nobody_alarmed(pair.alice, pair.bob):
        await asyncio.to_thread(nodes.second.kill)
        texts = [f"while you are away {number}" for number in range(20)]
        for text in texts:
            await alice.send(pair.bob, text)
        await alice.until(lambda: shown(alice, pair.bob)[-1] == "offline")
        await at(nodes.first, bob)
        await bob.until(lambda: bob.conversation(pair.alice).texts() == ["hello", *texts])
        await alice.until(lambda: shown(alice, pair.bob)[-1] == "online")


async def test_a_node_that_was_stopped_closes_its_sockets_before_it_uses_them(
    nodes: Nodes, pair: Pair
) -> None:
    """Others have taken it for dead meanwhile."""
    alice, bob = pair.alice.device, pair.bob.device
    process = nodes.second.process
    assert process
    process.send_signal(signal.SIGSTOP)
    stopped = time.monotonic()
    try:
        await alice.watch(pair.bob)
        await alice.until(lambda: shown(alice, pair.bob) == ["online"])
        await alice.send(pair.bob, "are you there?")
        await alice.until(lambda: shown(alice, pair.bob)[-1] == "offline")
        assert time.monotonic() - stopped > 12
        sending = asyncio.ensure_future(bob.send(pair.alice, "from before"))
        await asyncio.sleep(0)
    finally:
        process.send_signal(signal.SIGCONT)
    line = bob.line
    with pytest.raises(Closed):
        await sending
    assert await line.wait_closed() == protocol.CLOSE_RESTART
    await at(nodes.first, bob)
    assert await bob.next_text() == "are you there?"
    await alice.until(lambda: alice.conversation(pair.bob).texts()[-1] == "from before")


async def test_who_takes_a_nodes_name_ends_it(nodes: Nodes, pair: Pair) -> None:
    """They cannot both have its lease."""
    second = nodes.second
    line = pair.bob.device.line
    another = nodes.another("n2")
    await asyncio.to_thread(another.start)
    assert await line.wait_closed() == protocol.CLOSE_RESTART
    assert second.process
    assert await asyncio.to_thread(second.process.wait, 30) == 1
    assert "Another process has taken the name n2." in second.log.read_text()
    await at(another, pair.bob.device)
    await pair.alice.device.send(pair.bob, "to the new one")
    assert await pair.bob.device.next_text() == "to the new one"
    await asyncio.to_thread(another.stop)


async def test_a_drained_node_is_gone_at_once(nodes: Nodes, pair: Pair) -> None:
    alice = pair.alice.device
    await alice.watch(pair.bob)
    await alice.until(lambda: shown(alice, pair.bob) == ["online"])
    await asyncio.to_thread(nodes.second.stop)
    with Driver.from_url(nodes.redis.url) as driver:
        [leases] = driver.keys("*:nodes")
        assert driver.hkeys(leases) == [b"n1"]  # it gave up its own, and nobody waits for that
    await alice.until(lambda: shown(alice, pair.bob)[-1] == "offline")
