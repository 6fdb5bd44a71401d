"""What members of staff do with their own second factors: add, name, remove. The last one stays,
and each change is written down."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django_otp.models import Device

from accounts.models import User
from moderation import audit, factors, passkeys
from moderation.models import Passkey, Totp

LAST = "This is your only factor: add another one first. The codes on paper are none, they run out."
GONE = "It is not there any more."


class Unfit(Exception):
    """The text says what is wrong with what was asked."""


def held(user: User) -> list[Device]:
    """Those that count, the app first."""
    app = list(Totp.objects.filter(user=user, confirmed=True))
    return [*app, *Passkey.objects.filter(user=user, confirmed=True).order_by("made", "pk")]


def add_passkey(user: User, said: str, name: str, browser: bytes, now_ms: int) -> None:
    """Raises BadPasskey."""
    made = passkeys.made(user, said, browser, now_ms)
    with _held_still(user):
        passkeys.keep(made, name)
        audit.write(user.username, "passkey_added", user.username, {"passkey": made.name})


def rename(user: User, number: int, name: str) -> None:
    """Raises Unfit."""
    chosen = passkeys.named(name)
    if not chosen:
        raise Unfit(f"A name has 1 to {passkeys.NAME_MAX} characters.")
    with _held_still(user):
        passkey = _passkey(user, number)
        details = {"passkey": passkey.name, "now": chosen}
        Passkey.objects.filter(pk=passkey.pk).update(name=chosen)
        audit.write(user.username, "passkey_renamed", user.username, details)


def remove_passkey(user: User, number: int) -> None:
    """Sessions that it opened show no second factor from now on. Raises Unfit."""
    with _held_still(user):
        passkey = _passkey(user, number)
        _not_the_last(user)
        passkey.delete()
        audit.write(user.username, "passkey_removed", user.username, {"passkey": passkey.name})


def remove_app(user: User) -> None:
    """As of a passkey. Raises Unfit."""
    with _held_still(user):
        _not_the_last(user)
        if not Totp.objects.filter(user=user, confirmed=True).delete()[0]:
            raise Unfit(GONE)
        audit.write(user.username, "app_removed", user.username, {})


def set_app(user: User, code: str) -> bool:
    """Whether the app that waits counts `code`: it takes the place of the one before."""
    with _held_still(user):
        if not factors.confirm(user, code):
            return False
        audit.write(user.username, "app_set", user.username, {})
        return True


def new_codes(user: User) -> Sequence[str]:
    with _held_still(user):
        audit.write(user.username, "codes_made", user.username, {})
        return factors.new_codes(user)


def _not_the_last(user: User) -> None:
    if len(held(user)) < 2:
        raise Unfit(LAST)


def _passkey(user: User, number: int) -> Passkey:
    found = Passkey.objects.filter(user=user, pk=number).first()
    if found is None:
        raise Unfit(GONE)
    return found


@contextmanager
def _held_still(user: User) -> Iterator[None]:
    """Of two changes at once the second waits, and finds what the first left."""
    with audit.turn():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        yield
