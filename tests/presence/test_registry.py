"""Arriving, leaving, standing still, and when somebody was last seen."""

import secrets

import pytest
from django.db import OperationalError

from chatsite.running import threads
from presence import registry
from presence.registry import PAUSED_MS, SEEN_EVERY_MS, Arrival, Node

NOW = 1_790_000_000_000


@pytest.fixture
def alice() -> bytes:
    return secrets.token_bytes(16)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def node(clock: Clock) -> Node:
    node = Node(secrets.token_hex(4), clock=clock, ticks=clock)
    await registry.beat(node)
    return node


async def test_who_arrived_is_here_until_he_leaves(node: Node, alice: bytes) -> None:
    await registry.arrive(node, Arrival(alice, b"phone", b"1"))
    assert [one.node for one in (await registry.where(node, [alice], NOW))[alice]] == [node.name]
    await registry.leave(node, Arrival(alice, b"phone", b"1"))
    assert not await registry.where(node, [alice], NOW)


async def test_last_seen_is_written_on_arriving_and_on_leaving(
    node: Node, alice: bytes, clock: Clock
) -> None:
    await registry.arrive(node, Arrival(alice, b"phone", b"1"))
    await registry.write_seen(node, threads.run)
    assert await threads.run(registry.last_seen, [alice]) == {alice: NOW}
    clock.now += 5000
    await registry.leave(node, Arrival(alice, b"phone", b"1"))
    await registry.write_seen(node, threads.run)
    await registry.write_seen(node, threads.run)  # nothing new
    assert await threads.run(registry.last_seen, [alice, b"x" * 16]) == {alice: NOW + 5000}


async def test_what_could_not_be_written_is_written_the_next_time(
    node: Node, alice: bytes, clock: Clock
) -> None:
    async def away(*_: object) -> None:
        raise OperationalError

    await registry.arrive(node, Arrival(alice, b"phone", b"1"))
    with pytest.raises(OperationalError):
        await registry.write_seen(node, away)
    assert await threads.run(registry.last_seen, [alice]) == {}
    await registry.write_seen(node, threads.run)
    assert await threads.run(registry.last_seen, [alice]) == {alice: NOW}


async def test_last_seen_of_who_stays_is_written_once_a_minute(
    node: Node, alice: bytes, clock: Clock
) -> None:
    await registry.arrive(node, Arrival(alice, b"phone", b"1"))
    await registry.write_seen(node, threads.run)
    clock.now += SEEN_EVERY_MS - 1
    await registry.arrive(
        node, Arrival(alice, b"phone", b"1")
    )  # the node refreshes, or they came again
    await registry.write_seen(node, threads.run)
    assert await threads.run(registry.last_seen, [alice]) == {alice: NOW}
    clock.now += 1
    await registry.arrive(node, Arrival(alice, b"phone", b"1"))
    await registry.write_seen(node, threads.run)
    assert await threads.run(registry.last_seen, [alice]) == {alice: NOW + SEEN_EVERY_MS}
    clock.now += 1
    await registry.leave(node, Arrival(alice, b"phone", b"1"))
    await registry.write_seen(node, threads.run)
    assert await threads.run(registry.last_seen, [alice]) == {alice: NOW + SEEN_EVERY_MS + 1}


async def test_a_node_that_stood_still_starts_again(node: Node, alice: bytes, clock: Clock) -> None:
    await registry.arrive(node, Arrival(alice, b"phone", b"1"))
    before = node.incarnation
    clock.now += PAUSED_MS
    assert registry.awake(node)  # late, but nobody took it for dead
    await registry.beat(node)
    assert node.incarnation == before
    clock.now += PAUSED_MS + 1
    assert not registry.awake(node)
    assert registry.awake(node)
    assert node.incarnation != before
    assert (await registry.beat(node)).mine
    assert not await registry.where(node, [alice], clock.now)


async def test_of_two_processes_of_one_name_the_first_learns_of_the_second(
    node: Node, clock: Clock
) -> None:
    second = Node(node.name, clock=clock, ticks=clock)
    assert (await registry.beat(second)).mine  # it may follow one that crashed
    assert not (await registry.beat(node)).mine
    assert (await registry.beat(second)).mine


async def test_who_slept_does_not_take_a_name_back(node: Node, clock: Clock) -> None:
    clock.now += PAUSED_MS + 1
    await registry.beat(Node(node.name, clock=clock, ticks=clock))
    assert not registry.awake(node)
    assert not (await registry.beat(node)).mine


async def test_a_node_that_ends_is_gone_at_once(node: Node, alice: bytes) -> None:
    await registry.arrive(node, Arrival(alice, b"phone", b"1"))
    await registry.release(node)
    assert not await registry.where(node, [alice], NOW)
