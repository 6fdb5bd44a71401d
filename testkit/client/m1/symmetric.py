"""HKDF and the `box` of docs/encryption.md 4.1, with the nonce as an argument."""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from e2ee.errors import BadSignature

NONCE_LEN = 12
_SHA256 = SHA256()


def hkdf(salt: bytes, ikm: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 with SHA-256."""
    return HKDF(_SHA256, length, salt, info).derive(ikm)


def seal_box(key: bytes, plaintext: bytes, aad: bytes, nonce: bytes | None = None) -> bytes:
    nonce = nonce or secrets.token_bytes(NONCE_LEN)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, aad)


def open_box(key: bytes, sealed: bytes, aad: bytes, length: int | None = None) -> bytes:
    """`length` is that of the whole box: m1's boxes have fixed sizes."""
    if length is not None and len(sealed) != length:
        raise BadSignature(f"a box of {length} bytes was expected")
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_LEN], sealed[NONCE_LEN:], aad)
    except (InvalidTag, ValueError):
        raise BadSignature("the box does not open") from None
