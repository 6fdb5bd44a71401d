"""Linking a device by code (4.4): secrets and the two MACs. The server never sees `ls`."""

import hmac
from dataclasses import dataclass

from e2ee.encoding import SUITE, ZERO, cat, h, mac, u8
from e2ee.errors import BadEncoding, BadProof
from testkit.client.m1.code import normalise
from testkit.client.m1.symmetric import hkdf

SECRET_CHARACTERS = 24


@dataclass(frozen=True)
class PairSecrets:
    pair_id: bytes
    k_new: bytes
    k_existing: bytes


def derive(typed: str) -> PairSecrets:
    link_secret = normalise(typed)
    if len(link_secret) != SECRET_CHARACTERS:
        raise BadEncoding(f"a link code has {SECRET_CHARACTERS} characters")
    ls = link_secret.encode()
    keys = hkdf(ZERO, ls, cat("m1:pair"), 64)
    return PairSecrets(h(cat("m1:pair-id", ls))[:16], keys[:32], keys[32:])


def offer_mac(pair: PairSecrets, *, device: bytes, signing_key: bytes, kem_key: bytes) -> bytes:
    return mac(
        pair.k_new,
        cat("m1:pair-offer", pair.pair_id, device, signing_key, u8(SUITE), kem_key),
    )


def answer_mac(pair: PairSecrets, *, link_hash: bytes, wrap: bytes, aik: bytes) -> bytes:
    return mac(pair.k_existing, cat("m1:pair-answer", pair.pair_id, link_hash, h(wrap), aik))


def check_mac(expected: bytes, claimed: bytes) -> None:
    if not hmac.compare_digest(expected, claimed):
        raise BadProof("the pairing MAC does not verify")
