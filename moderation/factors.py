"""The second factor of staff: an app that counts (TOTP, RFC 6238), one of ten codes on paper, or a
passkey (moderation/passkeys.py).

How often somebody may try is counted before it (moderation/signin.py), for all alike. A stolen
database shows none of it: what the app counts with is sealed, and of a code its MAC is kept.
"""

import base64
import hmac
import secrets
import time
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db.transaction import atomic
from django_otp.models import Device
from django_otp.oath import TOTP

from accounts.models import User
from e2ee import sealed
from moderation.models import Codes, Passkey, Totp

DIGITS = 6
STEPS = 1  # of thirty seconds that a phone's clock may be off
CODES = 10
CODE_LEN = 10  # characters of base32: 50 bits
MAC_LEN = 32


def new_app(user: User) -> Totp:
    """One that counts once its first code was right; others that wait for theirs are gone."""
    Totp.objects.filter(user=user, confirmed=False).delete()
    kid, key = settings.SECRETS["totp"][0]
    box = sealed.seal_totp(key, kid, uid=user.uid, secret=secrets.token_bytes(sealed.TOTP_LEN))
    return Totp.objects.create(user=user, name="app", confirmed=False, kid=kid, sealed=box)


def waiting(user: User) -> Totp | None:
    return Totp.objects.filter(user=user, confirmed=False).first()


def confirm(user: User, code: str) -> bool:
    """Whether the app that waits counts `code`: then it is the user's one from now on. Inside a
    transaction that holds the user's row."""
    app = waiting(user)
    if app is None or not is_counted_by(app, typed(code)):
        return False
    Totp.objects.filter(user=user, confirmed=True).delete()
    Totp.objects.filter(pk=app.pk).update(confirmed=True)
    return True


def secret_of(app: Totp) -> str:
    """As a person types it into the app."""
    return base64.b32encode(_opened(app)).decode()


def address_of(app: Totp) -> str:
    """As the app reads it from a picture."""
    label = quote(f"{settings.SITE_NAME}:{app.user.username}")
    said = {"secret": secret_of(app), "issuer": settings.SITE_NAME, "digits": DIGITS}
    return f"otpauth://totp/{label}?{urlencode(said, quote_via=quote)}"


def new_codes(user: User) -> list[str]:
    """Ten that replace all earlier ones. They are shown once."""
    Codes.objects.filter(user=user).delete()
    kid, key = settings.SECRETS["totp"][0]
    codes = [fresh_code() for _ in range(CODES)]
    left = b"".join(sealed.staff_code(key, uid=user.uid, code=code) for code in codes)
    Codes.objects.create(user=user, name="codes", kid=kid, left=left)
    return codes


def proved(user: User, code: str) -> Device | None:
    """The confirmed factor that this is a code of; it counts once. None: it is not one."""
    said = typed(code)
    with atomic():
        if len(said) == DIGITS and said.isdecimal():
            return _first(Totp.objects.filter(user=user, confirmed=True), said)
        return _first(Codes.objects.filter(user=user), said)


def typed(code: str) -> str:
    """As it is compared: without the spaces and dashes that apps and lists show."""
    return "".join(code.split()).replace("-", "").lower()


def is_counted_by(app: Totp, code: str) -> bool:
    """Whether the app counts `code` now, or did a moment ago. It does not count again."""
    counted = TOTP(_opened(app), digits=DIGITS)
    counted.time = time.time()
    if len(code) != DIGITS or not code.isdecimal():  # int() raises for thousands
        return False
    if not counted.verify(int(code), STEPS, app.last + 1):
        return False
    app.last = counted.t()
    app.save(update_fields=["last"])
    return True


def forget(user: User) -> int:
    """How many factors they had."""
    return sum(kind.objects.filter(user=user).delete()[0] for kind in (Totp, Codes, Passkey))


def left(user: User) -> int:
    """Of the codes on paper."""
    codes = Codes.objects.filter(user=user).first()
    return len(codes.left) // MAC_LEN if codes else 0


def grouped(secret: str) -> str:
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def as_listed(codes: list[str]) -> list[str]:
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _first(rows: Any, said: str) -> Device | None:
    """Of two at once with the same code the second waits here."""
    device = rows.select_for_update(no_key=True).first()
    if device is None:
        return None
    right = is_counted_by(device, said) if isinstance(device, Totp) else _used(device, said)
    return device if right else None


def _used(codes: Codes, said: str) -> bool:
    key = dict(settings.SECRETS["totp"]).get(codes.kid, b"")
    wanted, raw = sealed.staff_code(key, uid=codes.user.uid, code=said), bytes(codes.left)
    macs = [raw[at : at + MAC_LEN] for at in range(0, len(raw), MAC_LEN)]
    left = [each for each in macs if not hmac.compare_digest(each, wanted)]
    if len(left) == len(macs):
        return False
    codes.left = b"".join(left)
    codes.save(update_fields=["left"])
    return True


def _opened(app: Totp) -> bytes:
    key = dict(settings.SECRETS["totp"])[app.kid]
    return sealed.open_totp(key, app.kid, uid=app.user.uid, sealed=app.sealed)


def fresh_code() -> str:
    return base64.b32encode(secrets.token_bytes(7)).decode().lower()[:CODE_LEN]
