"""Invite links: whom they show, to whom, and for how long."""

import secrets

import pytest

from accounts.models import User
from messaging import invites
from messaging.backends.base import Unknown
from messaging.http import INVITE_DAYS, INVITES_MAX
from messaging.models import Invite
from tests.cast import Person, enrol

NOW = 1_790_000_000_000


@pytest.fixture
def alice() -> Person:
    return enrol(f"alice-{secrets.token_hex(4)}")


@pytest.fixture
def alice_row(alice: Person) -> User:
    return User.objects.get(uid=alice.uid)


@pytest.fixture
def mallory_row() -> User:
    return User.objects.get(uid=enrol(f"mallory-{secrets.token_hex(4)}").uid)


def test_a_link_shows_whom_it_is_from_and_nothing_else(alice, alice_row):
    _, token = invites.make(alice_row, NOW)
    assert invites.use(token, NOW)._asdict() == {
        "uid": alice.uid,
        "username": alice.name,
        "display_name": alice.name.capitalize(),
    }


def test_it_works_for_a_week_and_any_number_of_people(alice_row):
    invite, token = invites.make(alice_row, NOW)
    for _ in range(3):
        invites.use(token, NOW + INVITE_DAYS * invites.DAY_MS - 1)
    assert [row.uses for row in invites.opened(alice_row, NOW)] == [3]
    with pytest.raises(Unknown):
        invites.use(token, invite.expires)


def test_the_token_is_not_kept(alice_row):
    invite, token = invites.make(alice_row, NOW)
    row = Invite.objects.filter(pk=invite.pk).values().get()
    assert token not in str(row)
    assert token.encode() not in row["digest"]


def test_a_guess_shows_nobody(alice_row):
    _, token = invites.make(alice_row, NOW)
    for guess in ("", token[:-1], token.swapcase(), token + "="):
        with pytest.raises(Unknown):
            invites.use(guess, NOW)


def test_revoked_it_shows_nobody(alice_row):
    invite, token = invites.make(alice_row, NOW)
    invites.revoke(alice_row, invite.ident)
    with pytest.raises(Unknown):
        invites.use(token, NOW)
    with pytest.raises(Unknown):
        invites.revoke(alice_row, invite.ident)


def test_nobody_else_lists_or_revokes_it(alice_row, mallory_row):
    invite, token = invites.make(alice_row, NOW)
    assert invites.opened(mallory_row, NOW) == []
    with pytest.raises(Unknown):
        invites.revoke(mallory_row, invite.ident)
    assert invites.use(token, NOW).uid == alice_row.uid


def test_only_so_many_are_open_at_a_time(alice_row):
    made = [invites.make(alice_row, NOW)[0] for _ in range(INVITES_MAX)]
    with pytest.raises(invites.TooMany):
        invites.make(alice_row, NOW)
    invites.revoke(alice_row, made[0].ident)
    invites.make(alice_row, NOW)


def test_a_suspended_owner_is_not_shown(alice_row):
    _, token = invites.make(alice_row, NOW)
    assert invites.use(token, NOW)
    User.objects.filter(pk=alice_row.pk).update(is_active=False)
    with pytest.raises(Unknown):
        invites.use(token, NOW)
