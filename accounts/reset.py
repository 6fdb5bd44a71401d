"""Account reset, for those who lost every device and every factor (docs/encryption.md 4.5).

It needs the confirmed mailbox of the account, where this site sends mail, or a link from the
operator (`manage.py reset_account`). What it costs: old history stays closed for
this person, the safety number changes, and contacts must confirm before they send. Nothing of the
old account's keys is needed, and none of them survives.
"""

import logging
import secrets

from django.conf import settings
from django.db.transaction import atomic
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accounts import credentials, hooks, mail, names, rates, sessions, signup, suspending
from accounts.models import (
    Credentials,
    Device,
    DeviceListLink,
    Factor,
    Failure,
    Mailbox,
    Note,
    PrevBox,
    ResetToken,
    User,
    UserKeyWrap,
    Vault,
)
from accounts.protocol import ResetFinish, ResetOpened
from accounts.signals import account_reset
from chatsite.edge import limits
from chatsite.edge.refusals import Refusal, bad
from chatsite.edge.wire import B32, Id
from e2ee import records
from e2ee.encoding import cat, h

MAILED_MS = 3_600_000  # a mailbox is read by many eyes and machines
BY_OPERATOR_MS = 24 * 3_600_000  # it may have to travel by phone or letter
TOKEN_LEN = 32

logger = logging.getLogger(__name__)


def start(text: str, now_ms: int) -> None:
    """Mail a link, if the account has a confirmed address. All of it happens in the background,
    so that neither the answer nor its time tells whether there is one."""
    if settings.MAIL:
        mail.later(_mail_link, names.folded(text), now_ms)


def make_token(user: User, lives_ms: int, now_ms: int) -> bytes:
    """Permission to start this account over, once. Only its hash is kept."""
    token = secrets.token_bytes(TOKEN_LEN)
    kid, box, _pepper = credentials.new_pepper(user.uid)
    ResetToken.objects.create(
        user=user,
        digest=_digest(token),
        pepper_kid=kid,
        pepper=box,
        expires=now_ms + lives_ms,
    )
    return token


def address_of(token: bytes) -> str:
    """The page that takes it; what is behind # reaches no log."""
    return f"{settings.SITE_URL}/reset#{token.hex()}"


def opened(token: bytes, now_ms: int) -> ResetOpened:
    """Whose it is, and the pepper of the new start. Raises Refusal `token`. Repeatable."""
    held = _held(token, now_ms)
    pepper = credentials.open_pepper(held.pepper_kid, held.user.uid, held.pepper)
    return ResetOpened(
        uid=Id(held.user.uid),
        name=held.user.username,
        display_name=held.user.display_name,
        pepper=B32(pepper),
    )


def finish(body: ResetFinish, agent: str, now_ms: int) -> tuple[User, Device]:
    """Start the account over: another chain from k = 1 with `reset`, other keys, vault, factors.

    The old chain stays, connections stay, every session ends, and contacts are told. Raises
    Refusal `token`, `bad_sign_up`, and what `e2ee` refuses of the link. Not repeatable: somebody
    who lost the answer signs in with the new password.
    """
    display_name = names.display_name(body.account.display_name)
    link = records.verify_link(body.account.link)
    with atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=_held(body.token, now_ms).user_id)
        held = _held(body.token, now_ms)  # again: of two at once the second waited here
        records.check_restart(link, records.parse_link(_head_of(user)))
        signup.check_whole(body.account, link)
        if Device.objects.filter(user=user, device=link.devices[0].id).exists():
            bad("bad_link", "A device that is gone does not come back under its id.")
        _forget(user, now_ms)
        user.chain += 1
        user.display_name = display_name
        user.save(update_fields=["chain", "display_name"])
        pepper = (held.pepper_kid, held.pepper)
        device = signup.store_whole(user, body.account, link, pepper, agent)
        ResetToken.objects.filter(user=user).delete()
        sessions.end_all(user)
        hooks.after_commit(account_reset, uid=user.uid, k=link.k)
    logger.warning("account %s started over", user.uid.hex())
    return user, device


def _mail_link(name: str, now_ms: int) -> None:
    box = Mailbox.objects.select_related("user").filter(user__username=name).first()
    if box is None or not box.address or not box.user.is_active:
        return
    try:
        limits.take(rates.RESET_MAILS, box.user.uid, now_ms)
    except Refusal:
        return
    link = address_of(make_token(box.user, MAILED_MS, now_ms))
    words = {"link": link, "site": settings.SITE_NAME, "minutes": MAILED_MS // 60_000}
    subject = _("Reset link")
    mail.send(box.address, subject, render_to_string("accounts/mail/reset.txt", words))


def _held(token: bytes, now_ms: int) -> ResetToken:
    alive = ResetToken.objects.select_related("user").filter(expires__gt=now_ms)
    held = alive.filter(digest=_digest(token), user__is_active=True).first()
    if held is None:
        raise Refusal(403, "token", "This link has been used or has expired.")
    suspending.check(held.user, suspending.Kind.ALL, now_ms)
    return held


def _digest(token: bytes) -> bytes:
    return h(cat("m1:reset-token", token))


def _head_of(user: User) -> bytes:
    row = DeviceListLink.objects.get(user=user, chain=user.chain, k=user.head_k)
    return bytes(row.link)


def _forget(user: User, now_ms: int) -> None:
    """All that the old identity sealed, and the tries that somebody wasted on it. Its devices are
    gone, and can still be told so (standing.py)."""
    for model in (UserKeyWrap, PrevBox, Factor, Vault, Note, Credentials):
        model.objects.filter(user=user).delete()
    Device.objects.filter(user=user, gone_at=None).update(gone_at=now_ms)
    Failure.objects.filter(subject=user.uid).delete()
