"""The chain rules as the server applies them to a link that comes in."""

import pytest

from e2ee.errors import BadLink
from e2ee.records import Link, check_first, check_next, check_restart, parse_link
from testkit.client.m1 import devicelist
from testkit.client.m1.keys import SigningKey
from tests.vectors.scene import AIK_B, ENTRY_A, LINK_A1, LINK_A2, RECOVERY_A, UK_A, A, B, T


def first_of_another_key(*, reset: bool) -> Link:
    return parse_link(
        devicelist.first_link(
            uid=A, aik=AIK_B, devices=[ENTRY_A], user_key=UK_A.public,
            recovery_key=RECOVERY_A.public, ms=T, reset=reset,
        )
    )  # fmt: skip


def test_an_account_starts_with_its_own_first_link() -> None:
    check_first(LINK_A1, A)
    with pytest.raises(BadLink):
        check_first(LINK_A1, B)
    with pytest.raises(BadLink):
        check_first(first_of_another_key(reset=True), A)


def test_a_list_grows_by_one_link() -> None:
    check_next(LINK_A2, LINK_A1)
    with pytest.raises(BadLink):
        check_next(LINK_A2, LINK_A2)


def test_only_a_reset_starts_again() -> None:
    check_restart(first_of_another_key(reset=True), LINK_A2)
    with pytest.raises(BadLink):
        check_restart(first_of_another_key(reset=False), LINK_A2)


def test_a_thief_of_a_device_cannot_extend_the_list() -> None:
    """Without AIK: a link under another key is refused however well it is signed."""
    stolen = devicelist.next_link(LINK_A1, aik=SigningKey(), devices=[ENTRY_A], ms=T)
    with pytest.raises(BadLink):
        check_next(parse_link(stolen), LINK_A1)


def test_a_listed_device_is_found_by_its_id() -> None:
    assert LINK_A2.device(ENTRY_A.id) == ENTRY_A
    assert LINK_A2.device(b"\xd9" * 16) is None
