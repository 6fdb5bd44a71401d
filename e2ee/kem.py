"""X-Wing public keys (suite 2): checked before they are published, so that peers can seal."""

from typing import Final

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from e2ee.errors import BadKey

PUBLIC_KEY_LEN: Final = 1216
WRAP_LEN: Final = 1168
"""enc ‖ ct of one HPKE-sealed 32-byte secret."""

_ML_KEM_LEN: Final = 1184
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
