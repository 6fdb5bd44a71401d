"""User-key generations: wraps, previous boxes, notes, self MAC key (4.6, 4.8)."""

import json
from functools import lru_cache
from typing import Any

from e2ee import records
from e2ee.encoding import ZERO, cat, u32, uint
from e2ee.errors import BadEncoding, BadKey
from e2ee.records import Link
from testkit.client.m1.keys import KemKey, hpke_seal
from testkit.client.m1.symmetric import hkdf, open_box, seal_box

NOTE_PLAINTEXT = 256


def wrap_info(*, uid: bytes, g: int, device: bytes, link_hash: bytes) -> bytes:
    return cat("m1:uk-wrap", uid, u32(g), device, link_hash)


def wrap_for(link: Link, device: bytes, seed: bytes) -> bytes:
    """Seal UK_g of `link` to a device it lists, or to its recovery key."""
    info = wrap_info(uid=link.uid, g=link.g, device=device, link_hash=link.hash)
    return hpke_seal(_receiver(link, device), seed, info)


def open_wrap(link: Link, device: bytes, key: KemKey, wrap: bytes) -> KemKey:
    """The user key that `link`, taken from the verified chain, names."""
    if _receiver(link, device) != key.public:
        raise BadKey("the link lists another key for this device")
    info = wrap_info(uid=link.uid, g=link.g, device=device, link_hash=link.hash)
    user_key = KemKey(key.open(wrap, info))
    if user_key.public != link.user_key:
        raise BadKey("the seed is not that of the user key on the list")
    return user_key


def seal_previous(
    seed: bytes, previous: bytes, *, uid: bytes, g: int, nonce: bytes | None = None
) -> bytes:
    context = cat("m1:uk-prev", uid, u32(g))
    return seal_box(hkdf(ZERO, seed, context, 32), previous, context, nonce)


def open_previous(seed: bytes, box: bytes, *, uid: bytes, g: int) -> bytes:
    context = cat("m1:uk-prev", uid, u32(g))
    return open_box(hkdf(ZERO, seed, context, 32), box, context, records.PREV_BOX_LEN)


def seal_note(
    seed: bytes, text: bytes, *, uid: bytes, g: int, peer: bytes, version: int,
    nonce: bytes | None = None,
) -> bytes:  # fmt: skip
    plaintext = (u32(len(text)) + text).ljust(NOTE_PLAINTEXT, b"\0")
    if len(plaintext) != NOTE_PLAINTEXT:
        raise BadEncoding("the note is too long")
    return seal_box(_note_key(seed, uid, peer), plaintext, _note_aad(uid, g, peer, version), nonce)


def open_note(
    seed: bytes, note: bytes, *, uid: bytes, g: int, peer: bytes, version: int
) -> dict[str, Any]:
    plaintext = open_box(
        _note_key(seed, uid, peer), note, _note_aad(uid, g, peer, version), records.NOTE_LEN
    )
    length = uint(plaintext[:4])
    text, padding = plaintext[4 : 4 + length], plaintext[4 + length :]
    if len(text) != length or padding.strip(b"\0"):
        raise BadEncoding("the padding of the note is not zero")
    return dict(json.loads(text))


@lru_cache(maxsize=4096)
def self_mac_key(seed: bytes) -> bytes:
    return hkdf(ZERO, seed, cat("m1:self"), 32)


def _receiver(link: Link, device: bytes) -> bytes:
    if device == records.RECOVERY_DEVICE:
        return link.recovery_key
    entry = link.device(device)
    if entry is None:
        raise BadKey("the device is not on the list")
    return entry.kem_key


def _note_key(seed: bytes, uid: bytes, peer: bytes) -> bytes:
    return hkdf(ZERO, seed, cat("m1:note", uid, peer), 32)


def _note_aad(uid: bytes, g: int, peer: bytes, version: int) -> bytes:
    return cat("m1:note", uid, u32(g), peer, u32(version))
