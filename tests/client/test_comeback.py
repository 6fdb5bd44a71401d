"""When the client comes back, and what it makes of a server that has no room now."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from messaging import protocol
from testkit.client.comeback import Comeback
from testkit.client.live import Closed, Live
from testkit.client.m1.keys import DeviceKeys


def longest(least: float, most: float) -> float:
    return most


def shortest(least: float, most: float) -> float:
    return least


def test_a_break_is_answered_soon_and_then_ever_later() -> None:
    comeback = Comeback(longest)
    assert [comeback.after(None) for _ in range(8)] == [3, 1, 2, 4, 8, 16, 30, 30]
    comeback.live()
    assert comeback.after(protocol.CLOSE_INTERNAL) == 3
    assert Comeback(shortest).after(None) == 0


def test_where_somebody_looks_the_first_try_comes_at_once() -> None:
    comeback = Comeback(longest, focus=True)
    assert [comeback.after(None) for _ in range(3)] == [0.5, 1, 2]
    comeback.live()
    assert [comeback.after(protocol.CLOSE_RESTART) for _ in range(2)] == [0.5, 3]
    comeback.live()
    comeback.drain = 1.5  # the node says when: it knows how many leave
    assert comeback.after(protocol.CLOSE_RESTART) == 1.5


def test_a_node_that_drains_names_the_time() -> None:
    comeback = Comeback(longest)
    comeback.drain = 1.5
    assert [comeback.after(protocol.CLOSE_RESTART) for _ in range(2)] == [1.5, 3]


def test_who_is_too_fast_or_displaced_waits_long() -> None:
    assert Comeback(shortest).after(protocol.CLOSE_RATE) == 30
    assert Comeback(longest).after(protocol.CLOSE_RATE) == 60
    assert Comeback(shortest).after(protocol.CLOSE_DISPLACED) == 30
    assert Comeback(longest).after(protocol.CLOSE_SLOW) == 0


def test_a_refused_token_is_renewed_once() -> None:
    comeback = Comeback(longest)
    assert [comeback.after(protocol.CLOSE_SIGN_IN) for _ in range(2)] == [0, None]
    comeback.live()
    assert comeback.after(protocol.CLOSE_SIGN_IN) == 0


@pytest.mark.parametrize("code", [1000, 4400, 4403, 4499])
def test_some_closes_are_for_good(code: int) -> None:
    assert Comeback(longest).after(code) is None


@pytest.fixture
async def full_server() -> AsyncIterator[str]:
    """It accepts, says that it has no room, and closes: as a herd finds ours."""

    async def turn_away(socket: ServerConnection) -> None:
        await socket.send(protocol.encode(protocol.Busy(retry_ms=2000)).decode())
        await socket.close(protocol.CLOSE_RESTART)

    async with serve(turn_away, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}/live"


async def test_a_server_without_room_is_tried_again_later(full_server: str) -> None:
    async def handle(frame: Any) -> None:
        raise AssertionError(frame)

    with pytest.raises(Closed) as closed:
        await Live.open(
            full_server, origin="http://localhost", host="localhost", token="", uid=bytes(16),
            keys=DeviceKeys(), vec_hash=bytes(32), handle=handle,
        )  # fmt: skip
    assert closed.value.code == protocol.CLOSE_RESTART
