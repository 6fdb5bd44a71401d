"""Against the values of docs/encryption.md 4.19."""

import pytest

from accounts import hashers
from e2ee.encoding import to_base64

UID = b"\xaa" * 16
AUTH = bytes.fromhex("b4f0bcef59de8ee8428f54a65134ce9dfb603f65a0a1d0b9278d745d77e23f31")
CODE_AUTH = bytes.fromhex("565fee056b7e4d9091d13fca29495a9f634383a0ceb71732cf370e38e111d37c")
VERIFIER = bytes.fromhex("8cbb57f32307dba7fa78a2772840c9fdade5e87b5f5595267f1892b4634a9be3")
CODE_VERIFIER = bytes.fromhex("cd3632a4b03957bc4e9e9f8ed701b27cf3a89acefa6fabadbdd1d9afe6a605d1")


@pytest.fixture(autouse=True)
def _key(settings):
    settings.SECRETS = settings.SECRETS | {"signin": [("k1", b"\x5a" * 32)]}


@pytest.mark.parametrize(
    ("hasher", "value", "verifier"),
    [(hashers.AuthHasher(), AUTH, VERIFIER), (hashers.CodeHasher(), CODE_AUTH, CODE_VERIFIER)],
)
def test_what_is_kept_is_the_verifier_of_the_protocol(hasher, value, verifier):
    encoded = hashers.encode(hasher, UID, value)
    assert encoded == f"{hasher.algorithm}$k1${UID.hex()}${to_base64(verifier)}"
    assert hashers.verify(hasher, encoded, value)
    assert not hashers.verify(hasher, encoded, value[:-1] + b"\0")
    assert not hasher.must_update(encoded)


def test_a_verifier_is_bound_to_its_account_and_factor():
    hasher = hashers.AuthHasher()
    encoded = hashers.encode(hasher, UID, AUTH)
    moved = encoded.replace(UID.hex(), (b"\xbb" * 16).hex())
    assert not hashers.verify(hasher, moved, AUTH)
    assert not hashers.verify(hashers.CodeHasher(), encoded, AUTH)


def test_a_verifier_of_a_lost_key_opens_nothing(settings):
    hasher = hashers.AuthHasher()
    encoded = hashers.encode(hasher, UID, AUTH)
    settings.SECRETS = settings.SECRETS | {"signin": [("k2", b"\x5a" * 32)]}
    assert not hashers.verify(hasher, encoded, AUTH)
    assert hasher.must_update(encoded)


def test_its_summary_shows_no_value():
    hasher = hashers.AuthHasher()
    encoded = hashers.encode(hasher, UID, AUTH)
    assert hasher.safe_summary(encoded) == {"algorithm": "m1_auth", "key": "k1"}
    hasher.harden_runtime("", encoded)
