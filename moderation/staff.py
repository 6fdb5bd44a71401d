"""Members of staff: accounts of their own, without a chat. Commands make them; they set password
and factors themselves, by a link that is good once, and a code that is told beside it."""

import hmac
import secrets
from collections.abc import Sequence
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.db import IntegrityError
from django.db.models import F
from django.db.transaction import atomic

from accounts import names
from accounts.models import User
from chatsite.edge.refusals import Refusal
from e2ee.encoding import cat, h
from moderation import audit, factors, passkeys, roles, signin
from moderation.listing import moment
from moderation.models import Passkey, StaffLink, Totp

LINK_MS = 2 * 3_600_000
TOKEN_LEN = 32
WRONG_CODES = 5  # then the link is dead
GONE = "There is no such link, or it has expired. Ask for another."
WRONG = "This is not the code that was told beside the link."
DEAD = f"After {WRONG_CODES} wrong codes the link is dead. Ask for another."
WRONG_APP = "The app shows another code. Is the clock of your phone right?"
TELL = "If that was not you, go no further: tell those who run the site."


class Unusable(Exception):
    """Why there is no such account, or none can be made; the text is for people."""


class WayIn(NamedTuple):
    """What a command prints: somebody who has one of the two has nothing."""

    link: str
    code: str


class Shown(NamedTuple):
    """By somebody who has a link. `address`: where they come from. `browser` as of passkeys."""

    token: str
    code: str
    address: str
    browser: bytes


class Factor(NamedTuple):
    """One of the two; where both are there, the passkey. `name`: what it is called."""

    code: str
    passkey: str
    name: str


class Opened(NamedTuple):
    """`before`: a sentence about somebody who opened the link earlier."""

    app: Totp
    before: str


def add(text: str, role: str, by: str, now_ms: int) -> WayIn | None:
    """A new member of staff, or a member with another role; answers the way in of a new one, and
    None otherwise. Raises Unusable."""
    try:
        name = names.username(text)
    except Refusal as refusal:
        raise Unusable(refusal.message) from refusal
    with audit.turn():
        user = User.objects.filter(username=name).first()
        if user is not None and not user.is_staff:
            raise Unusable(f"{name} is a person of the chats; staff have accounts of their own")
        way_in = None
        if user is None:
            user = User(username=name, display_name=name, is_staff=True)
            user.set_unusable_password()
            try:
                with atomic():
                    user.save()
            except IntegrityError:
                raise Unusable(f"{name} looks like a name that somebody has") from None
            way_in = _new_link(user, now_ms)
        roles.give(user, role)
        audit.write(by, "staff_add", name, {"role": role, "new": way_in is not None})
    return way_in


def reset(text: str, by: str, now_ms: int) -> WayIn:
    """Password and factors are gone, and with the password every session that it opened; the way to
    set new ones. Nobody keeps the right to everything, which earlier versions gave. Raises
    Unusable."""
    with audit.turn():
        user = User.objects.filter(username=names.folded(text), is_staff=True).first()
        if user is None:
            raise Unusable("there is no such member of staff")
        user.set_unusable_password()
        user.is_superuser = False
        user.save(update_fields=["password", "is_superuser"])
        had = factors.forget(user)
        signin.forget(user)
        audit.write(by, "staff_reset_factor", user.username, {"factors": had})
        return _new_link(user, now_ms)


def withdraw_links() -> None:
    """After an older copy of the data was put back: who used one of them is not known."""
    StaffLink.objects.all().delete()


def opened(shown: Shown, now_ms: int) -> Opened:
    """The app that this link's holder may set up: another one each time, so nobody who looked
    earlier knows what it counts with. Raises Unusable."""
    link = _link(shown, now_ms)
    with audit.turn():
        before = f"This link was opened before: {_whence(link)}. {TELL}" if link.opened else ""
        StaffLink.objects.filter(pk=link.pk).update(opened=now_ms, opened_from=shown.address)
        name = link.user.username
        audit.write(name, "staff_link_opened", name, {"from": shown.address})
        return Opened(factors.new_app(link.user), before)


def waiting(shown: Shown, now_ms: int) -> Totp:
    """The app that was set up when the link was opened last. Raises Unusable."""
    app = factors.waiting(_link(shown, now_ms).user)
    if app is None:
        raise Unusable(GONE)
    return app


def join(shown: Shown, password: str, factor: Factor, now_ms: int) -> Sequence[str] | None:
    """Set the password and the factor; the ten codes of the list. None where the app counts another
    code. Raises Unusable of the link, ValidationError of the password, BadPasskey."""
    link = _link(shown, now_ms)
    validate_password(password, link.user)
    made: Passkey | None = None
    if factor.passkey:
        made = passkeys.made(link.user, factor.passkey, shown.browser, now_ms)
    hashed = make_password(password)  # slow, so it is done while nobody waits for a lock
    with audit.turn():
        user = User.objects.select_for_update(no_key=True).get(pk=link.user_id)
        unused = StaffLink.objects.filter(pk=link.pk, digest=link.digest, used=False)
        if not unused.exists():  # of two at once the second waited here
            raise Unusable(GONE)
        if made is not None:
            passkeys.keep(made, factor.name)
        elif not factors.confirm(user, factor.code):
            return None
        User.objects.filter(pk=user.pk).update(password=hashed)
        unused.update(used=True, opened=now_ms, opened_from=shown.address)
        details = {"factor": "passkey" if made else "app", "from": shown.address}
        audit.write(user.username, "staff_joined", user.username, details)
        return factors.new_codes(user)


def maker(shown: Shown, now_ms: int) -> User:
    """Who may make a passkey by this link. Raises Unusable."""
    return _link(shown, now_ms).user


def _link(shown: Shown, now_ms: int) -> StaffLink:
    """Raises Unusable; each wrong code counts before it is looked at."""
    found = StaffLink.objects.select_related("user").filter(digest=_digest(shown.token))
    link = found.filter(user__is_active=True).first()
    if link is None:
        raise Unusable(GONE)
    if link.used:
        raise Unusable(f"This link has been used: {_whence(link)}. {TELL}")
    if link.expires <= now_ms:
        raise Unusable(GONE)
    if not found.filter(tries__lt=WRONG_CODES).update(tries=F("tries") + 1):
        raise Unusable(DEAD)
    if not hmac.compare_digest(link.code, _code_digest(shown.token, factors.typed(shown.code))):
        name = link.user.username
        audit.write(name, "staff_link_refused", name, {"from": shown.address})
        raise Unusable(WRONG)
    found.update(tries=F("tries") - 1)
    return link


def _whence(link: StaffLink) -> str:
    return f"{moment(link.opened)} UTC, from {link.opened_from or 'this machine'}"


def _new_link(user: User, now_ms: int) -> WayIn:
    """What stands behind # reaches no log."""
    token, code = secrets.token_hex(TOKEN_LEN), factors.fresh_code()
    StaffLink.objects.filter(user=user).delete()
    StaffLink.objects.create(
        user=user, digest=_digest(token), code=_code_digest(token, code), expires=now_ms + LINK_MS
    )
    [listed] = factors.as_listed([code])
    return WayIn(f"{settings.ADMIN_URL}join/#{token}", listed)


def _digest(token: str) -> bytes:
    return h(cat("m1:staff-link", token.encode()))


def _code_digest(token: str, code: str) -> bytes:
    return h(cat("m1:staff-link-code", token.encode(), code.encode()))
