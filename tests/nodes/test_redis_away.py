"""Redis dies, hangs, is full, forgets everything. Pushes are late then; a send never waits for it,
and nobody is shown as gone."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from itertools import groupby
from urllib.request import urlopen

import pytest
from redis import Redis as Driver

from accounts.protocol import LiveToken, Notes
from messaging import protocol
from testkit.client.api import ApiError
from testkit.client.device import Device
from testkit.client.people import nobody_alarmed
from testkit.running import Site
from tests.nodes.conftest import Nodes, Pair, at, shown
from tests.nodes.test_between import refused

LATE_SECONDS = 60  # for a push while Redis is away: a few failures, then a round of comparing
SEND_SECONDS = 10.0  # where it waits for Redis, it never ends; test_fanout.py has the limit itself


def kill(nodes: Nodes) -> None:
    nodes.redis.kill()


def pause(nodes: Nodes) -> None:
    nodes.redis.pause()


def fill(nodes: Nodes) -> None:
    with Driver.from_url(nodes.redis.url) as driver:
        driver.config_set("maxmemory", "100kb")


def heal(nodes: Nodes) -> None:
    if nodes.redis.process is None or nodes.redis.process.poll() is not None:
        nodes.redis.start()
    nodes.redis.resume()
    with Driver.from_url(nodes.redis.url) as driver:
        driver.config_set("maxmemory", "64mb")


@pytest.fixture(autouse=True)
async def healed(nodes: Nodes, pair: Pair) -> AsyncIterator[None]:
    """The next test finds a site that is well."""
    yield
    await asyncio.to_thread(heal, nodes)
    for site in (nodes.first, nodes.second):
        pair.bob.device.api.door = f"localhost:{site.port}"
        await asyncio.wait_for(until_answered(pair.bob.device), LATE_SECONDS)


def metrics(site: Site) -> str:
    with urlopen(f"http://127.0.0.1:{site.port}/metrics") as answer:
        return str(answer.read().decode())


async def timed_send(pair: Pair, text: str) -> float:
    began = time.monotonic()
    await pair.alice.device.send(pair.bob, text)
    return time.monotonic() - began


async def until_pushed(pair: Pair) -> None:
    """Messages come at once again: one that was sent arrives before the next round."""
    number = 0
    while True:
        number += 1
        await pair.alice.device.send(pair.bob, f"pushed {number}")
        try:
            while await pair.bob.device.next_text(seconds=0.5) != f"pushed {number}":
                """What came late before it."""
        except TimeoutError:
            continue
        return


@pytest.mark.parametrize("harm", [kill, pause, fill])
async def test_messages_go_on(nodes: Nodes, pair: Pair, harm: Callable[[Nodes], None]) -> None:
    alice, bob = pair.alice.device, pair.bob.device
    await alice.watch(pair.bob)
    await alice.until(lambda: shown(alice, pair.bob) == ["online"])
    with nobody_alarmed(pair.alice, pair.bob):
        harm(nodes)
        texts = [f"{number} without" for number in range(30)]
        for text in texts:
            assert await timed_send(pair, text) < SEND_SECONDS
        got = [await bob.next_text(LATE_SECONDS) for _ in texts]
        assert got == texts
        await alice.until(lambda: shown(alice, pair.bob)[-1] == "unknown", LATE_SECONDS)
        away = await asyncio.to_thread(metrics, nodes.first)
        assert "\nchat_reach 0\n" in away
        assert "\nchat_late_seconds 5\n" in away
        assert re.search(r'\nchat_outages_total{why="[a-z]+"} [1-9]', away)
        assert re.search(r'\nchat_compared_total{why="turn"} [1-9]', away)
        await timed_send(pair, "one more")
        assert await bob.next_text(LATE_SECONDS) == "one more"
        await asyncio.to_thread(heal, nodes)
        await alice.until(lambda: shown(alice, pair.bob)[-1] == "online", LATE_SECONDS)
        await asyncio.wait_for(until_pushed(pair), LATE_SECONDS)
        back = await asyncio.to_thread(metrics, nodes.first)
        assert "\nchat_reach 1\n" in back
        assert "\nchat_late_seconds 0\n" in back
        assert '\nchat_breaker_open{of="presence"} 0\n' in back
    changes = [state for state, _ in groupby(shown(alice, pair.bob))]
    assert changes == ["online", "unknown", "online"]
    assert alice.conversation(pair.bob).texts() == bob.conversation(pair.alice).texts()


async def test_a_restart_that_nobody_noticed_is_found(nodes: Nodes, pair: Pair) -> None:
    """It is empty and answers at once: only its name tells."""
    alice = pair.alice.device
    await alice.watch(pair.bob)
    await alice.until(lambda: shown(alice, pair.bob) == ["online"])
    await asyncio.to_thread(nodes.redis.kill)
    await asyncio.to_thread(nodes.redis.start)
    await asyncio.wait_for(until_pushed(pair), LATE_SECONDS)
    assert "offline" not in shown(alice, pair.bob)


async def test_who_comes_while_it_is_away_is_let_in_and_found_when_it_is_back(
    nodes: Nodes, pair: Pair
) -> None:
    nodes.redis.kill()
    bob = await at(nodes.second, pair.bob.device)
    await pair.alice.device.send(pair.bob, "late")
    assert await bob.next_text(LATE_SECONDS) == "late"
    await asyncio.to_thread(heal, nodes)
    await asyncio.wait_for(until_pushed(pair), LATE_SECONDS)


async def test_who_leaves_while_it_hangs_is_gone_when_it_is_back(nodes: Nodes, pair: Pair) -> None:
    """It remembers them; their node knows better."""
    alice = pair.alice.device
    await alice.watch(pair.bob)
    await alice.until(lambda: shown(alice, pair.bob) == ["online"])
    nodes.redis.pause()
    await alice.until(lambda: shown(alice, pair.bob)[-1] == "unknown", LATE_SECONDS)
    await pair.bob.device.line.close()
    nodes.redis.resume()
    await alice.until(lambda: shown(alice, pair.bob)[-1] == "offline", 2 * LATE_SECONDS)


async def test_who_was_revoked_while_it_was_away_stays_out(nodes: Nodes, pair: Pair) -> None:
    laptop = await pair.alice.add_device(online=False)
    await at(nodes.second, laptop)
    token = laptop.api.post("/api/live-token", None, LiveToken).token
    await asyncio.to_thread(nodes.redis.kill)
    await asyncio.to_thread(nodes.first.manage, "suspend", pair.alice.name)
    assert await laptop.line.wait_closed() == protocol.CLOSE_SIGN_IN  # revalidation found it
    assert await refused(nodes.second, laptop, token) == protocol.CLOSE_SIGN_IN
    await asyncio.to_thread(heal, nodes)
    await asyncio.wait_for(until_answered(pair.bob.device), LATE_SECONDS)
    for site in (nodes.first, nodes.second):
        assert await refused(site, laptop, token) == protocol.CLOSE_SIGN_IN


async def until_answered(device: Device) -> None:
    """The site takes proofs again."""
    while True:
        try:
            return await asyncio.to_thread(prove, device)
        except ApiError as error:
            if (error.status, error.code) != (503, "busy"):
                raise


def prove(device: Device) -> None:
    device.api.ask("GET", "/api/notes", None, Notes, proof=True)


async def test_a_proof_is_busy_and_not_wrong_while_nobody_knows_its_nonce(
    nodes: Nodes, pair: Pair
) -> None:
    nodes.redis.kill()
    with pytest.raises(ApiError) as refusal:
        await asyncio.to_thread(prove, pair.alice.device)
    assert (refusal.value.status, refusal.value.code) == (503, "busy")
    assert refusal.value.retry_ms
    await asyncio.to_thread(heal, nodes)
    await asyncio.wait_for(until_answered(pair.alice.device), LATE_SECONDS)


async def test_an_idle_line_stands(nodes: Nodes, pair: Pair) -> None:
    """Longer than any time limit of ours: nothing is opened again meanwhile."""
    longest: dict[str, int] = {}
    with Driver.from_url(nodes.redis.url) as driver:
        while not longest or min(longest.values()) < 3:  # echoes come every five seconds
            for one in driver.client_list(_type="pubsub"):
                longest[one["id"]] = max(longest.get(one["id"], 0), int(one["idle"]))
            await asyncio.to_thread(time.sleep, 0.1)  # nobody tells
    assert len(longest) == 2
    await pair.alice.device.send(pair.bob, "still there")
    assert await pair.bob.device.next_text() == "still there"
