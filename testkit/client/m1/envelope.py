"""Sealing and opening messages (4.8), with every check a receiver owes its user."""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from e2ee import envelope as server
from e2ee.encoding import SUITE, ZERO, cat, h, mac, u8, u32, u64, uint
from e2ee.envelope import Envelope, Header
from e2ee.errors import BadEncoding, BadEnvelope, BadSignature
from e2ee.padding import PREFIX_LEN, bucket
from testkit.client.m1 import franking
from testkit.client.m1.epochs import OpenEpoch
from testkit.client.m1.symmetric import hkdf
from testkit.client.m1.userkeys import self_mac_key


@dataclass(frozen=True, slots=True)
class Sealed:
    """What travels: `envelope` as body, `salt` beside it; C is the next message's `prev`."""

    envelope: bytes
    salt: bytes
    header: Header

    @property
    def commitment(self) -> bytes:
        return self.header.commitment


@dataclass(frozen=True, slots=True)
class Opened:
    header: Header
    body: bytes
    franking_key: bytes


def seal(
    body: bytes, *, epoch: OpenEpoch, sender: bytes, device: bytes, ctr: int, mid: bytes,
    user_seed: bytes, kind: int = server.KIND_NOTIFY, ttl: int = 0,
    franking_key: bytes | None = None, salt: bytes | None = None,
) -> Sealed:  # fmt: skip
    """`user_seed` is that of the sender's generation named in the epoch record."""
    franking_key = franking_key or secrets.token_bytes(32)
    salt = salt or secrets.token_bytes(server.SALT_LEN)
    conn = epoch.record.header.conn
    commitment = franking.commit(franking_key, conn=conn, sender=sender, mid=mid, body=body)
    header = encode_header(
        conn=conn, n=epoch.record.header.n, epoch_hash=epoch.record.hash, sender=sender,
        device=device, ctr=ctr, mid=mid, kind=kind, ttl=ttl, commitment=commitment,
    )  # fmt: skip
    ciphertext = encrypt(
        header, pad(franking_key, body), salt=salt, secret=epoch.secret, sender=sender
    )
    own = self_mac(user_seed, header, ciphertext)
    return Sealed(
        cat(server.ENVELOPE_LABEL, header, ciphertext, own), salt, server.parse_header(header)
    )


def open_sealed(
    raw: bytes, salt: bytes, *, epoch: OpenEpoch, own_uid: bytes, user_seeds: Mapping[int, bytes]
) -> Opened:
    """Raises an M1Error for whatever must not be shown.

    For a message "from me" the self MAC is checked with the user key of the generation
    that the epoch record names: the peer and the server together cannot forge it.
    """
    envelope = server.parse_envelope(raw)
    _check_epoch(envelope.header, epoch)
    if envelope.header.sender == own_uid:
        _check_self_mac(envelope, epoch, own_uid, user_seeds)
    plaintext = decrypt(envelope, salt, epoch.secret)
    franking_key, body = unpad(plaintext)
    header = envelope.header
    franking.check_commitment(
        header.commitment, franking_key, conn=header.conn, sender=header.sender, mid=header.mid,
        body=body,
    )  # fmt: skip
    return Opened(header, body, franking_key)


def encode_header(
    *, conn: bytes, n: int, epoch_hash: bytes, sender: bytes, device: bytes, ctr: int,
    mid: bytes, kind: int, ttl: int, commitment: bytes, version: int = server.VERSION,
    suite: int = SUITE,
) -> bytes:  # fmt: skip
    return cat(
        server.HEADER_LABEL, u8(version), u8(suite), conn, u32(n), epoch_hash, sender, device,
        u64(ctr), mid, u8(kind), u32(ttl), commitment,
    )  # fmt: skip


def pad(franking_key: bytes, body: bytes) -> bytes:
    return (u32(len(body)) + franking_key + body).ljust(bucket(len(body)), b"\0")


def unpad(plaintext: bytes) -> tuple[bytes, bytes]:
    """(kf, M)."""
    end = PREFIX_LEN + uint(plaintext[:4])
    if end > len(plaintext):
        raise BadEncoding("the message is longer than its bucket")
    if plaintext.count(0, end) != len(plaintext) - end:
        raise BadEncoding("the padding is not zero")
    return plaintext[4:PREFIX_LEN], plaintext[PREFIX_LEN:end]


def encrypt(header: bytes, plaintext: bytes, *, salt: bytes, secret: bytes, sender: bytes) -> bytes:
    key, nonce = message_key(direction_key(secret, sender), salt, header)
    return AESGCM(key).encrypt(nonce, plaintext, header)


def decrypt(envelope: Envelope, salt: bytes, secret: bytes) -> bytes:
    header = envelope.header
    key, nonce = message_key(direction_key(secret, header.sender), salt, header.raw)
    try:
        return AESGCM(key).decrypt(nonce, envelope.ciphertext, header.raw)
    except InvalidTag:
        raise BadSignature("the message does not open") from None


@lru_cache(maxsize=4096)
def direction_key(secret: bytes, sender: bytes) -> bytes:
    """A key per direction, so that the server cannot reflect A's message as B's."""
    return hkdf(ZERO, secret, cat("m1:dir", sender), 32)


def message_key(direction: bytes, salt: bytes, header: bytes) -> tuple[bytes, bytes]:
    okm = hkdf(salt, direction, cat("m1:msg", h(header)), 44)
    return okm[:32], okm[32:]


def self_mac(user_seed: bytes, header: bytes, ciphertext: bytes) -> bytes:
    return mac(self_mac_key(user_seed), cat("m1:self", h(header), h(ciphertext)))


def _check_epoch(header: Header, epoch: OpenEpoch) -> None:
    named = epoch.record.header
    if header.conn != named.conn or header.n != named.n or header.epoch_hash != epoch.record.hash:
        raise BadEnvelope("the header names another epoch")
    if header.sender not in (named.low.uid, named.high.uid):
        raise BadEnvelope("the sender is neither of the two users")


def _check_self_mac(
    envelope: Envelope, epoch: OpenEpoch, own_uid: bytes, user_seeds: Mapping[int, bytes]
) -> None:
    named = epoch.record.header
    side = named.low if named.low.uid == own_uid else named.high
    seed = user_seeds.get(side.g)
    if seed is None:
        raise BadSignature("the user key of this message is unknown")
    expected = self_mac(seed, envelope.header.raw, envelope.ciphertext)
    if not hmac.compare_digest(expected, envelope.self_mac):
        raise BadSignature("none of my devices wrote this message")
