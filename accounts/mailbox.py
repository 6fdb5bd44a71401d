"""A person's own e-mail address: optional, confirmed by a code, and used for the reset alone."""

import secrets

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accounts import mail, rates
from accounts.models import NO_CODE, Mailbox, User
from accounts.protocol import EMAIL_CODE_LENGTH, EMAIL_MAX, EmailAnswer
from chatsite.edge import limits
from chatsite.edge.refusals import bad
from e2ee.encoding import cat, h

CODE_MS = 1_800_000
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # as in the recovery code: no two look alike
READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": "", " ": ""})


def read(user: User) -> EmailAnswer:
    box = Mailbox.objects.filter(user=user).first()
    if not settings.MAIL or box is None:
        return EmailAnswer(mails=settings.MAIL)
    return EmailAnswer(mails=True, address=box.address, wanted=box.wanted)


def want(user: User, address: str, now_ms: int) -> EmailAnswer:
    """Mail a code there; the address before it stays good until the code comes back. Raises
    Refusal `no_mail`, `bad_email`, 429."""
    if not settings.MAIL:
        bad("no_mail", "This site sends no mail.")
    address = _checked(address)
    limits.take(rates.EMAIL, user.uid, now_ms)
    limits.take(rates.EMAIL_TO, address.lower(), now_ms)
    code = "".join(secrets.choice(ALPHABET) for _ in range(EMAIL_CODE_LENGTH))
    values = {"wanted": address, "code": _digest(address, code), "expires": now_ms + CODE_MS}
    Mailbox.objects.update_or_create(user=user, defaults=values)
    mail.later(_mail_code, address, code)
    return read(user)


def confirm(user: User, code: str, now_ms: int) -> EmailAnswer:
    """The address is good for a reset from now on. Raises Refusal `wrong_code`, 429."""
    limits.take(rates.EMAIL, user.uid, now_ms)
    box = Mailbox.objects.filter(user=user, expires__gt=now_ms).first()
    typed = code.upper().translate(READ_AS)
    if box is None or not _same(box.code, _digest(box.wanted, typed)):
        bad("wrong_code", "That is not the code, or its time is over.")
    Mailbox.objects.filter(user=user, code=box.code).update(
        address=box.wanted, wanted="", code=NO_CODE, expires=0
    )
    return read(user)


def remove(user: User) -> EmailAnswer:
    Mailbox.objects.filter(user=user).delete()
    return read(user)


def _mail_code(address: str, code: str) -> None:
    half = EMAIL_CODE_LENGTH // 2
    words = {
        "code": f"{code[:half]}-{code[half:]}",
        "site": settings.SITE_NAME,
        "minutes": CODE_MS // 60_000,
    }
    mail.send(address, _("Your code"), render_to_string("accounts/mail/confirm.txt", words))


def _checked(address: str) -> str:
    address = address.strip()
    try:
        validate_email(address)
    except ValidationError:
        address = ""
    if not 0 < len(address) <= EMAIL_MAX:
        bad("bad_email", "That is no e-mail address.")
    return address


def _digest(address: str, code: str) -> bytes:
    return h(cat("m1:email", address.encode(), code.encode()))


def _same(kept: bytes, given: bytes) -> bool:
    return secrets.compare_digest(kept, given)
