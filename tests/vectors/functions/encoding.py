"""Encodings and primitives."""

from typing import Any

from e2ee import encoding, signatures
from testkit.client.m1 import symmetric
from testkit.client.m1.keys import KemKey, SigningKey
from tests.vectors.octets import read

Case = dict[str, Any]


def cat(given: Case) -> Case:
    return {"bytes": encoding.cat(given["label"], *map(read, given["fields"])).hex()}


def parse(given: Case) -> Case:
    fields = encoding.parse(read(given["bytes"]), given["label"], given["widths"])
    return {"fields": [field.hex() for field in fields]}


def base64(given: Case) -> Case:
    return {"bytes": encoding.from_base64(given["text"], given["length"]).hex()}


def id_hex(given: Case) -> Case:
    return {"bytes": encoding.id_from_hex(given["text"]).hex()}


def hkdf(given: Case) -> Case:
    salt, ikm, info = (read(given[name]) for name in ("salt", "ikm", "info"))
    return {"bytes": symmetric.hkdf(salt, ikm, info, given["length"]).hex()}


def box_seal(given: Case) -> Case:
    key, nonce, plaintext, aad = (
        read(given[name]) for name in ("key", "nonce", "plaintext", "aad")
    )
    return {"box": symmetric.seal_box(key, plaintext, aad, nonce).hex()}


def box_open(given: Case) -> Case:
    key, box, aad = (read(given[name]) for name in ("key", "box", "aad"))
    return {"plaintext": symmetric.open_box(key, box, aad).hex()}


def ed25519_public(given: Case) -> Case:
    return {"public": SigningKey(read(given["seed"])).public.hex()}


def ed25519_check(given: Case) -> Case:
    signatures.check_public_key(read(given["public"]))
    return {}


def ed25519_verify(given: Case) -> Case:
    signatures.verify(*(read(given[name]) for name in ("public", "signature", "message")))
    return {}


def kem_public(given: Case) -> Case:
    public = KemKey(read(given["seed"])).public
    return {"public": public.hex(), "hash": encoding.h(public).hex()}


def hpke_open(given: Case) -> Case:
    key = KemKey(read(given["seed"]))
    return {"plaintext": key.open(read(given["sealed"]), read(given["info"])).hex()}


FUNCTIONS = {
    each.__name__: each
    for each in (
        cat,
        parse,
        base64,
        id_hex,
        hkdf,
        box_seal,
        box_open,
        ed25519_public,
        ed25519_check,
        ed25519_verify,
        kem_public,
        hpke_open,
    )
}
