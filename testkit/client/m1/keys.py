"""Key pairs from their 32-byte seeds (4.2) and HPKE with X-Wing (suite 2)."""

import hashlib
import secrets
from dataclasses import dataclass, field
from functools import cached_property

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from e2ee.errors import BadKey, BadSignature

SEED_LEN = 32
_ML_KEM_SEED = 64
_ML_KEM_PUBLIC = 1184
_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def new_seed() -> bytes:
    return secrets.token_bytes(SEED_LEN)


class SigningKey:
    """An Ed25519 key pair (AIK or DSK)."""

    def __init__(self, seed: bytes | None = None) -> None:
        self.seed = seed or new_seed()
        self._private = Ed25519PrivateKey.from_private_bytes(self.seed)
        self.public = self._private.public_key().public_bytes_raw()

    def sign(self, data: bytes) -> bytes:
        return self._private.sign(data)


class KemKey:
    """An X-Wing key pair (DKK, UK_g or recovery); the seed is the private key."""

    def __init__(self, seed: bytes | None = None) -> None:
        self.seed = seed or new_seed()
        expanded = hashlib.shake_256(self.seed).digest(_ML_KEM_SEED + 32)
        self._ml_kem = MLKEM768PrivateKey.from_seed_bytes(expanded[:_ML_KEM_SEED])
        self._x25519 = X25519PrivateKey.from_private_bytes(expanded[_ML_KEM_SEED:])

    @cached_property
    def public(self) -> bytes:
        return (
            self._ml_kem.public_key().public_bytes_raw()
            + self._x25519.public_key().public_bytes_raw()
        )

    def open(self, sealed: bytes, info: bytes) -> bytes:
        try:
            return _SUITE.decrypt(
                sealed, MLKEM768X25519PrivateKey(self._ml_kem, self._x25519), info
            )
        except (InvalidTag, ValueError):
            raise BadSignature("the HPKE wrap does not open") from None


def hpke_seal(public_key: bytes, plaintext: bytes, info: bytes) -> bytes:
    """enc ‖ ct, single-shot base mode: all context is in `info`."""
    try:
        ml_kem = MLKEM768PublicKey.from_public_bytes(public_key[:_ML_KEM_PUBLIC])
        x25519 = X25519PublicKey.from_public_bytes(public_key[_ML_KEM_PUBLIC:])
        return _SUITE.encrypt(plaintext, MLKEM768X25519PublicKey(ml_kem, x25519), info)
    except ValueError:
        raise BadKey("not a usable X-Wing public key") from None


@dataclass(frozen=True)
class DeviceKeys:
    """What one device holds of its own: id, DSK, DKK."""

    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    signing: SigningKey = field(default_factory=SigningKey)
    kem: KemKey = field(default_factory=KemKey)
