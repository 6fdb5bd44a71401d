"""Passkeys of staff: public keys of authenticators (https://www.w3.org/TR/webauthn-3/), as a second
factor beside the password. The library checks what was signed; whose passkey it is, and that a
challenge is one of ours, fresh and answered once, stands here (docs/adr/0063-passkeys-of-staff.md).

    challenge = ms ‖ 16 random ‖ MAC(key nonce, cat(purpose, ms ‖ random, subject, browser))[:16]

`browser`: the secret in its CSRF cookie; `subject`: who makes a passkey, empty at a sign-in, where
nobody is known yet. So nothing is kept for strangers who ask.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import webauthn
from django.conf import settings
from django.db import IntegrityError
from django.db.transaction import atomic
from django.http import HttpRequest
from webauthn.helpers import (
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts import proof
from accounts.models import User
from e2ee.encoding import cat, h, mac, u64
from moderation import audit
from moderation.models import Passkey

CHALLENGE_MS = 5 * 60_000
RANDOM_LEN, MAC_LEN = 16, 16
ANSWER_MAX = 8_192  # characters of JSON; with the largest keys they have three thousand
PASSKEYS_MAX = 10
NAME_MAX = 64  # characters, as Device.name
SIGN_IN, NEW = "m1:passkey-sign-in", "m1:passkey-new"
UNREADABLE = "The browser sent no passkey that can be read. Try again."
TOO_LATE = "That took too long, or was sent twice. Try again."


class BadPasskey(Exception):
    """Not to be believed; the text is for the person who sent it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an authenticator answered to a challenge of ours; nobody has checked its signature."""

    credential: Any
    challenge: bytes


def offered() -> bool:
    """Browsers make passkeys for names alone, not for addresses such as 127.0.0.1."""
    try:
        ip_address(_host().strip("[]"))
    except ValueError:
        return True
    return False


def browser(request: HttpRequest) -> bytes:
    secret: str = request.META.get("CSRF_COOKIE", "")
    return secret.encode()


def creation(user: User, browser: bytes, now_ms: int) -> str:
    """JSON that `navigator.credentials.create` is asked with."""
    there = Passkey.objects.filter(user=user).values_list("credential", flat=True)
    options = webauthn.generate_registration_options(
        rp_id=_host(),
        rp_name=f"{settings.SITE_NAME} admin",
        user_id=user.uid,
        user_name=user.username,
        challenge=_challenge(NEW, user.uid, browser, now_ms),
        timeout=CHALLENGE_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=bytes(each)) for each in there],
    )
    return webauthn.options_to_json(options)


def question(browser: bytes, now_ms: int) -> str:
    """JSON that `navigator.credentials.get` is asked with. It names no passkey, so nobody learns
    by it who is of staff, and what they have."""
    options = webauthn.generate_authentication_options(
        rp_id=_host(),
        challenge=_challenge(SIGN_IN, b"", browser, now_ms),
        timeout=CHALLENGE_MS,
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return webauthn.options_to_json(options)


def made(user: User, said: str, browser: bytes, now_ms: int) -> Passkey:
    """What `create` answered, checked and not kept yet. Raises BadPasskey."""
    answer = _answer(parse_registration_credential_json, said, NEW, user.uid, browser, now_ms)
    try:
        checked = webauthn.verify_registration_response(
            credential=answer.credential,
            expected_challenge=answer.challenge,
            expected_rp_id=_host(),
            expected_origin=_origin(),
        )
    except Exception as error:  # the library's parts have errors of their own
        raise BadPasskey(UNREADABLE) from error
    return Passkey(
        user=user, credential=checked.credential_id, digest=h(checked.credential_id),
        key=checked.credential_public_key, count=checked.sign_count, made=now_ms,
    )  # fmt: skip


def keep(passkey: Passkey, name: str) -> None:
    """Raises BadPasskey where there are too many, or it is there already. Inside a transaction that
    holds the user's row."""
    if Passkey.objects.filter(user=passkey.user).count() >= PASSKEYS_MAX:
        raise BadPasskey(f"There are {PASSKEYS_MAX} passkeys, and no more may be: remove one.")
    passkey.name = named(name) or "passkey"
    try:
        with atomic():
            passkey.save(force_insert=True)
    except IntegrityError as error:
        raise BadPasskey("This passkey is registered already.") from error


def named(text: str) -> str:
    """As it is kept: one line that PostgreSQL takes."""
    return " ".join("".join(each for each in text if each.isprintable()).split())[:NAME_MAX]


def answered(said: str, browser: bytes, now_ms: int) -> Answer:
    """What `get` answered: its challenge is ours, and is used up by this. Raises BadPasskey."""
    return _answer(parse_authentication_credential_json, said, SIGN_IN, b"", browser, now_ms)


def proved(user: User, answer: Answer, now_ms: int) -> Passkey | None:
    """The user's passkey that gave this answer; None where none of theirs did. One that has counted
    backwards is a copy, or there is one: it does not count, and the audit log says so."""
    credential = answer.credential
    if credential.response.user_handle != user.uid:
        return None
    with audit.turn():
        found = Passkey.objects.select_for_update(no_key=True).filter(user=user, confirmed=True)
        passkey = found.filter(digest=h(credential.raw_id)).first()
        if passkey is None:
            return None
        count = _count(passkey, answer)
        if count is None:
            return None
        if (count or passkey.count) and count <= passkey.count:
            details = {"passkey": passkey.name, "was": passkey.count, "said": count}
            audit.write(user.username, "passkey_counts_back", user.username, details)
            return None
        passkey.count, passkey.used = count, now_ms
        passkey.save(update_fields=["count", "used"])
        return passkey


def _count(passkey: Passkey, answer: Answer) -> int | None:
    """How many signatures it says it made; None where this is none of its own."""
    try:
        return webauthn.verify_authentication_response(
            credential=answer.credential,
            expected_challenge=answer.challenge,
            expected_rp_id=_host(),
            expected_origin=_origin(),
            credential_public_key=bytes(passkey.key),
            credential_current_sign_count=0,  # compared above, once the signature is known
        ).new_sign_count
    except Exception:  # noqa: BLE001 -- the library's parts have errors of their own
        return None


def _answer(
    parse: Callable[[str], Any], said: str, purpose: str, subject: bytes, browser: bytes,
    now_ms: int,
) -> Answer:  # fmt: skip
    if len(said) > ANSWER_MAX:
        raise BadPasskey(UNREADABLE)
    try:
        credential = parse(said)
        challenge = parse_client_data_json(credential.response.client_data_json).challenge
    except Exception as error:  # the library's parts have errors of their own
        raise BadPasskey(UNREADABLE) from error
    if not _is_ours(challenge, purpose, subject, browser, now_ms):
        raise BadPasskey(TOO_LATE)
    if not proof.use_up("passkey", challenge, CHALLENGE_MS):
        raise BadPasskey(TOO_LATE)
    return Answer(credential, challenge)


def _challenge(purpose: str, subject: bytes, browser: bytes, now_ms: int) -> bytes:
    _, key = settings.SECRETS["nonce"][0]
    said = u64(now_ms) + secrets.token_bytes(RANDOM_LEN)
    return said + _mac(key, said, purpose, subject, browser)


def _is_ours(
    challenge: bytes, purpose: str, subject: bytes, browser: bytes, now_ms: int
) -> bool:  # fmt: skip
    said, tag = challenge[:-MAC_LEN], challenge[-MAC_LEN:]
    if len(said) != 8 + RANDOM_LEN:
        return False
    keys = [key for _, key in settings.SECRETS["nonce"]]
    wanted = [_mac(key, said, purpose, subject, browser) for key in keys]
    if not any(hmac.compare_digest(tag, each) for each in wanted):
        return False
    return 0 <= now_ms - int.from_bytes(said[:8]) <= CHALLENGE_MS


def _mac(key: bytes, said: bytes, purpose: str, subject: bytes, browser: bytes) -> bytes:
    return mac(key, cat(purpose, said, subject, browser))[:MAC_LEN]


def _host() -> str:
    """The relying party: a passkey of another host is none of ours."""
    return str(urlsplit(settings.ADMIN_URL).hostname)


def _origin() -> str:
    parts = urlsplit(settings.ADMIN_URL)
    return f"{parts.scheme}://{parts.netloc}"
