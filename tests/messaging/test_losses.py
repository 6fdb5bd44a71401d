"""What was lost between two nodes shows, whether or not something follows."""

import asyncio
from typing import Any

import pytest

from chatsite.layers import InProcessLayer
from messaging import internode
from messaging.hub import Hub
from tests.faulty import Faulty
from tests.messaging.test_fanout import FRAME, alice, hubs, layer, listen

__all__ = ["alice", "hubs", "layer"]


async def test_a_loss_shows_although_nothing_follows(
    hubs: tuple[Hub, Hub], layer: InProcessLayer, alice: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last message of a talk would be the one that nobody misses."""
    monkeypatch.setattr(internode, "SHOWN_SECONDS", 0.01)
    there = await listen(hubs[1], alice)
    await hubs[0].deliver([alice], FRAME)
    assert (await there.next())[0] == "push"
    stream, faulty = hubs[0].streams.to(hubs[1].node.name), Faulty(layer)
    monkeypatch.setattr(stream, "_layer", faulty)
    with faulty.failing("group_send", OSError(), OSError()) as left:  # one of them without events
        await hubs[0].deliver([alice], FRAME)
        assert await there.next() == ("recheck",)
    assert not left
    assert hubs[1].heard.gaps == 1
    hubs[0].streams.lose()  # for whom, nobody knows
    assert await there.next() == ("recheck",)
    await hubs[0].deliver([alice], FRAME)
    assert (await there.next())[0] == "push"
    assert hubs[1].heard.gaps == 2


async def test_a_loss_beside_the_frame_that_shows_another_is_shown_too(
    hubs: tuple[Hub, Hub], layer: InProcessLayer, alice: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(internode, "SHOWN_SECONDS", 0.01)
    there = await listen(hubs[1], alice)
    stream, faulty = hubs[0].streams.to(hubs[1].node.name), Faulty(layer)
    monkeypatch.setattr(stream, "_layer", faulty)
    with faulty.holding("group_send") as go:
        stream.lose()
        while not faulty.struck:  # noqa: ASYNC110 -- nobody tells
            await asyncio.sleep(0)
        stream.lose()
        go.set()
        assert [await there.next() for _ in range(2)] == [("recheck",)] * 2
    assert hubs[1].heard.gaps == 2


async def test_a_lost_frame_is_noticed_by_the_next(
    hubs: tuple[Hub, Hub], layer: InProcessLayer, alice: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    there = await listen(hubs[1], alice)
    await hubs[0].deliver([alice], FRAME)
    await there.next()
    sending, layer.group_send = layer.group_send, _nowhere  # type: ignore[method-assign]
    await hubs[0].deliver([alice], FRAME)
    layer.group_send = sending  # type: ignore[method-assign]
    await hubs[0].deliver([alice], FRAME)
    assert await there.next() == ("recheck",)
    assert (await there.next())[0] == "push"
    assert hubs[1].heard.gaps == 1
    assert "1 frames of node" in caplog.text


async def _nowhere(group: str, message: dict[str, Any]) -> None:
    """A broker that lost it."""
