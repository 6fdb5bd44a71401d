"""Values the server seals or derives for itself (4.5, 4.17): peppers, verifiers, fake salts.

Keys live in files outside the database; each value is bound to its row, so that
swapping rows is refused.
"""

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from e2ee.encoding import cat, mac, u8
from e2ee.errors import BadSignature

PEPPER_LEN: Final = 32
TOTP_LEN: Final = 20
"""Bytes of what an app of staff counts with: as long as its hash."""
SALT_LEN: Final = 16
SALT_OF_PASSWORD: Final = 1
SALT_OF_CODE: Final = 2

_NONCE_LEN: Final = 12
_TAG_LEN: Final = 16
SEALED_TOTP_LEN: Final = _NONCE_LEN + TOTP_LEN + _TAG_LEN


def password_verifier(key: bytes, *, uid: bytes, auth: bytes) -> bytes:
    """Kept instead of `auth`; no slow hash here, the slow one ran on the client."""
    return mac(key, cat("m1:auth-v", uid, auth))


def code_verifier(key: bytes, *, uid: bytes, code_auth: bytes) -> bytes:
    return mac(key, cat("m1:code-v", uid, code_auth))


def fake_salt(key: bytes, *, name: str, which: int) -> bytes:
    """The salt an unknown name gets: always the same one, so that asking twice tells nothing."""
    return mac(key, cat("m1:fake-salt", name.encode(), u8(which)))[:SALT_LEN]


def seal_pepper(key: bytes, kid: str, *, uid: bytes, pepper: bytes) -> bytes:
    return box(key, pepper, cat("m1:pepper", uid, kid.encode()))


def open_pepper(key: bytes, kid: str, *, uid: bytes, sealed: bytes) -> bytes:
    return open_box(key, sealed, cat("m1:pepper", uid, kid.encode()))


def seal_totp(key: bytes, kid: str, *, uid: bytes, secret: bytes) -> bytes:
    return box(key, secret, cat("m1:totp", uid, kid.encode()))


def open_totp(key: bytes, kid: str, *, uid: bytes, sealed: bytes) -> bytes:
    return open_box(key, sealed, cat("m1:totp", uid, kid.encode()))


def staff_code(key: bytes, *, uid: bytes, code: str) -> bytes:
    """Kept instead of a code on paper; nobody guesses one, so no slow hash is needed."""
    return mac(key, cat("m1:staff-code", uid, code.encode()))


def box(key: bytes, plaintext: bytes, aad: bytes) -> bytes:
    """12 random bytes ‖ AES-256-GCM: the `box` of 4.1."""
    nonce = secrets.token_bytes(_NONCE_LEN)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, aad)


def open_box(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    """Raises BadSignature when the key, the row it is bound to or a byte is another."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_LEN], sealed[_NONCE_LEN:], aad)
    except (InvalidTag, ValueError):
        raise BadSignature("the sealed value does not open") from None
