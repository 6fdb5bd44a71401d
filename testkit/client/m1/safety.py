"""The safety number of two people (4.15)."""

import hashlib

from e2ee.encoding import cat, to_base64, u8

ROUNDS = 100_000
SALT = b"m1:safety-number"
QR_VERSION = 1


def fingerprint(uid: bytes, aik: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha512", cat("m1:sn", uid, aik), SALT, ROUNDS, 32)


def digits(one: bytes, other: bytes) -> str:
    """60 digits from two fingerprints, the same on both sides."""
    return "".join(sorted(map(_half, (one, other))))


def qr(one: bytes, other: bytes) -> str:
    return to_base64(u8(QR_VERSION) + b"".join(sorted((one, other))))


def _half(print_: bytes) -> str:
    return "".join(f"{int.from_bytes(print_[i : i + 5]) % 100_000:05}" for i in range(0, 30, 5))
