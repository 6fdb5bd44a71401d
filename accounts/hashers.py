"""Verifiers of `auth` and `code_auth`: keyed, fast, constant time (docs/encryption.md 4.5).

Django hashers with a secret outside the database. Not slow, on purpose: the slow hash ran in the
browser, where a guess costs the one who guesses. In Django's words: `password` is the value in
base64, `salt` the uid in hex. Not listed in PASSWORD_HASHERS, so no staff account can come to use
them.
"""

import hmac
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import BasePasswordHasher

from e2ee import sealed
from e2ee.encoding import from_base64, to_base64


class _KeyedHasher(BasePasswordHasher):
    def encode(self, password: str, salt: str) -> str:
        kid, key = settings.SECRETS["signin"][0]
        return self._encoded(kid, key, password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        decoded = self.decode(encoded)
        key = dict(settings.SECRETS["signin"]).get(decoded["kid"])
        if key is None:
            return False
        again = self._encoded(decoded["kid"], key, password, decoded["salt"])
        return hmac.compare_digest(again, encoded)

    def decode(self, encoded: str) -> dict[str, str]:
        algorithm, kid, salt, value = encoded.split("$")
        return {"algorithm": algorithm, "kid": kid, "salt": salt, "hash": value}

    def must_update(self, encoded: str) -> bool:
        """True under an older key: sign-in has the value at hand, so it is hashed again."""
        return self.decode(encoded)["kid"] != settings.SECRETS["signin"][0][0]

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Nothing to even out: every key costs the same."""

    def safe_summary(self, encoded: str) -> dict[Any, Any]:
        decoded = self.decode(encoded)
        return {"algorithm": decoded["algorithm"], "key": decoded["kid"]}

    def _encoded(self, kid: str, key: bytes, password: str, salt: str) -> str:
        value = self._mac(key, bytes.fromhex(salt), from_base64(password, 32))
        return f"{self.algorithm}${kid}${salt}${to_base64(value)}"

    def _mac(self, key: bytes, uid: bytes, value: bytes) -> bytes:
        raise NotImplementedError


class AuthHasher(_KeyedHasher):
    """For the value that the browser derives from the password."""

    algorithm = "m1_auth"

    def _mac(self, key: bytes, uid: bytes, value: bytes) -> bytes:
        return sealed.password_verifier(key, uid=uid, auth=value)


class CodeHasher(_KeyedHasher):
    """For the value that the browser derives from the recovery code."""

    algorithm = "m1_code"

    def _mac(self, key: bytes, uid: bytes, value: bytes) -> bytes:
        return sealed.code_verifier(key, uid=uid, code_auth=value)


def encode(hasher: BasePasswordHasher, uid: bytes, value: bytes) -> str:
    return hasher.encode(to_base64(value), uid.hex())


def verify(hasher: BasePasswordHasher, encoded: str, value: bytes) -> bool:
    return hasher.verify(to_base64(value), encoded)
