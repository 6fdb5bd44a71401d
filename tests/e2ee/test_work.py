import pytest

from e2ee import work
from e2ee.errors import BadProof
from testkit.client.m1.work import solve

KEY, OLD, OTHERS = b"k" * 32, b"o" * 32, b"x" * 32
HOST, SUBJECT, BITS = "chat.example", b"s" * 16, 6


def made(key: bytes = KEY, host: str = HOST) -> bytes:
    return work.challenge(
        key, host=host, subject=SUBJECT, bits=BITS, expiry_ms=1_760_000_000_000, random=b"r" * 16
    )


@pytest.mark.parametrize(("subject", "random"), [(15, 16), (16, 17)])
def test_a_challenge_of_other_lengths_is_not_made(subject: int, random: int) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        work.challenge(
            KEY, host=HOST, subject=bytes(subject), bits=BITS, expiry_ms=1, random=bytes(random)
        )


@pytest.mark.parametrize("key", [KEY, OLD])
def test_a_challenge_says_what_it_is_for(key: bytes) -> None:
    known = work.parse([KEY, OLD], made(key), host=HOST)
    assert known == work.Challenge(1_760_000_000_000, BITS, SUBJECT)


@pytest.mark.parametrize(
    "raw",
    [made(OTHERS), made(host="other.example"), made()[:-1], made() + b"0", b"", bytes(73)],
    ids=["key", "site", "short", "long", "empty", "zeros"],
)
def test_what_is_not_ours(raw: bytes) -> None:
    with pytest.raises(BadProof):
        work.parse([KEY, OLD], raw, host=HOST)


@pytest.mark.parametrize("at", range(0, 73, 8))
def test_no_byte_can_be_changed(at: int) -> None:
    raw = bytearray(made())
    raw[at] ^= 1
    with pytest.raises(BadProof):
        work.parse([KEY], bytes(raw), host=HOST)


def test_every_puzzle_counts() -> None:
    raw = made()
    nonces = solve(raw, BITS)
    assert work.is_solved(raw, nonces, BITS)
    assert not work.is_solved(made(OTHERS), nonces, BITS)
    for short in (nonces[:-4], nonces + bytes(4), b""):
        assert not work.is_solved(raw, short, BITS)
    spoilt = [
        number for number in range(16) if not work.is_solved(raw, _one_more(nonces, number), BITS)
    ]
    assert len(spoilt) > 8  # one nonce in 64 solves its puzzle by chance


def _one_more(nonces: bytes, number: int) -> bytes:
    at = number * 4
    higher = int.from_bytes(nonces[at : at + 4]) + 1
    return nonces[:at] + higher.to_bytes(4) + nonces[at + 4 :]
