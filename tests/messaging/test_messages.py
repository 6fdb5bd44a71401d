"""Sending, reading back and erasing, seen from the sockets of the two people and of a third."""

from messaging import protocol
from tests.cast import Person
from tests.messaging.socket import arrived


async def test_a_message_reaches_the_other_and_is_confirmed(
    alice: Person, bob: Person, conv: bytes
) -> None:
    at_alice, at_bob = await arrived(alice), await arrived(bob)
    letter = alice.letter(conv, "good morning")
    at_alice.send(letter)
    sent = await at_alice.next(protocol.Sent)
    assert (sent.client_id, sent.seq, sent.ord) == (letter.client_id, 1, 1)
    row = await at_bob.next(protocol.Msg)
    assert bob.read(row) == "good morning"
    assert (row.seq, row.sender, row.time) == (1, alice.uid, sent.time)
