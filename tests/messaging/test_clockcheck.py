"""Nodes whose clocks differ, on a real Redis. Its own clock cannot be moved: where all nodes are
off by the same, it is the one that is wrong."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chatsite.layers import InProcessLayer
from messaging.hub import Hub
from messaging.sessions.clockcheck import MOST_MS, ClockCheck
from messaging.sessions.lease import Lease
from presence import registry
from presence.backends.base import BEAT_MS, LEASE_MS, Renewed
from presence.backends.redis import RedisPresence
from tests.contracts.factories import new_site
from tests.messaging.nodes import Moment
from tests.services import shared_redis

HOUR_MS = 3_600_000
OFF_MS = 2 * MOST_MS


class Machine:
    """A node, and the clock of its machine."""

    def __init__(self, name: str, presence: RedisPresence, off_ms: int) -> None:
        self.off_ms = off_ms
        self._moment = Moment()
        hub = Hub(name, presence=presence, layer=InProcessLayer())
        hub.node.clock = lambda: registry.wall_clock() + self.off_ms
        self._lease = Lease(hub, self._moment)

    async def beat(self) -> None:
        self._moment.now += BEAT_MS / 1000
        await self._lease.keep()

    @property
    def check(self) -> ClockCheck:
        return self._lease.clock


@pytest.fixture
async def presence() -> AsyncIterator[RedisPresence]:
    one = RedisPresence(shared_redis(), new_site())
    yield one
    await one.close()


async def who_is_wrong(machines: list[Machine], rounds: int = 3) -> list[int]:
    for _ in range(rounds):
        for one in machines:
            await one.beat()
    return [number for number, one in enumerate(machines) if one.check.wrong]


@pytest.mark.parametrize(
    ("offs", "wrong"),
    [
        ([0, 0, 0], []),
        ([0, MOST_MS // 2, 0], []),
        ([0, OFF_MS, 0], [1]),
        ([0, 0, -OFF_MS], [2]),
        ([HOUR_MS, 0, 0], [0]),
        ([-HOUR_MS, 0, 0, 0], [0]),
        ([HOUR_MS, HOUR_MS, HOUR_MS], []),  # it is Redis
        ([HOUR_MS, HOUR_MS, HOUR_MS + OFF_MS], [2]),
        ([0, OFF_MS], [1]),
        ([-OFF_MS, 0], [0]),
        ([HOUR_MS], []),  # nobody can tell
        ([OFF_MS, 3 * OFF_MS, 5 * OFF_MS], [0, 2]),  # no two agree: one stays
    ],
)
async def test_a_clock_is_wrong_by_redis_and_by_the_other_nodes(
    presence: RedisPresence, offs: list[int], wrong: list[int]
) -> None:
    machines = [Machine(f"n{number}", presence, off) for number, off in enumerate(offs)]
    assert await who_is_wrong(machines) == wrong


async def test_it_is_said_once_and_once_more_when_it_is_right(
    presence: RedisPresence, caplog: pytest.LogCaptureFixture
) -> None:
    machines = [Machine(f"n{number}", presence, 0) for number in range(3)]
    bad = machines[2]
    bad.off_ms = OFF_MS
    assert await who_is_wrong(machines, rounds=1) == []  # it may have stood still
    assert await who_is_wrong(machines, rounds=4) == [2]
    assert caplog.text.count("the clock of this node is +6.0 s off that of Redis") == 1
    assert abs(bad.check.offset - OFF_MS) < MOST_MS
    bad.off_ms = 0
    assert await who_is_wrong(machines) == []
    assert caplog.text.count("right again") == 1


async def test_a_node_that_is_gone_has_no_say(presence: RedisPresence) -> None:
    """By the clock of Redis: that of the others may be the wrong one."""
    gone, stays = Machine("n0", presence, 0), Machine("n1", presence, OFF_MS)
    assert await who_is_wrong([gone, stays]) == [1]
    clocks = f"{presence._site}:clocks"
    redis = presence._client.redis
    offset, beat = (await redis.hget(clocks, "n0")).decode().split("|")
    await redis.hset(clocks, "n0", f"{offset}|{int(beat) - LEASE_MS}")
    assert await who_is_wrong([stays], rounds=1) == []


def test_of_a_clock_that_was_not_looked_at_nobody_knows() -> None:
    check = ClockCheck()
    for _ in range(2):
        assert check.verdict is None
        check.beaten(Renewed(offset=HOUR_MS, others=(0, 0)))
    assert check.verdict is True
    check.beaten(Renewed(offset=0, others=(0, 0)))
    assert check.verdict is False


@given(some.lists(some.integers(-(10**9), 10**9), min_size=1, max_size=9))
def test_one_node_stays_whatever_the_clocks_say(clocks: list[int]) -> None:
    checks = [ClockCheck() for _ in clocks]
    for number, (check, clock) in enumerate(zip(checks, clocks, strict=True)):
        others = tuple(clocks[:number] + clocks[number + 1 :])
        for _ in range(2):
            check.beaten(Renewed(offset=clock, others=others))
    assert not all(check.wrong for check in checks)
