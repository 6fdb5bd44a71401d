"""Device proofs over HTTP (docs/encryption.md 4.9) and the enrolment grant (4.18).

A stolen cookie alone must neither send nor fetch keys: each request of need P carries a signature
by the device's key over a nonce of this session, the method, the path and the body.
"""

import logging
import secrets
from collections.abc import Callable
from dataclasses import replace

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.models import Grant, SessionRecord, User
from accounts.sessions import Caller
from chatsite.edge.refusals import Refusal
from e2ee import proofs
from e2ee.encoding import from_base64, to_base64
from e2ee.errors import BadProof, M1Error

BUSY_MS = 1000  # what a client waits where the cache is away
PROOF_HEADER = "X-Device-Proof"
NONCE_HEADER = "X-Device-Nonce"  # of an answer
GRANT_HEADER = "X-Enrolment"

logger = logging.getLogger(__name__)


def new_nonce(session_key: str, now_ms: int) -> bytes:
    """Needs no storage until it is used."""
    _, key = settings.SECRETS["nonce"][0]
    random = secrets.token_bytes(proofs.NONCE_RANDOM_LEN)
    return proofs.make_http_nonce(key, session_key=session_key, now_ms=now_ms, random=random)


def with_next_nonce(
    request: HttpRequest, answer: HttpResponseBase, now_ms: int
) -> HttpResponseBase:
    """The device that signed this request signs the next one without asking for a nonce first."""
    key = request.session.session_key if PROOF_HEADER in request.headers else None
    if key:  # not where this request ended the session
        answer.headers[NONCE_HEADER] = to_base64(new_nonce(key, now_ms))
    return answer


def check_device(request: HttpRequest, who: Caller, now_ms: int) -> None:
    """The session's own device signs. Raises Refusal 403 `proof`, or `enrol` where the session
    has none yet."""
    device = who.record.device
    if device is None:
        raise Refusal(403, "enrol", "This browser is not on your list of devices yet.")
    if device.gone_at is not None:
        raise Refusal(403, "device_gone", "This device was signed out.")
    signed_by(request, who, now_ms, {device.device: device.signing_key}.get)


def signed_by(
    request: HttpRequest, who: Caller, now_ms: int, key_of: Callable[[bytes], bytes | None]
) -> bytes:
    """The device whose proof this request carries; `key_of` says which key it must be."""
    try:
        return _verified(request, who, now_ms, key_of)
    except M1Error:
        raise Refusal(403, "proof", "The proof of this device is missing or wrong.") from None


def open_grant(record: SessionRecord, now_ms: int) -> bytes:
    """After a complete sign-in, once: permission to enrol this browser within ten minutes."""
    grant = secrets.token_bytes(proofs.GRANT_LEN)
    expires = now_ms + proofs.GRANT_TTL_MS
    Grant.objects.create(session=record, digest=_digest(record, grant), expires=expires)
    return grant


def check_grant(request: HttpRequest, who: Caller, now_ms: int) -> Caller:
    """Raises Refusal 403 `grant` unless the header holds this session's own, unused grant."""
    try:
        grant = from_base64(request.headers.get(GRANT_HEADER, ""), proofs.GRANT_LEN)
    except M1Error:
        grant = b""
    held = _held_grant(who.record, now_ms)
    digest = _digest(who.record, grant)
    if not secrets.compare_digest(held.digest, digest) or who.record.device:
        raise _no_grant()
    return replace(who, granted=True)


def check_unlocked(who: Caller, now_ms: int) -> None:
    """Raises Refusal 403 `unlock` unless a factor was proved in the last ten minutes."""
    if not who.unlocked(now_ms):
        raise Refusal(403, "unlock", "Enter your password again.")


def hold_account(who: Caller, now_ms: int) -> User:
    """Called first in the transaction that uses a grant or an unlock: locks the account's row and
    checks both again. A change of password or code elsewhere takes them back, and a request that
    was admitted before it must not win. Raises Refusal 401 `sign_in`, 403 `grant` or `unlock`."""
    user = User.objects.select_for_update(no_key=True).get(pk=who.record.user_id)
    record = SessionRecord.objects.filter(pk=who.record.pk).first()
    if record is None:
        raise Refusal(401, "sign_in", "Sign in again.")
    if who.granted:
        _held_grant(record, now_ms)
    else:
        check_unlocked(Caller(record), now_ms)
    return user


def consume_grant(record: SessionRecord) -> None:
    """Called inside the transaction that binds the session. Raises Refusal when another request
    was first."""
    if not Grant.objects.filter(pk=record.pk).delete()[0]:
        raise _no_grant()


def _verified(
    request: HttpRequest, who: Caller, now_ms: int, key_of: Callable[[bytes], bytes | None]
) -> bytes:
    claim = proofs.parse_http_proof(request.headers.get(PROOF_HEADER, ""))
    _check_nonce(claim.nonce, who.record.session_id, now_ms)
    key = key_of(claim.device)
    if key is None:
        raise BadProof("the device is not on the list")
    signed = proofs.http_proof_bytes(
        host=settings.SITE_HOST,
        nonce=claim.nonce,
        uid=who.uid,
        device=claim.device,
        method=request.method or "",
        path=request.get_full_path(),
        body=request.body,
    )
    proofs.verify_proof(key, claim.signature, signed)
    if not use_up("nonce", claim.nonce, proofs.NONCE_TTL_MS):
        raise BadProof("the nonce was used before")
    return claim.device


def use_up(kind: str, nonce: bytes, lives_ms: int) -> bool:
    """False: it was used before. Where nobody can tell, it does not pass: raises Refusal 503."""
    try:
        return bool(cache.add(f"{kind}:{nonce.hex()}", 1, lives_ms // 1000 + 1))
    except Exception as error:  # whatever error the cache has
        logger.warning("the cache is away: no proof passes", exc_info=True)
        raise Refusal(503, "busy", "The site is busy. Try again.", BUSY_MS) from error


def _check_nonce(nonce: bytes, session_key: str, now_ms: int) -> None:
    """By any of our keys: a nonce may be older than the newest one."""
    keys = [key for _, key in settings.SECRETS["nonce"]]
    for key in keys[:-1]:
        try:
            return proofs.check_http_nonce(key, nonce, session_key=session_key, now_ms=now_ms)
        except BadProof:
            continue
    proofs.check_http_nonce(keys[-1], nonce, session_key=session_key, now_ms=now_ms)


def _held_grant(record: SessionRecord, now_ms: int) -> Grant:
    held = Grant.objects.filter(pk=record.pk, expires__gt=now_ms).first()
    if held is None:
        raise _no_grant()
    return held


def _no_grant() -> Refusal:
    return Refusal(403, "grant", "Sign in again to enrol this browser.")


def _digest(record: SessionRecord, grant: bytes) -> bytes:
    return proofs.grant_digest(session_key=record.session_id, uid=record.user.uid, grant=grant)
