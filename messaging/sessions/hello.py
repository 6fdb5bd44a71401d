"""Who speaks: the live token and the device's proof. What was revoked since the token was made is
asked where the session joins (arrivals.py).

Needs no SQL. `Unwelcome.code` is the close code, which tells the client whether to come back.
"""

from django.conf import settings

from accounts import tokens
from accounts.tokens import Claims
from e2ee import errors, proofs
from messaging import protocol

REVOKING = {"device", "reset"}  # reasons to wipe; the others are reasons to sign in again


class Unwelcome(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(f"hello refused, {code}")
        self.code = code


def check(frame: protocol.Hello, nonce: bytes, now: int) -> Claims:
    """Who says hello. Raises Unwelcome."""
    if frame.version != protocol.VERSION:
        raise Unwelcome(protocol.CLOSE_BAD_FRAME)
    try:
        claims = tokens.check(settings.SECRETS["live"], frame.token, now)
        _check_proof(frame, nonce, claims)
    except errors.M1Error as error:
        raise Unwelcome(protocol.CLOSE_SIGN_IN) from error
    return claims


def code_of(reason: str) -> int:
    """How a session closes that ends for this reason: to wipe, or to sign in again."""
    return protocol.CLOSE_REVOKED if reason in REVOKING else protocol.CLOSE_SIGN_IN


def _check_proof(frame: protocol.Hello, nonce: bytes, claims: Claims) -> None:
    if frame.device != claims.device:
        raise errors.BadProof("the token names another device")
    signed = proofs.socket_proof_bytes(
        host=settings.SITE_HOST, nonce=nonce, uid=claims.uid, device=claims.device
    )
    proofs.verify_proof(claims.signing_key, frame.proof, signed)
