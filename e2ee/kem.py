"""X-Wing (suite 2): public keys are checked before they are published, so that peers can seal;
and the one private key that a server has, to which reports are sealed (4.10).
"""

import hashlib
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, Suite

from e2ee.errors import BadKey, BadSignature

PUBLIC_KEY_LEN: Final = 1216
WRAP_LEN: Final = 1168
"""enc ‖ ct of one HPKE-sealed 32-byte secret."""

_ML_KEM_LEN: Final = 1184
_ML_KEM_SEED: Final = 64
_SUITE: Final = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_PROBE: Final = bytes([1] * 32)
"""Any scalar shows a small-order X25519 point: the shared secret is zero."""


def check_public_key(key: bytes) -> None:
    """ML-KEM modulus check (FIPS 203, 7.2) and no small-order X25519 point."""
    if len(key) != PUBLIC_KEY_LEN:
        raise BadKey("an X-Wing public key has 1216 bytes")
    try:
        MLKEM768PublicKey.from_public_bytes(key[:_ML_KEM_LEN])
        point = X25519PublicKey.from_public_bytes(key[_ML_KEM_LEN:])
        X25519PrivateKey.from_private_bytes(_PROBE).exchange(point)
    except ValueError:
        raise BadKey("not a valid X-Wing public key") from None


def public_key(seed: bytes) -> bytes:
    """Of a 32-byte seed, which is the private key."""
    ml_kem, x25519 = _private(seed)
    return ml_kem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()


def open_sealed(seed: bytes, sealed: bytes, info: bytes) -> bytes:
    """What was sealed to `public_key(seed)` by HPKE (RFC 9180), base mode, single shot.

    `sealed` is enc ‖ ct. Raises BadSignature for another key, another `info` or a changed byte.
    """
    try:
        return _SUITE.decrypt(sealed, MLKEM768X25519PrivateKey(*_private(seed)), info)
    except (InvalidTag, ValueError):
        raise BadSignature("the HPKE wrap does not open") from None


def _private(seed: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    expanded = hashlib.shake_256(seed).digest(_ML_KEM_SEED + 32)
    return (
        MLKEM768PrivateKey.from_seed_bytes(expanded[:_ML_KEM_SEED]),
        X25519PrivateKey.from_private_bytes(expanded[_ML_KEM_SEED:]),
    )
