"""Signing up: reserve a name, then everything of an account in one transaction."""

import secrets

from django.conf import settings
from django.db import IntegrityError
from django.db.models import Q
from django.db.transaction import atomic

from accounts import credentials, devices, hooks, names, reserved, vault, work, wraps
from accounts.models import NO_CODE, Credentials, Device, NameReservation, User
from accounts.protocol import SignUp, SignUpStarted
from accounts.skeletons import skeleton
from chatsite.edge.refusals import Refusal, bad
from chatsite.edge.wire import B32, Id
from e2ee import records
from e2ee.encoding import h

RESERVED_MS = 600_000


def reserve(text: str, session: bytes, now_ms: int, invite: str | None = None) -> SignUpStarted:
    """Keep the name for the session with this hash, ten minutes; asking again gives the same uid
    and pepper, another name lets the first one go. Raises Refusal `closed` or `uninvited` before
    it looks at the name, `bad_name`, or 409 `taken`, which is also what a name is that looks like
    another or is reserved: the answer says no more."""
    came_by = _admitted(invite, now_ms)
    name = names.username(text)
    if reserved.is_reserved(name):
        raise taken()
    try:
        with atomic():
            row = _reservation(name, session, now_ms, came_by)
    except IntegrityError:  # pragma: no cover -- in one instant: SQLite lets one write at a time
        raise taken() from None
    pepper = credentials.open_pepper(row.pepper_kid, row.uid, row.pepper)
    return SignUpStarted(
        uid=Id(row.uid), name=name, pepper=B32(pepper), work=work.offered(row, now_ms)
    )


def finish(body: SignUp, session: bytes, agent: str, now_ms: int) -> tuple[User, Device]:
    """Make the account that `session` reserved a name for.

    Raises Refusal of `work.check` before all else, `reservation` (too late: start again), `taken`,
    `uninvited` (somebody was faster with the invite), `bad_sign_up`, and what `e2ee` refuses of the
    link. Not repeatable: somebody who lost the answer signs in.
    """
    worked_for = work.check(body.work, now_ms)
    display_name = names.display_name(body.display_name)
    with atomic():
        held = NameReservation.objects.filter(session=session, expires__gt=now_ms).first()
        if held is None:
            raise Refusal(403, "reservation", "That took too long. Choose your name again.")
        if worked_for not in (None, held.uid):
            raise work.foreign()
        link = records.verify_link(body.link)
        records.check_first(link, held.uid)
        check_whole(body, link)
        if held.invite != NO_CODE and not hooks.admits(held.invite, held.uid, now_ms):
            raise uninvited()
        try:
            with atomic():
                user = User(uid=held.uid, username=held.username, display_name=display_name)
                user.approved = settings.REGISTRATION != "approval"
                user.set_unusable_password()
                user.save()
        except IntegrityError:
            raise taken() from None
        device = store_whole(user, body, link, (held.pepper_kid, held.pepper), agent)
        held.delete()
    return user, device


def taken() -> Refusal:
    return Refusal(409, "taken", "That name, or one that looks like it, is taken.")


def uninvited() -> Refusal:
    return Refusal(403, "uninvited", "This site takes people with an invite alone.")


def _admitted(invite: str | None, now_ms: int) -> bytes:
    """Hash of the invite that lets this visitor in; NO_CODE where nobody needs one."""
    if settings.REGISTRATION == "closed":
        raise Refusal(403, "closed", "This site takes no new people.")
    if settings.REGISTRATION != "invite":
        return NO_CODE
    digest = h((invite or "").encode())
    if not hooks.admits(digest, None, now_ms):
        raise uninvited()
    return digest


def _reservation(name: str, session: bytes, now_ms: int, came_by: bytes) -> NameReservation:
    NameReservation.objects.filter(expires__lte=now_ms).delete()
    looks = skeleton(name)
    held = NameReservation.objects.filter(Q(skeleton=looks) | Q(session=session))
    mine = next((row for row in held if row.session == session and row.username == name), None)
    if mine:
        mine.invite = came_by
        mine.save(update_fields=["invite"])
        return mine
    users = User.objects.filter(Q(username=name) | Q(skeleton=looks))
    if users.exists() or held.filter(skeleton=looks).exclude(session=session).exists():
        raise taken()
    held.filter(session=session).delete()
    uid = secrets.token_bytes(16)
    kid, box, _ = credentials.new_pepper(uid)
    return NameReservation.objects.create(
        username=name,
        skeleton=looks,
        session=session,
        uid=uid,
        pepper_kid=kid,
        pepper=box,
        invite=came_by,
        expires=now_ms + RESERVED_MS,
    )


def check_whole(body: SignUp, link: records.Link) -> None:
    """Everything that an account begins with, a reset one, too. Raises Refusal."""
    if len(link.devices) != 1:
        bad("bad_sign_up", "A new account has one device.")
    wraps.check(link, None, body.wraps, None)
    vault.check_factors(body.factors)
    if body.vault.version != 1 or not vault.has_password(body.factors):
        bad("bad_sign_up", "A new account has a vault with a code and a password.")


def store_whole(
    user: User, body: SignUp, link: records.Link, pepper: tuple[str, bytes], agent: str
) -> Device:
    """Called inside the transaction that checked it; `pepper` is its kid and the sealed bytes."""
    kid, box = pepper
    row = Credentials(user=user, pepper_kid=kid, pepper=box)
    credentials.set_password(row, user.uid, body.password)
    credentials.set_code(row, user.uid, body.code)
    row.save(force_insert=True)
    device, *_ = devices.append(user, link, agent)
    wraps.store(user, link, body.wraps)
    vault.create(user, body.vault, body.factors)
    return device
