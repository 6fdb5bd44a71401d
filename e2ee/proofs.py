"""Device proofs on socket and HTTP (4.9), the HTTP nonce, upload tickets, enrolment grants.

Pure: keys, clock and randomness are arguments. That a nonce is used once is the
caller's to keep, in a cache with at least the lifetime below.
"""

import hmac
from dataclasses import dataclass
from typing import Final

from e2ee.encoding import cat, from_base64, h, mac, u32, u64, uint
from e2ee.errors import BadProof, M1Error
from e2ee.signatures import SIGNATURE_LEN, verify

HTTP_NONCE_LEN: Final = 40
NONCE_RANDOM_LEN: Final = 16
NONCE_TTL_MS: Final = 120_000
TICKET: Final = "m1:ticket"
# Of the claims: kid, uid, session, conn, blob, size, part, expiry, random.
TICKET_WIDTHS: Final = (None, 16, 16, 16, 16, 8, 4, 8, 16)
TICKET_TTL_MS: Final = 3_600_000
GRANT_LEN: Final = 32
GRANT_TTL_MS: Final = 600_000

_TRUNCATED: Final = 16


@dataclass(frozen=True, slots=True)
class HttpProof:
    """The header `X-Device-Proof: device.nonce.sig`, decoded but not yet believed."""

    device: bytes
    nonce: bytes
    signature: bytes


def socket_proof_bytes(*, host: str, nonce: bytes, uid: bytes, device: bytes) -> bytes:
    """What the device key signs in `hello`; `host` is the configured site, never a header."""
    return cat("m1:ws", host.encode(), nonce, uid, device)


def http_proof_bytes(
    *, host: str, nonce: bytes, uid: bytes, device: bytes, method: str, path: str, body: bytes
) -> bytes:
    """`path` is the request target with its query as sent, `body` the raw bytes."""
    return cat(
        "m1:http", host.encode(), nonce, uid, device, method.encode(), path.encode(), h(body)
    )


def standing_bytes(*, host: str, uid: bytes, device: bytes) -> bytes:
    """What a device signs to ask what became of it. The answer is worth nothing to others, so it
    needs no nonce."""
    return cat("m1:standing", host.encode(), uid, device)


def verify_proof(signing_key: bytes, signature: bytes, signed: bytes) -> None:
    """Raise BadProof unless the listed device's key made `signature`."""
    try:
        verify(signing_key, signature, signed)
    except M1Error as refusal:
        raise BadProof("the device proof does not verify") from refusal


def parse_http_proof(header: str) -> HttpProof:
    parts = header.split(".")
    if len(parts) != 3:
        raise BadProof("a device proof has three parts")
    device, nonce, signature = parts
    return HttpProof(
        from_base64(device, 16),
        from_base64(nonce, HTTP_NONCE_LEN),
        from_base64(signature, SIGNATURE_LEN),
    )


def make_http_nonce(key: bytes, *, session_key: str, now_ms: int, random: bytes) -> bytes:
    """ms ‖ 16 random bytes ‖ truncated MAC: needs no storage until it is used."""
    if len(random) != NONCE_RANDOM_LEN:
        raise ValueError("a nonce takes 16 random bytes")
    return u64(now_ms) + random + _nonce_mac(key, session_key, u64(now_ms), random)


def check_http_nonce(key: bytes, nonce: bytes, *, session_key: str, now_ms: int) -> None:
    """Raise BadProof unless this server made `nonce` for this session, at most 120 s ago."""
    if len(nonce) != HTTP_NONCE_LEN:
        raise BadProof("a nonce has 40 bytes")
    ms, random, claimed = nonce[:8], nonce[8:24], nonce[24:]
    if not hmac.compare_digest(_nonce_mac(key, session_key, ms, random), claimed):
        raise BadProof("the nonce is not ours")
    if not 0 <= now_ms - uint(ms) <= NONCE_TTL_MS:
        raise BadProof("the nonce is too old")


def ticket_claims(
    kid: str, *, uid: bytes, session: bytes, conn: bytes, blob: bytes, size: int, part: int,
    expiry_ms: int, random: bytes,
) -> bytes:  # fmt: skip
    """What an upload ticket says: whose blob it is, for which conversation, of `size` bytes in
    parts of `part` bytes; and `session`, 16 bytes, with whose end it ends."""
    sizes = (u64(size), u32(part), u64(expiry_ms))
    return cat(TICKET, kid.encode(), uid, session, conn, blob, *sizes, random)


def upload_ticket(key: bytes, claims: bytes) -> bytes:
    """The MAC over `ticket_claims`. Good for every part of that blob until it expires."""
    return mac(key, claims)


def grant_digest(*, session_key: str, uid: bytes, grant: bytes) -> bytes:
    """The form in which an enrolment grant is kept (4.18)."""
    return h(cat("m1:grant", session_key.encode(), uid, grant))


def _nonce_mac(key: bytes, session_key: str, ms: bytes, random: bytes) -> bytes:
    return mac(key, cat("m1:nonce", session_key.encode(), ms, random))[:_TRUNCATED]
