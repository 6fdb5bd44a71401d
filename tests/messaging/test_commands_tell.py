"""A command tells nodes once it reaches them: its process has just started, and serves nobody."""

import pytest

from messaging import fanout, hub, internode, protocol
from messaging.internode import Patience
from testkit.cast import Person, now_ms
from tests.faulty import Away, Faulty
from tests.messaging.nodes import Nodes, arrived_at


@pytest.fixture
def command(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process has no node from now on; its adapters lead to those of the nodes."""
    monkeypatch.setattr(fanout, "_hub", None)
    monkeypatch.setattr(fanout, "_patience", Patience(patient=True))
    monkeypatch.setattr(hub, "configured", lambda: nodes.presence)
    monkeypatch.setattr(hub, "_layer", lambda: nodes.layer)
    monkeypatch.setattr(hub, "AGAIN_SECONDS", 0)


@pytest.fixture(params=["where", "group_send", "revoke"])
def failing(request: pytest.FixtureRequest, nodes: Nodes) -> tuple[Faulty, str]:
    return nodes.layer if request.param == "group_send" else nodes.presence, request.param


@pytest.mark.usefixtures("command")
async def test_a_command_goes_on_until_nodes_were_told(
    nodes: Nodes, alice: Person, failing: tuple[Faulty, str]
) -> None:
    """Of what fails a few times, as a connection does that is being made."""
    port, method = failing
    phone = await arrived_at(nodes.b, alice)
    with port.failing(method, *[Away() for _ in range(5)]) as left:
        await fanout.evict(alice.uid, reason="suspended", until=now_ms() + 60_000)
        assert not left
    assert await phone.closed() == protocol.CLOSE_SIGN_IN
    assert (await phone.next(protocol.SignedOut)).reason == "suspended"


@pytest.mark.usefixtures("command")
async def test_a_command_that_has_waited_in_vain_says_so_once_and_waits_no_more(
    nodes: Nodes, alice: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(internode, "PATIENT_SECONDS", 0.05)
    monkeypatch.setattr(internode, "WAIT_SECONDS", 0.01)
    monkeypatch.setattr(hub, "AGAIN_SECONDS", 0.01)
    with nodes.presence.hanging("where"):
        await fanout.evict(alice.uid, reason="suspended")
        assert [line.message for line in caplog.records] == [hub.UNTOLD]
        for _ in range(2):
            await fanout.evict(alice.uid, reason="suspended")
    assert [line.message for line in caplog.records].count(hub.UNTOLD) == 1
    assert fanout.hub()._patience.seconds == internode.WAIT_SECONDS


async def test_a_node_waits_for_others_no_longer_than_before(nodes: Nodes, alice: Person) -> None:
    with nodes.presence.raising("where"):
        await fanout.evict(alice.uid, reason="reset")
    assert nodes.presence.struck == 1
