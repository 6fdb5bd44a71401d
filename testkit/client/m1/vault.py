"""Vault, factors and sign-in values (4.5)."""

import unicodedata
from dataclasses import dataclass

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from e2ee.encoding import ZERO, cat, h, u8, u32
from e2ee.errors import BadEncoding
from e2ee.records import RK_WRAP_LEN, VAULT_LEN
from testkit.client.m1.symmetric import hkdf, open_box, seal_box

SALT_LEN = 16
FLOOR_M, FLOOR_T = 65_536, 3
CEILING_M, CEILING_T = 262_144, 10


@dataclass(frozen=True)
class KdfParameters:
    m: int = FLOOR_M
    t: int = FLOOR_T
    p: int = 1


def seal_vault(
    root: bytes, *, uid: bytes, version: int, aik_seed: bytes, recovery_seed: bytes,
    nonce: bytes | None = None,
) -> bytes:  # fmt: skip
    key = hkdf(ZERO, root, cat("m1:vault"), 32)
    return seal_box(key, aik_seed + recovery_seed, _vault_aad(uid, version), nonce)


def open_vault(root: bytes, sealed: bytes, *, uid: bytes, version: int) -> tuple[bytes, bytes]:
    """(AIK seed, recovery seed)."""
    key = hkdf(ZERO, root, cat("m1:vault"), 32)
    seeds = open_box(key, sealed, _vault_aad(uid, version), VAULT_LEN)
    return seeds[:32], seeds[32:]


def wrap_root(
    kek: bytes, root: bytes, *, uid: bytes, kind: int, factor: bytes, nonce: bytes | None = None
) -> bytes:
    return seal_box(kek, root, cat("m1:rk-wrap", uid, u8(kind), factor), nonce)


def unwrap_root(kek: bytes, wrap: bytes, *, uid: bytes, kind: int, factor: bytes) -> bytes:
    return open_box(kek, wrap, cat("m1:rk-wrap", uid, u8(kind), factor), RK_WRAP_LEN)


def stretch_password(password: str, salt: bytes, kdf: KdfParameters) -> bytes:
    """`pw`: Argon2id over the NFKC form, after the check that the server cannot lower it."""
    check_parameters(salt, kdf)
    return Argon2id(salt=salt, length=32, iterations=kdf.t, lanes=kdf.p, memory_cost=kdf.m).derive(
        normalise(password)
    )


def normalise(password: str) -> bytes:
    return unicodedata.normalize("NFKC", password).encode()


def check_parameters(salt: bytes, kdf: KdfParameters) -> None:
    """A server that lowers the cost would guess cheaply; one that raises it would stall us."""
    if len(salt) != SALT_LEN:
        raise BadEncoding("the salt has not 16 bytes")
    if not (FLOOR_M <= kdf.m <= CEILING_M and FLOOR_T <= kdf.t <= CEILING_T and kdf.p == 1):
        raise BadEncoding("the Argon2id parameters are out of bounds")


def password_auth(pw: bytes, kdf_salt: bytes) -> bytes:
    return hkdf(ZERO, pw, cat("m1:pw-auth", kdf_salt), 32)


def password_kek(pw: bytes, *, uid: bytes, pepper: bytes) -> bytes:
    return hkdf(pepper, pw, cat("m1:rk-pw", uid), 32)


def code_auth(code: str, code_salt: bytes) -> bytes:
    return hkdf(ZERO, code.encode(), cat("m1:code-auth", code_salt), 32)


def code_kek(code: str, *, uid: bytes) -> bytes:
    return hkdf(uid, code.encode(), cat("m1:rk-code"), 32)


def passkey_input(uid: bytes) -> bytes:
    """`eval.first` of the WebAuthn PRF extension."""
    return h(cat("m1:prf", uid))


def passkey_kek(output: bytes, credential: bytes) -> bytes:
    return hkdf(ZERO, output, cat("m1:rk-prf", credential), 32)


def _vault_aad(uid: bytes, version: int) -> bytes:
    return cat("m1:vault", uid, u32(version))
