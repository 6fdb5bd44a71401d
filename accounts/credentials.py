"""What sign-in compares with, the pepper, and the fakes for unknown names (4.5, 4.18)."""

import secrets

from django.conf import settings

from accounts import hashers
from accounts.models import Credentials
from accounts.protocol import KDF_M_MIN, KDF_T_MIN, CodeValues, Kdf, PasswordValues, Started
from chatsite.edge.wire import Id
from e2ee import sealed
from e2ee.encoding import cat, mac

# What browsers use today. A fake answer gives the same, or it would be recognised.
PRESENT_KDF = Kdf(m=KDF_M_MIN, t=KDF_T_MIN, p=1)

_auth = hashers.AuthHasher()
_code = hashers.CodeHasher()
_UNGUESSABLE = secrets.token_bytes(32)  # the `auth` of no account


def started(name: str, row: Credentials | None) -> Started:
    """The salts of `name`. An unknown name and a switched-off password get fakes, always the
    same ones for the same name."""
    fake_password = _fake_salt(name, sealed.SALT_OF_PASSWORD)
    fake_code = _fake_salt(name, sealed.SALT_OF_CODE)
    return Started(
        kdf_salt=Id(row.kdf_salt) if row and row.verifier else fake_password,
        kdf=Kdf(m=row.kdf_m, t=row.kdf_t, p=1) if row and row.verifier else PRESENT_KDF,
        code_salt=Id(row.code_salt) if row else fake_code,
    )


def fake_uid(name: str) -> bytes:
    """In place of the uid of an unknown name, where tries are counted and compared."""
    return mac(_fake_key(), cat("m1:fake-uid", name.encode()))[:16]


def matches(
    row: Credentials | None, uid: bytes, auth: bytes | None, code_auth: bytes | None
) -> bool:
    """Whether the one value given is the account's. An unknown name costs the same."""
    hasher: hashers.AuthHasher | hashers.CodeHasher
    if auth is not None:
        hasher, value, encoded = _auth, auth, row.verifier if row else ""
    else:
        hasher, value, encoded = _code, code_auth or bytes(32), row.code_verifier if row else ""
    return hashers.verify(hasher, encoded or hashers.encode(hasher, uid, _UNGUESSABLE), value)


def renew_verifier(row: Credentials, auth: bytes | None, code_auth: bytes | None) -> None:
    """After a match: hash again under the newest key, so that old keys can be dropped."""
    uid = row.user.uid
    if auth is not None and _auth.must_update(row.verifier):
        row.verifier = hashers.encode(_auth, uid, auth)
        row.save(update_fields=["verifier"])
    if code_auth is not None and _code.must_update(row.code_verifier):
        row.code_verifier = hashers.encode(_code, uid, code_auth)
        row.save(update_fields=["code_verifier"])


def set_password(row: Credentials, uid: bytes, values: PasswordValues) -> None:
    """Changes the row in memory; the caller saves it."""
    row.kdf_salt = bytes(values.kdf_salt)
    row.kdf_m, row.kdf_t = values.kdf.m, values.kdf.t
    row.verifier = hashers.encode(_auth, uid, values.auth)


def drop_password(row: Credentials) -> None:
    """The old salt stays in the row, only to be refused if it comes again."""
    row.verifier = ""


def set_code(row: Credentials, uid: bytes, values: CodeValues) -> None:
    row.code_salt = bytes(values.code_salt)
    row.code_verifier = hashers.encode(_code, uid, values.code_auth)


def new_pepper(uid: bytes) -> tuple[str, bytes, bytes]:
    """kid, the sealed pepper as it is kept, and the pepper."""
    kid, key = settings.SECRETS["pepper"][0]
    pepper = secrets.token_bytes(sealed.PEPPER_LEN)
    return kid, sealed.seal_pepper(key, kid, uid=uid, pepper=pepper), pepper


def open_pepper(kid: str, uid: bytes, box: bytes) -> bytes:
    return sealed.open_pepper(dict(settings.SECRETS["pepper"])[kid], kid, uid=uid, sealed=box)


def _fake_salt(name: str, which: int) -> Id:
    return Id(sealed.fake_salt(_fake_key(), name=name, which=which))


def _fake_key() -> bytes:
    """The oldest: if a fake changed with a rotation, asking again would tell it from a real one."""
    return bytes(settings.SECRETS["fake"][-1][1])
