"""Who speaks: the live token, the device's proof, and what was revoked since the token was made.

Needs no SQL. `Refused.code` is the close code, which tells the client whether to come back.
"""

from django.conf import settings

from accounts import tokens
from accounts.tokens import LIVE_MS, Claims
from e2ee import errors, proofs
from messaging import protocol


class Refused(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(f"hello refused, {code}")
        self.code = code


class Revoked:
    """Devices and sessions that ended while a live token may still name them."""

    def __init__(self) -> None:
        self._until: dict[bytes, int] = {}  # uid ‖ device, or a session's hash → ms

    def add(self, subject: bytes, now: int) -> None:
        self._until = {key: until for key, until in self._until.items() if until > now}
        self._until[subject] = now + LIVE_MS

    def has(self, subject: bytes, now: int) -> bool:
        return self._until.get(subject, 0) > now


revoked = Revoked()  # of the process, whichever loop serves its sockets


def check(frame: protocol.Hello, nonce: bytes, now: int) -> Claims:
    """Who says hello. Raises Refused."""
    if frame.version != protocol.VERSION:
        raise Refused(protocol.CLOSE_BAD_FRAME)
    try:
        claims = tokens.check(settings.SECRETS["live"], frame.token, now)
        _check_proof(frame, nonce, claims)
    except errors.Refused as error:
        raise Refused(protocol.CLOSE_SIGN_IN) from error
    if revoked.has(claims.uid + claims.device, now):
        raise Refused(protocol.CLOSE_REVOKED)
    if revoked.has(claims.session, now):
        raise Refused(protocol.CLOSE_SIGN_IN)
    return claims


def _check_proof(frame: protocol.Hello, nonce: bytes, claims: Claims) -> None:
    if frame.device != claims.device:
        raise errors.BadProof("the token names another device")
    signed = proofs.socket_proof_bytes(
        host=settings.SITE_HOST, nonce=nonce, uid=claims.uid, device=claims.device
    )
    proofs.verify_proof(claims.signing_key, frame.proof, signed)
