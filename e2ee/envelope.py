"""The message envelope as the server sees it: all it can check without a key (4.8)."""

from dataclasses import dataclass
from typing import Final

from e2ee.encoding import SUITE, h, parse, uint
from e2ee.errors import BadEnvelope
from e2ee.padding import BUCKETS, CIPHERTEXT_LENGTHS, TAG_LEN

VERSION: Final = 1
KIND_NOTIFY: Final = 1
KIND_SILENT: Final = 2
KINDS: Final = frozenset({KIND_NOTIFY, KIND_SILENT})

SALT_LEN: Final = 32
HEADER_LEN: Final = 205
MAX_ENVELOPE: Final = 22 + HEADER_LEN + BUCKETS[-1] + TAG_LEN + 32

HEADER_LABEL: Final = "m1:hdr"
HEADER_WIDTHS: Final = (1, 1, 16, 4, 32, 16, 16, 8, 16, 1, 4, 32)
ENVELOPE_LABEL: Final = "m1:env"


@dataclass(frozen=True, slots=True)
class Header:
    """The authenticated, readable part of a message."""

    raw: bytes
    conn: bytes
    n: int
    epoch_hash: bytes
    sender: bytes
    device: bytes
    ctr: int
    mid: bytes
    kind: int
    ttl: int
    commitment: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    header: Header
    ciphertext: bytes
    self_mac: bytes

    @property
    def ciphertext_hash(self) -> bytes:
        return h(self.ciphertext)


def parse_envelope(data: bytes) -> Envelope:
    """Shape, version, suite, kind, ctr and bucket; raises BadEncoding or BadEnvelope."""
    raw_header, ciphertext, self_mac = parse(data, ENVELOPE_LABEL, (HEADER_LEN, None, 32))
    if len(ciphertext) not in CIPHERTEXT_LENGTHS:
        raise BadEnvelope("the ciphertext fills no bucket")
    return Envelope(parse_header(raw_header), ciphertext, self_mac)


def parse_header(data: bytes) -> Header:
    """Used alone for report items, which carry the header without the ciphertext."""
    version, suite, conn, n, epoch_hash, sender, device, ctr, mid, kind, ttl, commitment = parse(
        data, HEADER_LABEL, HEADER_WIDTHS
    )
    header = Header(
        data, conn, uint(n), epoch_hash, sender, device, uint(ctr), mid, kind[0], uint(ttl),
        commitment,
    )  # fmt: skip
    if version[0] != VERSION:
        raise BadEnvelope("unknown version of the message header")
    if suite[0] != SUITE:
        raise BadEnvelope("unknown suite")
    if header.kind not in KINDS:
        raise BadEnvelope("unknown kind of message")
    if header.ctr == 0:
        raise BadEnvelope("ctr counts from 1")
    return header


def check_sent_by(
    header: Header, *, conn: bytes, sender: bytes, device: bytes, mid: bytes, n: int
) -> None:
    """What the frame and the session say must be what the header says.

    The epoch floor, membership and idempotency are the caller's: they need the store.
    """
    if header.conn != conn:
        raise BadEnvelope("the header names another conversation")
    if header.sender != sender or header.device != device:
        raise BadEnvelope("the header names another sender or device")
    if header.mid != mid:
        raise BadEnvelope("the header names another message id")
    if header.n != n:
        raise BadEnvelope("the header names another epoch")
