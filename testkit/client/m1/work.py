"""Proof of work on sign-up, from the solver's side (docs/protocol.md)."""

import hashlib

from e2ee.encoding import cat

PUZZLES = 16


def solve(challenge: bytes, bits: int) -> bytes:
    """A nonce of four bytes for each puzzle, each the lowest that solves it."""
    prefix = hashlib.sha256(cat("m1:work-puzzle", challenge)).digest()
    return b"".join(_nonce(prefix + bytes([number]), bits) for number in range(PUZZLES))


def _nonce(puzzle: bytes, bits: int) -> bytes:
    limit = 1 << (256 - bits)
    nonce = 0
    while True:
        tried = nonce.to_bytes(4)
        if int.from_bytes(hashlib.sha256(puzzle + tried).digest()) < limit:
            return tried
        nonce += 1
