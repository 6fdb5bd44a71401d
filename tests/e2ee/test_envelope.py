"""What the server checks of a message beyond its shape."""

from typing import Any

import pytest

from e2ee.encoding import h
from e2ee.envelope import MAX_ENVELOPE, check_sent_by, parse_envelope
from e2ee.errors import BadEnvelope
from e2ee.franking import check_tag, commitment, tag
from e2ee.padding import MAX_BODY
from testkit.client.m1 import envelope
from tests.vectors.scene import CONN, DEVICE_A, DEVICE_B, EPOCH_1, MID, UK_A, A, B, T, seed

SENT_BY: dict[str, Any] = {"conn": CONN, "sender": A, "device": DEVICE_A.id, "mid": MID, "n": 1}


def sealed(body: bytes = b"hello") -> envelope.Sealed:
    return envelope.seal(
        body, epoch=EPOCH_1, sender=A, device=DEVICE_A.id, ctr=1, mid=MID, user_seed=UK_A.seed
    )


def test_the_longest_message_fits_just_the_limit() -> None:
    assert len(sealed(b"a" * MAX_BODY).envelope) == MAX_ENVELOPE == 33_043


def test_an_honest_frame_repeats_the_header() -> None:
    check_sent_by(sealed().header, **SENT_BY)


@pytest.mark.parametrize(
    ("member", "value"),
    [("conn", bytes(16)), ("sender", B), ("device", DEVICE_B.id), ("mid", bytes(16)), ("n", 0)],
)
def test_mallory_cannot_send_under_another_header(member: str, value: object) -> None:
    with pytest.raises(BadEnvelope):
        check_sent_by(sealed().header, **{**SENT_BY, member: value})


def test_two_seals_of_one_text_share_nothing() -> None:
    one, other = sealed(), sealed()
    assert one.salt != other.salt
    assert one.commitment != other.commitment
    assert parse_envelope(one.envelope).ciphertext != parse_envelope(other.envelope).ciphertext


def test_the_server_recomputes_the_commitment_of_a_report() -> None:
    message = sealed()
    opened = envelope.open_sealed(
        message.envelope, message.salt, epoch=EPOCH_1, own_uid=B, user_seeds={}
    )
    facts = {"conn": CONN, "sender": A, "mid": MID}
    claimed = opened.header.commitment
    assert commitment(opened.franking_key, body=opened.body, **facts) == claimed
    assert commitment(opened.franking_key, body=b"hellO", **facts) != claimed
    assert commitment(seed(1), body=opened.body, **facts) != claimed


def test_a_tag_confirms_only_what_was_submitted() -> None:
    message = parse_envelope(sealed().envelope)
    facts: dict[str, Any] = {
        "recipient": B, "ciphertext_hash": h(message.ciphertext), "server_ms": T,
    }  # fmt: skip
    made = tag(seed(1), "k1", message.header, **facts)
    assert check_tag(made, seed(1), "k1", message.header, **facts)
    assert not check_tag(made, seed(2), "k1", message.header, **facts)
    assert not check_tag(made, seed(1), "k2", message.header, **facts)
    for changed in ({"recipient": A}, {"ciphertext_hash": bytes(32)}, {"server_ms": T + 1}):
        assert not check_tag(made, seed(1), "k1", message.header, **{**facts, **changed})
