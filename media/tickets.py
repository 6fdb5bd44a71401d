"""The upload ticket: who holds it may put the parts of one blob, while the session stands that it
was given to (docs/encryption.md 4.17). Pure: keys, clock and randomness are arguments.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from e2ee import proofs
from e2ee.encoding import from_base64, parse, to_base64, uint
from e2ee.errors import BadProof, M1Error

MAC_LEN = 32
TICKET_MAX = 512  # characters

Keys = Sequence[tuple[str, bytes]]  # kid, secret; newest first


@dataclass(frozen=True, slots=True)
class Upload:
    """What a ticket is good for."""

    owner: bytes
    conv: bytes
    blob: bytes
    size: int
    part: int

    @property
    def parts(self) -> int:
        return parts_of(self.size, self.part)

    def length(self, n: int) -> int:
        """Bytes of part n."""
        return length_of(self.size, self.part, n)


class Ticket(NamedTuple):
    upload: Upload
    session: bytes  # its hash, as in the live token


def parts_of(size: int, part: int) -> int:
    """How many parts a blob of so many bytes has."""
    return -(-size // part)


def length_of(size: int, part: int, n: int) -> int:
    """Bytes of part n; all but the last are equal."""
    return min(part, size - n * part)


def make(keys: Keys, ticket: Ticket, *, now_ms: int, random: bytes) -> tuple[str, int]:
    """The ticket as it is sent, and when it expires."""
    upload, session = ticket
    kid, key = keys[0]
    expires = now_ms + proofs.TICKET_TTL_MS
    claims = proofs.ticket_claims(
        kid, uid=upload.owner, session=session, conn=upload.conv, blob=upload.blob,
        size=upload.size, part=upload.part, expiry_ms=expires, random=random,
    )  # fmt: skip
    return to_base64(claims + proofs.upload_ticket(key, claims)), expires


def check(keys: Keys, ticket: str, now_ms: int) -> Ticket:
    """Raises BadProof unless this server made the ticket and its time is not over."""
    try:
        if len(ticket) > TICKET_MAX:
            raise BadProof("the ticket is malformed")
        raw = from_base64(ticket)
        claims, tag = raw[:-MAC_LEN], raw[-MAC_LEN:]
        kid, owner, session, conv, blob, size, part, expires, _ = parse(
            claims, proofs.TICKET, proofs.TICKET_WIDTHS
        )
    except M1Error:
        raise BadProof("the ticket is malformed") from None
    key = dict(keys).get(kid.decode("ascii", "replace"))
    if key is None or not hmac.compare_digest(proofs.upload_ticket(key, claims), tag):
        raise BadProof("the ticket is not ours")
    if uint(expires) <= now_ms:
        raise BadProof("the ticket is too old")
    return Ticket(Upload(owner, conv, blob, uint(size), uint(part)), session)
