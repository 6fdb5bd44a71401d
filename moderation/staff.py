"""Members of staff: accounts of their own, without a chat. Commands make them; they set password
and factors themselves, by a link that is good once."""

import secrets
from collections.abc import Sequence

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.db import IntegrityError
from django.db.transaction import atomic

from accounts import names
from accounts.models import User
from chatsite.edge.refusals import Refusal
from e2ee.encoding import cat, h
from moderation import audit, factors, roles, signin
from moderation.models import StaffLink, Totp

LINK_MS = 24 * 3_600_000
TOKEN_LEN = 32
GONE = "This link has been used or has expired."


class Unusable(Exception):
    """Why there is no such account, or none can be made."""


def add(text: str, role: str, by: str, now_ms: int) -> str:
    """A new member of staff, or a member with another role; answers the link of a new one, and
    nothing otherwise. Raises Unusable."""
    try:
        name = names.username(text)
    except Refusal as refusal:
        raise Unusable(refusal.message) from refusal
    with atomic():
        user = User.objects.filter(username=name).first()
        if user is not None and not user.is_staff:
            raise Unusable(f"{name} is a person of the chats; staff have accounts of their own")
        link = ""
        if user is None:
            user = User(username=name, display_name=name, is_staff=True)
            user.set_unusable_password()
            try:
                with atomic():
                    user.save()
            except IntegrityError:
                raise Unusable(f"{name} looks like a name that somebody has") from None
            link = _new_link(user, now_ms)
        roles.give(user, role)
        audit.write(by, "staff_add", name, {"role": role, "new": bool(link)})
    return link


def reset(text: str, by: str, now_ms: int) -> str:
    """Password and factors are gone, and with the password every session that it opened; the link
    to set new ones. Nobody keeps the right to everything, which earlier versions gave. Raises
    Unusable."""
    with atomic():
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


def opened(token: str, now_ms: int) -> Totp | None:
    """The app that this link's holder is to set up; None where the link is used, over or none."""
    link = _link(token, now_ms)
    if link is None:
        return None
    waiting = Totp.objects.filter(user=link.user, confirmed=False).first()
    return waiting or factors.new_app(link.user)


def join(token: str, password: str, code: str, now_ms: int) -> Sequence[str] | None:
    """Set the password and the app, if it counts `code`; the ten codes of the list. None where it
    does not. Raises Unusable where the link is used or over, ValidationError of the password."""
    link = _link(token, now_ms)
    if link is None:
        raise Unusable(GONE)
    validate_password(password, link.user)
    hashed = make_password(password)  # slow, so it is done while nobody waits for a lock
    with atomic():
        user = User.objects.select_for_update().get(pk=link.user_id)
        if _link(token, now_ms) is None:  # of two at once the second waited here
            raise Unusable(GONE)
        app = Totp.objects.filter(user=user, confirmed=False).first()
        if app is None or not factors.is_counted_by(app, factors.typed(code)):
            return None
        User.objects.filter(pk=user.pk).update(password=hashed)
        Totp.objects.filter(pk=app.pk).update(confirmed=True)
        StaffLink.objects.filter(pk=link.pk).delete()
        audit.write(user.username, "staff_joined", user.username, {"factor": "app"})
        return factors.new_codes(user)


def _link(token: str, now_ms: int) -> StaffLink | None:
    alive = StaffLink.objects.select_related("user").filter(expires__gt=now_ms)
    return alive.filter(digest=_digest(token), user__is_active=True).first()


def _new_link(user: User, now_ms: int) -> str:
    """What stands behind # reaches no log."""
    token = secrets.token_hex(TOKEN_LEN)
    StaffLink.objects.update_or_create(
        user=user, defaults={"digest": _digest(token), "expires": now_ms + LINK_MS}
    )
    return f"{settings.ADMIN_URL}join/#{token}"


def _digest(token: str) -> bytes:
    return h(cat("m1:staff-link", token.encode()))
