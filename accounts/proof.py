"""Device proofs over HTTP (encryption.md 4.9) and the enrolment grant (4.18).

A stolen cookie alone must neither send nor fetch keys: each request of need P carries a signature
by the device's key over a nonce of this session, the method, the path and the body.
"""

import secrets
from collections.abc import Callable
from dataclasses import replace

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from accounts.models import Grant, SessionRecord
from accounts.problems import Refusal
from accounts.sessions import Caller
from e2ee import proofs
from e2ee.encoding import from_base64
from e2ee.errors import BadProof, Refused

PROOF_HEADER = "X-Device-Proof"
GRANT_HEADER = "X-Enrolment"


def new_nonce(session_key: str, now_ms: int) -> bytes:
    """Needs no storage until it is used."""
    _, key = settings.SECRETS["nonce"][0]
    random = secrets.token_bytes(proofs.NONCE_RANDOM_LEN)
    return proofs.make_http_nonce(key, session_key=session_key, now_ms=now_ms, random=random)


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
    except Refused:
        raise Refusal(403, "proof", "The proof of this device is missing or wrong.") from None


def open_grant(record: SessionRecord, now_ms: int) -> bytes:
    """After a complete sign-in, once: leave to enrol this browser within ten minutes."""
    grant = secrets.token_bytes(proofs.GRANT_LEN)
    expires = now_ms + proofs.GRANT_TTL_MS
    Grant.objects.create(session=record, digest=_digest(record, grant), expires=expires)
    return grant


def check_grant(request: HttpRequest, who: Caller, now_ms: int) -> Caller:
    """Raises Refusal 403 `grant` unless the header holds this session's own, unused grant."""
    try:
        grant = from_base64(request.headers.get(GRANT_HEADER, ""), proofs.GRANT_LEN)
    except Refused:
        grant = b""
    held = Grant.objects.filter(pk=who.record.pk, expires__gt=now_ms).first()
    digest = _digest(who.record, grant)
    if held is None or not secrets.compare_digest(held.digest, digest) or who.record.device:
        raise Refusal(403, "grant", "Sign in again to enrol this browser.")
    return replace(who, granted=True)


def consume_grant(record: SessionRecord) -> None:
    """Called inside the transaction that binds the session. Raises Refusal when another request
    was first."""
    if not Grant.objects.filter(pk=record.pk).delete()[0]:
        raise Refusal(403, "grant", "Sign in again to enrol this browser.")


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
    if not cache.add(f"nonce:{claim.nonce.hex()}", 1, proofs.NONCE_TTL_MS // 1000 + 1):
        raise BadProof("the nonce was used before")
    return claim.device


def _check_nonce(nonce: bytes, session_key: str, now_ms: int) -> None:
    """By any of our keys: a nonce may be older than the newest one."""
    keys = [key for _, key in settings.SECRETS["nonce"]]
    for key in keys[:-1]:
        try:
            return proofs.check_http_nonce(key, nonce, session_key=session_key, now_ms=now_ms)
        except BadProof:
            continue
    proofs.check_http_nonce(keys[-1], nonce, session_key=session_key, now_ms=now_ms)


def _digest(record: SessionRecord, grant: bytes) -> bytes:
    return proofs.grant_digest(session_key=record.session_id, uid=record.user.uid, grant=grant)
