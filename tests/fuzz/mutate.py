"""Bytes near those of a corpus. The same dice give the same bytes."""

import random
from collections.abc import Sequence

DEEP = 2000
TOKENS = (
    b"", b"\0", b"\xff", b"\xc3", b"\xed\xa0\x80", b'"', b"\\", b"\\ud800", b"{", b"[", b"}", b"]",
    b":", b",", b"null", b"true", b"-1", b"1e400", b"1.5", b"9007199254740992", b"9" * 5000,
    b"[" * DEEP, b'{"a":' * DEEP, b"A" * 5000, b"\xff\xff\xff\xff", b"\0\0\0\x01", b"==", b"\r\n",
    "\u202e\u0301\U0001f600".encode(),
)  # fmt: skip


def near(dice: random.Random, corpus: Sequence[bytes]) -> bytes:
    """One of the corpus, changed in up to eight places; once in a while two of them joined."""
    data = bytearray(dice.choice(corpus))
    if dice.random() < 0.05:
        other = dice.choice(corpus)
        data = data[: dice.randrange(len(data) + 1)] + other[dice.randrange(len(other) + 1) :]
    for _ in range(dice.randrange(9)):
        start = dice.randrange(len(data) + 1)
        end = start + dice.choice((0, 0, 1, 1, 4, 16))
        match dice.randrange(4):
            case 0:
                data[start:end] = dice.choice(TOKENS)
            case 1:
                data[start:end] = dice.randbytes(dice.randrange(5))
            case 2 if start < len(data):
                data[start] ^= 1 << dice.randrange(8)
            case _:
                data[start:end] = data[end : end + (end - start)]
    return bytes(data)
