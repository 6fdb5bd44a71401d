"""Epochs: create, verify, open, box (4.7)."""

import secrets
from dataclasses import dataclass, replace

from e2ee import epochs as server
from e2ee.encoding import NO_U32, SUITE, ZERO, cat, h, u8, u32, u64
from e2ee.epochs import EpochHeader, EpochRecord
from e2ee.errors import BadEpoch
from e2ee.records import ES_BOX_LEN, Link
from e2ee.signatures import SIGNATURE_LEN
from testkit.client.m1.keys import DeviceKeys, KemKey, SigningKey, hpke_seal
from testkit.client.m1.symmetric import hkdf, open_box, seal_box


@dataclass(frozen=True)
class OpenEpoch:
    """An epoch whose secret is known and agrees with kcv."""

    record: EpochRecord
    secret: bytes


def create(
    *, conn: bytes, n: int, parent: OpenEpoch | None, previous_hash: bytes, low: Link,
    high: Link, creator: bytes, device: DeviceKeys, reason: int, ms: int,
    x: bytes | None = None,
) -> OpenEpoch:  # fmt: skip
    header = build_header(
        conn=conn, n=n, parent=parent.record.header.n if parent else None,
        previous_hash=previous_hash, low=low, high=high, creator=creator, device=device.id,
        reason=reason, ms=ms,
    )  # fmt: skip
    x = x or secrets.token_bytes(32)
    secret = derive_secret(header, x, parent)
    wraps = [hpke_seal(link.user_key, x, wrap_info(header.raw, link.uid)) for link in (low, high)]
    return OpenEpoch(assemble(header, kcv(secret), wraps[0], wraps[1], device.signing), secret)


def build_header(
    *, conn: bytes, n: int, parent: int | None, previous_hash: bytes, low: Link, high: Link,
    creator: bytes, device: bytes, reason: int, ms: int,
) -> EpochHeader:  # fmt: skip
    """Checks nothing, so that tests can build what must be refused."""
    low_side = server.Side(low.uid, low.k, low.hash, low.g)
    high_side = server.Side(high.uid, high.k, high.hash, high.g)
    header = EpochHeader(
        b"", conn, n, parent, previous_hash, low_side, high_side, creator, device, reason, ms
    )
    return replace(header, raw=encode_header(header))


def encode_header(header: EpochHeader) -> bytes:
    sides = [
        field
        for side in (header.low, header.high)
        for field in (side.uid, u32(side.k), side.link_hash, u32(side.g))
    ]
    return cat(
        server.HEADER_LABEL, u8(SUITE), header.conn, u32(header.n),
        u32(NO_U32 if header.parent is None else header.parent), header.previous_hash, *sides,
        header.creator, header.device, u8(header.reason), u64(header.ms),
    )  # fmt: skip


def wrap_info(raw_header: bytes, uid: bytes) -> bytes:
    return cat("m1:epoch-wrap", raw_header, uid)


def derive_secret(header: EpochHeader, x: bytes, parent: OpenEpoch | None) -> bytes:
    return root_secret(
        h(header.raw), x, header.conn, header.parent, parent.secret if parent else None
    )


def root_secret(
    header_hash: bytes, x: bytes, conn: bytes, parent: int | None, parent_secret: bytes | None
) -> bytes:
    chain_key = ZERO
    if parent is not None and parent_secret is not None:
        chain_key = hkdf(ZERO, parent_secret, cat("m1:epoch-chain", conn, u32(parent)), 32)
    return hkdf(chain_key, x, cat("m1:epoch-root", header_hash), 32)


def kcv(secret: bytes) -> bytes:
    return hkdf(ZERO, secret, cat("m1:epoch-kcv"), 32)


def assemble(
    header: EpochHeader, check_value: bytes, wrap_low: bytes, wrap_high: bytes, dsk: SigningKey
) -> EpochRecord:
    raw = assemble_raw(header.raw, check_value, wrap_low, wrap_high, dsk)
    return EpochRecord(raw, header, check_value, wrap_low, wrap_high, raw[-SIGNATURE_LEN:])


def assemble_raw(
    raw_header: bytes, check_value: bytes, wrap_low: bytes, wrap_high: bytes, dsk: SigningKey
) -> bytes:
    parts = (raw_header, check_value, wrap_low, wrap_high)
    return cat(server.LABEL, *parts, dsk.sign(cat(server.SIGNED_LABEL, *parts)))


def open_by_wrap(
    record: EpochRecord, *, uid: bytes, user_key: KemKey, parent: OpenEpoch | None
) -> OpenEpoch:
    """Open a verified record; BadEpoch when its creator wrapped something else ("bad kcv")."""
    header = record.header
    if (header.parent is None) != (parent is None) or (
        parent is not None and parent.record.header.n != header.parent
    ):
        raise BadEpoch("the parent epoch is needed to open this one")
    wrap = record.wrap_low if uid == header.low.uid else record.wrap_high
    x = user_key.open(wrap, wrap_info(header.raw, uid))
    return _checked(record, derive_secret(header, x, parent))


def seal_es_box(
    epoch: OpenEpoch, *, uid: bytes, g: int, user_seed: bytes, nonce: bytes | None = None
) -> bytes:
    header = epoch.record.header
    return seal_box(
        _es_box_key(user_seed, header.conn, header.n), epoch.secret,
        _es_box_aad(uid, g, epoch.record.hash), nonce,
    )  # fmt: skip


def open_es_box(
    record: EpochRecord, box: bytes, *, uid: bytes, g: int, user_seed: bytes
) -> OpenEpoch:
    """One AEAD instead of a walk: one of my own devices verified just this record."""
    key = _es_box_key(user_seed, record.header.conn, record.header.n)
    return _checked(record, open_box(key, box, _es_box_aad(uid, g, record.hash), ES_BOX_LEN))


def _checked(record: EpochRecord, secret: bytes) -> OpenEpoch:
    if len(secret) != 32 or kcv(secret) != record.kcv:
        raise BadEpoch("the epoch secret does not agree with kcv")
    return OpenEpoch(record, secret)


def _es_box_key(user_seed: bytes, conn: bytes, n: int) -> bytes:
    return hkdf(ZERO, user_seed, cat("m1:es-box", conn, u32(n)), 32)


def _es_box_aad(uid: bytes, g: int, record_hash: bytes) -> bytes:
    return cat("m1:es-box", uid, u32(g), record_hash)
