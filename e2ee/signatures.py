"""Ed25519 keys and signatures, and the public keys that must never be used (4.3).

A small-order key "verifies" signatures that nobody made: with `01 00…00` the four
encodings of y = 1 pass for every message. OpenSSL loads all of them.
"""

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from e2ee.errors import BadKey, BadSignature

KEY_LEN: Final = 32
SIGNATURE_LEN: Final = 64

_P: Final = 2**255 - 19
_SIGN_BIT: Final = 0x80

# y of the eight points of small order, twice where y + p also fits; times the sign
# bit these are all 14 encodings.
SMALL_ORDER: Final = frozenset(
    {
        bytes(32),
        b"\x01" + bytes(31),
        bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
        b"\xec" + b"\xff" * 30 + b"\x7f",
        b"\xed" + b"\xff" * 30 + b"\x7f",
        b"\xee" + b"\xff" * 30 + b"\x7f",
    }
)


def check_public_key(key: bytes) -> None:
    """Refuse small order and every y ≥ p. Must precede each use of a foreign key."""
    if len(key) != KEY_LEN:
        raise BadKey("an Ed25519 public key has 32 bytes")
    y = key[:31] + bytes([key[31] & ~_SIGN_BIT])
    if y in SMALL_ORDER:
        raise BadKey("an Ed25519 public key of small order")
    if int.from_bytes(y, "little") >= _P:
        raise BadKey("a non-canonical Ed25519 public key")


def verify(key: bytes, signature: bytes, data: bytes) -> None:
    """Raise BadKey or BadSignature unless `signature` over `data` is by `key`."""
    check_public_key(key)
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, data)
    except InvalidSignature:
        raise BadSignature("the signature does not verify") from None
