"""A call that is broken off at each of its steps in turn."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from messaging.backends.base import Busy, ConnectionStore
from messaging.domain import NewEpoch, Pair, PairState
from tests.contracts.adapters import NOW, Chat

STEPS_MAX = 20


class Fault(Protocol):
    """From the n-th statement on the store is gone, until it is healed; `after`: the n-th is done
    before."""

    def arm(self, statement: int, after: bool) -> None: ...
    def heal(self) -> None: ...


async def at_each_step(
    fault: Fault, call: Callable[[], Awaitable[object]], check: Callable[[], Awaitable[object]]
) -> int:
    """Break the call before and after each statement; check that a retry mends it. How many
    steps there were."""
    for statement in range(1, STEPS_MAX):
        for after in (False, True):
            fault.arm(statement, after)
            try:
                await call()
                broke = False
            except Busy:
                broke = True
            fault.heal()
            if not broke:
                return statement - 1
            await check()
    raise AssertionError("more steps than expected")


async def a_change_at_each_step(store: ConnectionStore, chat: Chat, fault: Fault) -> int:
    """Bob is blocked and unblocked, and a repeat of either is
    done once. How many steps it takes."""
    pair = await store.pair(chat.alice, chat.bob)
    assert pair is not None
    was = pair

    async def attempt() -> Pair:
        return await store.change(was, PairState.CONNECTED, was.blocked ^ 1, NOW)

    async def check() -> None:
        nonlocal was
        changed = await attempt()
        assert changed.version == was.version + 1
        [row] = await store.contacts(chat.bob)
        assert row.withheld is bool(changed.blocked & 1)
        was = changed

    return await at_each_step(fault, attempt, check)


async def an_epoch_at_each_step(store: ConnectionStore, chat: Chat, fault: Fault) -> int:
    """It and the head that names it are one."""
    n = 1

    async def attempt() -> None:
        await store.advance(chat.conv, NewEpoch(n, b"E%d" % n, False, NOW, 1, 1))

    async def check() -> None:
        nonlocal n
        [newest, *_] = await store.epochs(chat.conv, chat.alice, 50)
        assert newest.n in (n - 1, n)
        await attempt()
        head = await store.head(chat.conv)
        assert head is not None
        assert head.n == n
        n += 1

    return await at_each_step(fault, attempt, check)
