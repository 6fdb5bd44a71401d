"""Values that the server seals for itself are bound to their rows."""

import pytest

from e2ee import sealed
from e2ee.errors import BadSignature
from tests.vectors.scene import A, B, seed

PEPPER = seed(0x9E)


def test_a_pepper_opens_in_its_own_row_only() -> None:
    kept = sealed.seal_pepper(seed(1), "k1", uid=A, pepper=PEPPER)
    assert sealed.open_pepper(seed(1), "k1", uid=A, sealed=kept) == PEPPER
    for key, kid, uid in ((seed(2), "k1", A), (seed(1), "k2", A), (seed(1), "k1", B)):
        with pytest.raises(BadSignature):
            sealed.open_pepper(key, kid, uid=uid, sealed=kept)


def test_a_secret_of_staff_opens_in_its_own_row_only() -> None:
    secret = PEPPER[: sealed.TOTP_LEN]
    kept = sealed.seal_totp(seed(1), "k1", uid=A, secret=secret)
    assert len(kept) == sealed.SEALED_TOTP_LEN
    assert sealed.open_totp(seed(1), "k1", uid=A, sealed=kept) == secret
    for key, kid, uid in ((seed(2), "k1", A), (seed(1), "k2", A), (seed(1), "k1", B)):
        with pytest.raises(BadSignature):
            sealed.open_totp(key, kid, uid=uid, sealed=kept)


def test_a_code_of_staff_is_theirs_alone() -> None:
    kept = {sealed.staff_code(seed(1), uid=uid, code=code) for uid in (A, B) for code in ("a", "b")}
    assert len(kept) == 4


@pytest.mark.parametrize("damaged", [b"", b"short", bytes(60)])
def test_what_was_not_sealed_does_not_open(damaged: bytes) -> None:
    with pytest.raises(BadSignature):
        sealed.open_pepper(seed(1), "k1", uid=A, sealed=damaged)


def test_sealing_twice_gives_two_boxes() -> None:
    assert sealed.box(seed(1), PEPPER, b"") != sealed.box(seed(1), PEPPER, b"")


def test_an_unknown_name_always_gets_the_same_salts() -> None:
    salts = [
        sealed.fake_salt(seed(1), name=name, which=which)
        for name in ("nobody", "nobodY")
        for which in (sealed.SALT_OF_PASSWORD, sealed.SALT_OF_CODE)
    ]
    assert len(set(salts)) == 4
    assert salts[0] == sealed.fake_salt(seed(1), name="nobody", which=sealed.SALT_OF_PASSWORD)
