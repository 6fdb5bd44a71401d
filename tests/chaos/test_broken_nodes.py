"""Each broken node is found by a test that holds on an honest one.

A test here is called after what it breaks (mutants/), and runs one of those that stand elsewhere,
which has to fail. Storms look for the same ones, in their own time (test_storms.py).
"""

import asyncio

import pytest

from presence.backends.base import PresenceRegistry
from tests.chaos import mutants
from tests.chaos.mutants import cassandra
from tests.chaos.mutants import nodes as between
from tests.chatsite import test_redis_layer
from tests.chatsite.test_redis_layer import layer, redis, site  # noqa: F401 -- fixtures
from tests.contracts import factories, test_message_log, test_presence
from tests.messaging import socket, test_two_nodes
from tests.messaging.backends.cassandra import test_append_crash, test_group
from tests.messaging.backends.cassandra.conftest import (  # noqa: F401 -- fixtures
    adapters,
    chat,
    log,
)
from tests.messaging.backends.cassandra.test_append_crash import unanswered  # noqa: F401
from tests.messaging.backends.cassandra.test_group import busy, dense  # noqa: F401
from tests.messaging.conftest import (  # noqa: F401 -- fixtures
    alice,
    bob,
    conv,
    database_access,
    enrol,
    fresh_limits,
    hellos_wait_for_nobody,
    nodes,
    nodes_wait_for_each_other,
)

BROKEN = mutants.MUTANTS["distributed"]
ELSEWHERE = {one.__name__ for one in mutants.ANYWHERE}  # found by what a storm leaves
NEVER = 3600.0  # seconds, where a moment would be a race
SOON = 1.0  # what does not come is waited for no longer

make = factories.factory(test_presence.redis)


@pytest.fixture(autouse=True)
def broken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything else is made."""
    monkeypatch.setattr(cassandra, "LATE_SECONDS", NEVER)
    monkeypatch.setattr(between, "ROUTES_SECONDS", NEVER)
    monkeypatch.setattr(socket, "SOON", SOON)
    name = request.function.__name__.removeprefix("test_")
    if name in BROKEN:
        BROKEN[name](monkeypatch)


def found() -> pytest.RaisesExc[BaseException]:
    return pytest.raises((AssertionError, pytest.fail.Exception, TimeoutError))


def test_each_is_found() -> None:
    tests = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert BROKEN.keys() - ELSEWHERE <= tests


async def test_no_dedupe(log, chat) -> None:  # noqa: F811
    with found():
        await test_message_log.TestRepeat().test_gives_the_first_answer(log, chat, ttl=0)


async def test_unknown_is_done(log, chat, unanswered) -> None:  # noqa: F811
    with found():
        await test_append_crash.TestUnknownOutcomes().test_of_an_append_are_found_out(
            log, chat, unanswered, done=[False], ttl=0
        )


async def test_plain_writes(tables, busy, dense) -> None:  # noqa: F811
    with found():
        await test_group.test_another_node_that_came_first(tables, busy, dense)


async def test_ack_before_watermarks(log, chat) -> None:  # noqa: F811
    with found():
        await test_message_log.TestAppend().test_raises_the_sent_watermark_with_it(log, chat)


async def test_floor_after_the_answer(log, chat) -> None:  # noqa: F811
    with found():
        await test_message_log.TestFloor().test_raised_it_refuses_everything_below(log, chat)


async def test_presence_by_user(make: factories.Make[PresenceRegistry]) -> None:
    with found():
        await test_presence.test_late_clean_up_spares_the_new_login(make)


async def test_gaps_ignored(nodes, alice, bob, conv) -> None:  # noqa: F811
    with found():
        await test_two_nodes.test_a_block_that_was_lost_on_the_way_holds_after_the_gap(
            nodes, alice, bob, conv
        )


async def test_caches_kept(nodes, alice, bob, conv) -> None:  # noqa: F811
    with found():
        await test_two_nodes.test_a_block_that_was_lost_on_the_way_holds_after_the_gap(
            nodes, alice, bob, conv
        )


async def test_routes_kept(nodes, alice, bob, conv) -> None:  # noqa: F811
    with found():
        await test_two_nodes.test_who_came_a_moment_ago_is_reached(nodes, alice, bob, conv)


async def test_core_layer(layer, redis, site) -> None:  # noqa: F811
    with found():
        async with asyncio.timeout(SOON):
            await test_redis_layer.test_who_begins_again_takes_nothing_from_others(
                layer, redis, site
            )
