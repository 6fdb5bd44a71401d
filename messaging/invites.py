"""Use cases of invite links: make, list, revoke, use. They are plain functions (accounts/threads).

A link says whom it is from and no more; who opens it still has to ask, and to be accepted.
"""

import secrets

from django.db.models import F

from accounts import profile
from accounts.models import User
from accounts.profile import Person
from e2ee.encoding import h
from messaging.backends.base import Refusal, Unknown
from messaging.domain import ID_SIZE
from messaging.http import INVITE_DAYS, INVITES_MAX
from messaging.models import Invite

TOKEN_SIZE = 32  # bytes
DAY_MS = 24 * 3600 * 1000


class TooMany(Refusal):
    """INVITES_MAX links are open; revoke one first."""


def make(user: User, now: int) -> tuple[Invite, str]:
    """A new link and its token, which is shown this once. Raises TooMany."""
    if len(opened(user, now)) >= INVITES_MAX:
        raise TooMany
    token = secrets.token_urlsafe(TOKEN_SIZE)
    invite = Invite.objects.create(
        user=user,
        ident=secrets.token_bytes(ID_SIZE),
        digest=h(token.encode()),
        created=now,
        expires=now + INVITE_DAYS * DAY_MS,
    )
    return invite, token


def opened(user: User, now: int) -> list[Invite]:
    """My links that still work, newest first."""
    return list(Invite.objects.filter(user=user, expires__gt=now).order_by("-created", "-pk"))


def revoke(user: User, ident: bytes) -> None:
    """The link shows nobody from now on. Raises Unknown for another's as for none."""
    if not Invite.objects.filter(user=user, ident=ident).delete()[0]:
        raise Unknown


def use(token: str, now: int) -> Person:
    """Whom the link is from. Raises Unknown: never made, revoked, too old, or its owner gone."""
    found = Invite.objects.filter(digest=h(token.encode()), expires__gt=now)
    invite = found.select_related("user").first()
    people = profile.people([invite.user.uid]) if invite else {}
    if invite is None or not people:
        raise Unknown
    found.update(uses=F("uses") + 1)
    return people[invite.user.uid]
