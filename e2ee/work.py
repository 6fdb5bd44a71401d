"""Proof of work: a challenge that its server knows again, and puzzles that cost time to solve.

One challenge has sixteen small puzzles and not one large one: their time differs less from one
browser to the next, and how many are solved says how far it is. Pure; what it is asked for, and
that a challenge is used once, is the caller's affair.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from e2ee.encoding import cat, h, mac, u8, u32, u64
from e2ee.errors import BadProof

PUZZLES: Final = 16
NONCE_LEN: Final = 4
CHALLENGE_LEN: Final = 73
_RANDOM_LEN: Final = 16
_CLAIMS_LEN: Final = 41


@dataclass(frozen=True, slots=True)
class Challenge:
    expiry_ms: int
    bits: int
    subject: bytes


def challenge(
    key: bytes, *, host: str, subject: bytes, bits: int, expiry_ms: int, random: bytes
) -> bytes:
    """expiry ‖ bits ‖ subject ‖ 16 random bytes ‖ MAC. `subject`: 16 bytes of what it is for."""
    if len(subject) != _RANDOM_LEN or len(random) != _RANDOM_LEN:
        raise ValueError("a challenge takes 16 bytes of its subject, and 16 random bytes")
    claims = u64(expiry_ms) + u8(bits) + subject + random
    return claims + _mac(key, host, claims)


def parse(keys: Iterable[bytes], raw: bytes, *, host: str) -> Challenge:
    """Raise BadProof unless one of these keys made it for this site."""
    claims, claimed = raw[:_CLAIMS_LEN], raw[_CLAIMS_LEN:]
    ours = [hmac.compare_digest(_mac(key, host, claims), claimed) for key in keys]
    if len(raw) != CHALLENGE_LEN or not any(ours):
        raise BadProof("the challenge is not ours")
    return Challenge(int.from_bytes(claims[:8]), claims[8], claims[9:25])


def is_solved(raw: bytes, nonces: bytes, bits: int) -> bool:
    """Whether each nonce makes its puzzle's hash begin with so many zero bits: 17 hashes."""
    if len(nonces) != PUZZLES * NONCE_LEN:
        return False
    prefix = puzzle_prefix(raw)
    return all(
        zero_bits(h(puzzle(prefix, n, int.from_bytes(nonces[n * NONCE_LEN :][:NONCE_LEN])))) >= bits
        for n in range(PUZZLES)
    )


def puzzle_prefix(raw: bytes) -> bytes:
    return h(cat("m1:work-puzzle", raw))


def puzzle(prefix: bytes, number: int, nonce: int) -> bytes:
    """What is hashed: 37 bytes, one block of SHA-256."""
    return prefix + u8(number) + u32(nonce)


def zero_bits(digest: bytes) -> int:
    return len(digest) * 8 - int.from_bytes(digest).bit_length()


def _mac(key: bytes, host: str, claims: bytes) -> bytes:
    return mac(key, cat("m1:work", host.encode(), claims))
