"""Use cases of invite links: make, list, withdraw, show, accept.

A link is of one of two kinds. One that connects is for one person: its maker agreed when they made
it, and the first who accepts it is connected. The other shows any number of people who to ask, and
each of them has to be accepted. Showing a link uses nothing up. While its maker takes no requests
of anybody, a link does not work.

Plain functions run in a thread (chatsite/running/threads.py); what sessions hear of is async.
"""

import secrets

from django.db.models import F

from accounts import privacy, profile, suspending
from accounts.models import User
from accounts.profile import Person
from chatsite.edge.refusals import Refusal, Unknown
from chatsite.running import threads
from e2ee.encoding import h
from messaging import connections, fanout, protocol
from messaging.domain import ID_SIZE, Contact, ContactState, Uid
from messaging.http import INVITE_DAYS, INVITES_MAX
from messaging.models import Invite

TOKEN_SIZE = 32  # bytes
DAY_MS = 24 * 3600 * 1000


class TooMany(Refusal):
    """INVITES_MAX links are open; withdraw one first."""

    status, code = 403, "too_many"
    message = f"There are {INVITES_MAX} open links; withdraw one first."


class Used(Refusal):
    """Somebody accepted the link before it was withdrawn."""

    status, code, message = 409, "used", "Somebody accepted this link already."


class Alone(Refusal):
    """Who takes no requests of anybody would make a link that does not work."""

    status, code, message = 409, "alone", "You take no requests. Change that first."


class Own(Refusal):
    """The link is the person's own."""

    status, code, message = 409, "own_invite", "This link is your own."


async def make(user: User, connects: bool, now: int) -> tuple[Invite, str]:
    """A new link and its token, which is shown this once. Raises TooMany, Alone."""
    made = await threads.run(_make, user, connects, now)
    await _tell(user.uid)
    return made


def opened(user: User, now: int) -> list[Invite]:
    """My links that still work, newest first."""
    mine = Invite.objects.filter(user=user, used_by=None, expires__gt=now)
    return list(mine.order_by("-created", "-pk"))


def joined(user: User) -> list[Uid]:
    """People who came by a link of mine in the last INVITE_DAYS."""
    mine = Invite.objects.filter(user=user).exclude(used_by=None)
    return [uid for uid in mine.values_list("used_by", flat=True) if uid]


async def withdraw(user: User, ident: bytes) -> None:
    """From now on the link does not work.

    Raises Used where somebody was faster, Unknown for another's as for none.
    """
    await threads.run(_withdraw, user, ident)
    await _tell(user.uid)


def withdraw_all() -> None:
    """After an older copy of the data was put back: one of them may have been withdrawn since."""
    Invite.objects.all().delete()


def drop_all(user: User) -> int:
    """The account is deleted: how many links, open or used, are gone. Repeatable."""
    return Invite.objects.filter(user=user).delete()[0]


def is_from(maker: Uid, token: str, now: int) -> bool:
    """Whether this is an open link of theirs."""
    one = Invite.objects.filter(digest=h(token.encode()), used_by=None, expires__gt=now)
    return one.filter(user__uid=maker).exists()


def admits(digest: bytes, uid: Uid | None, now: int) -> bool:
    """Whether an open link with this hash of its token lets a stranger sign up.

    With `uid` a link that connects is taken for that person, in the caller's transaction: one link
    makes one account, which accepts it afterwards. One of a maker who takes no requests, or is
    suspended, lets nobody in.
    """
    found = Invite.objects.filter(digest=digest, used_by=None, expires__gt=now)
    found = found.filter(~suspending.suspended("user", now), user__is_active=True)
    invite = found.select_related("user").first()
    if invite is None or privacy.askers(invite.user.uid) == "nobody":
        return False
    return uid is None or not invite.connects or _take(digest, uid, now)


def show(me: Uid, token: str, now: int) -> tuple[Person, bool]:
    """Who the link is from, and whether it connects. It may be one that I accepted.

    Raises Unknown: never made, withdrawn, too old, accepted by another, or its maker is gone or
    takes no requests.
    """
    invite, person = _find(me, token, now)
    Invite.objects.filter(pk=invite.pk).update(uses=F("uses") + 1)
    return person, invite.connects


async def accept(me: Uid, token: str, now: int) -> Contact:
    """Connect me with the maker of the link. Of two people at once it is one. Repeatable.

    The link stays open where we are connected already. Raises Own, Moved where I block them, and
    Unknown as `show` does, also for a link that does not connect.
    """
    maker = await threads.run(_maker, me, token, now)
    if maker == me:
        raise Own
    contact = await connections.between(me, maker)
    if contact and contact.state is ContactState.BLOCKED:
        raise connections.Moved(contact)
    if contact and contact.state is ContactState.CONNECTED:
        return contact
    await threads.run(_claim, me, token, now)
    contact = await connections.join(me, maker, now)
    await _tell(maker)
    return contact


def _make(user: User, connects: bool, now: int) -> tuple[Invite, str]:
    if privacy.askers(user.uid) == "nobody":
        raise Alone
    if len(opened(user, now)) >= INVITES_MAX:
        raise TooMany
    token = secrets.token_urlsafe(TOKEN_SIZE)
    invite = Invite.objects.create(
        user=user,
        ident=secrets.token_bytes(ID_SIZE),
        digest=h(token.encode()),
        connects=connects,
        created=now,
        expires=now + INVITE_DAYS * DAY_MS,
    )
    return invite, token


def _withdraw(user: User, ident: bytes) -> None:
    mine = Invite.objects.filter(user=user, ident=ident)
    if mine.filter(used_by=None).delete()[0]:
        return
    raise Used if mine.exists() else Unknown


def _find(me: Uid, token: str, now: int) -> tuple[Invite, Person]:
    found = Invite.objects.filter(digest=h(token.encode()), expires__gt=now)
    invite = found.select_related("user").first()
    if invite is None or invite.used_by not in (None, me):
        raise Unknown
    person = profile.people([invite.user.uid]).get(invite.user.uid)
    if person is None or (not invite.used_by and privacy.askers(person.uid) == "nobody"):
        raise Unknown
    return invite, person


def _maker(me: Uid, token: str, now: int) -> Uid:
    invite, person = _find(me, token, now)
    if not invite.connects:
        raise Unknown
    return person.uid


def _claim(me: Uid, token: str, now: int) -> None:
    """Take the link, by compare-and-set: of two people at once one gets it, and a withdrawal
    comes before or after. It is known for INVITE_DAYS more, so that what follows can be repeated.

    Conditions on columns of the row alone: PostgreSQL would not check a joined one again.
    """
    digest = h(token.encode())
    if not _take(digest, me, now) and not Invite.objects.filter(digest=digest, used_by=me).exists():
        raise Unknown


def _take(digest: bytes, me: Uid, now: int) -> bool:
    free = Invite.objects.filter(digest=digest, used_by=None, expires__gt=now)
    return bool(free.update(used_by=me, expires=now + INVITE_DAYS * DAY_MS))


async def _tell(user: Uid) -> None:
    """Their pages list the open links again."""
    await fanout.deliver([user], protocol.Settings(version=0))
