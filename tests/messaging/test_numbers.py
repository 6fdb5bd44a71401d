"""A number that no client could read never gets into the store: neither in an envelope nor in a
record that others fetch."""

import pytest

from chatsite.edge.wire import Id
from e2ee.encoding import MAX_UINT, u64
from messaging import protocol
from testkit.cast import Person
from tests.messaging.socket import arrived

TOO_LARGE = [MAX_UINT + 1, 2**60, 2**63, 2**64 - 1]
CTR_AT = slice(142, 150)  # of an envelope


def counted(message: protocol.Send, ctr: int) -> protocol.Send:
    """The header says so; the server opens nothing, so the seal need not hold."""
    assert message.body[CTR_AT] == u64(1)
    message.body = message.body[: CTR_AT.start] + u64(ctr) + message.body[CTR_AT.stop :]
    return message


@pytest.mark.usefixtures("transport")
@pytest.mark.parametrize("ctr", TOO_LARGE)
async def test_an_envelope_whose_counter_no_client_reads_is_refused(
    alice: Person, bob: Person, conv: bytes, ctr: int
) -> None:
    at_alice, at_bob = await arrived(alice), await arrived(bob)
    at_alice.send(counted(alice.message(conv, "never read"), ctr))
    assert (await at_alice.next(protocol.Error)).code == "unsupported"
    alice.devices[0].ctr[conv] = 0
    at_alice.send(counted(alice.message(conv, "the largest"), MAX_UINT))
    await at_alice.next(protocol.Sent)
    assert (await at_bob.next(protocol.Msg)).ctr == MAX_UINT
    at_bob.send(protocol.Get(ref=1, conv=Id(conv)))
    assert [row.ctr for row in (await at_bob.next(protocol.Page)).rows] == [MAX_UINT]
