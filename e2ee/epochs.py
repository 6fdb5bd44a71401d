"""Epoch records (4.7): parse, and verification against the links they name.

HPKE base mode does not authenticate the sender: without the signature by a listed
device the server could choose the key, so `verify_record` is mandatory everywhere.
"""

from dataclasses import dataclass
from typing import Final

from e2ee import signatures
from e2ee.encoding import NO_U32, SUITE, ZERO, cat, h, parse, uint
from e2ee.errors import BadEpoch
from e2ee.kem import WRAP_LEN
from e2ee.records import Link

HEADER_LEN: Final = 294
LABEL: Final = "m1:epoch"
WIDTHS: Final = (HEADER_LEN, 32, WRAP_LEN, WRAP_LEN, signatures.SIGNATURE_LEN)
SIGNED_LABEL: Final = "m1:epoch-rec"
HEADER_LABEL: Final = "m1:epoch-hdr"
HEADER_WIDTHS: Final = (1, 16, 4, 4, 32, 16, 4, 32, 4, 16, 4, 32, 4, 16, 16, 1, 8)

FIRST, AGE, COUNT, REVOKES, NEW_USER_KEY, BAD_KCV, RESET, ON_DEMAND = range(8)
EXEMPT_REASONS: Final = frozenset({REVOKES, BAD_KCV, RESET})
"""Not counted against the hourly limit: a contact must not be able to stall these."""

FLOOR_AT_ONCE_REASONS: Final = frozenset({REVOKES, RESET})


@dataclass(frozen=True, slots=True)
class Side:
    """What an epoch header says of one of the two users."""

    uid: bytes
    k: int
    link_hash: bytes
    g: int


@dataclass(frozen=True, slots=True)
class EpochHeader:
    raw: bytes
    conn: bytes
    n: int
    parent: int | None
    previous_hash: bytes
    low: Side
    high: Side
    creator: bytes
    device: bytes
    reason: int
    ms: int


@dataclass(frozen=True, slots=True)
class EpochRecord:
    raw: bytes
    header: EpochHeader
    kcv: bytes
    wrap_low: bytes
    wrap_high: bytes
    signature: bytes

    @property
    def hash(self) -> bytes:
        return h(self.raw)


def parse_record(raw: bytes) -> EpochRecord:
    """Shape and the rules that need nothing else; raises BadEncoding or BadEpoch."""
    raw_header, kcv, wrap_low, wrap_high, signature = parse(raw, LABEL, WIDTHS)
    return EpochRecord(raw, _parse_header(raw_header), kcv, wrap_low, wrap_high, signature)


def verify_record(
    record: EpochRecord, *, conn: bytes, low: Link, high: Link, previous_hash: bytes
) -> None:
    """Check `record` against its connection, its predecessor and the two links it names.

    `previous_hash` is H(E_{n-1}), 32 zero bytes at n = 0. The links must have been
    verified; whether they are new enough is the caller's (floors of 4.7).
    """
    header = record.header
    if header.conn != conn:
        raise BadEpoch("the record names another connection")
    if header.previous_hash != previous_hash:
        raise BadEpoch("the hash is not that of the epoch before")
    _check_side(header.low, low)
    _check_side(header.high, high)
    creator = low if header.creator == low.uid else high
    device = creator.device(header.device)
    if device is None:
        raise BadEpoch("the creating device is not on the list of its user")
    signed = cat(SIGNED_LABEL, header.raw, record.kcv, record.wrap_low, record.wrap_high)
    signatures.verify(device.signing_key, record.signature, signed)


def _parse_header(raw: bytes) -> EpochHeader:
    (suite, conn, n, parent, previous_hash, low_uid, low_k, low_hash, low_g,
     high_uid, high_k, high_hash, high_g, creator, device, reason, ms) = parse(
        raw, HEADER_LABEL, HEADER_WIDTHS
    )  # fmt: skip
    header = EpochHeader(
        raw, conn, uint(n), None if uint(parent) == NO_U32 else uint(parent), previous_hash,
        Side(low_uid, uint(low_k), low_hash, uint(low_g)),
        Side(high_uid, uint(high_k), high_hash, uint(high_g)),
        creator, device, reason[0], uint(ms),
    )  # fmt: skip
    if suite[0] != SUITE:
        raise BadEpoch("unknown suite")
    if not low_uid < high_uid:
        raise BadEpoch("the two users are sorted by id")
    if creator not in (low_uid, high_uid):
        raise BadEpoch("the creator is neither of the two users")
    _check_ancestry(header)
    return header


def _check_ancestry(header: EpochHeader) -> None:
    if header.n == NO_U32:
        raise BadEpoch("n is out of range")
    if header.reason > ON_DEMAND:
        raise BadEpoch("unknown reason")
    if (header.n == 0) != (header.reason == FIRST):
        raise BadEpoch("reason 0 belongs to the first epoch and to no other")
    if header.n == 0 and header.previous_hash != ZERO:
        raise BadEpoch("the first epoch has no predecessor")
    if (header.parent is None) != (header.reason in (FIRST, RESET)):
        raise BadEpoch("only a first epoch or a reset goes without a parent")
    if header.parent is not None and header.parent >= header.n:
        raise BadEpoch("the parent is an earlier epoch")


def _check_side(side: Side, link: Link) -> None:
    if side.uid != link.uid:
        raise BadEpoch("the record names another user")
    if side.k != link.k or side.link_hash != link.hash:
        raise BadEpoch("the record names another link")
    if side.g != link.g:
        raise BadEpoch("the record names another generation of the user key")
