"""Messages: derivation, sealing, opening, the JSON inside, the commitment."""

from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from e2ee import envelope as shape
from e2ee.encoding import h
from e2ee.epochs import parse_record
from e2ee.errors import BadSignature
from testkit.client.m1 import body as bodies
from testkit.client.m1 import envelope, franking
from testkit.client.m1.epochs import OpenEpoch
from tests.vectors.octets import read

Case = dict[str, Any]


def direction_key(given: Case) -> Case:
    return {"key": envelope.direction_key(read(given["secret"]), read(given["sender"])).hex()}


def commitment(given: Case) -> Case:
    value = franking.commit(
        read(given["kf"]),
        conn=read(given["conn"]),
        sender=read(given["sender"]),
        mid=read(given["mid"]),
        body=read(given["body"]),
    )
    return {"commitment": value.hex()}


def message_header(given: Case) -> Case:
    header = envelope.encode_header(
        conn=read(given["conn"]),
        n=given["n"],
        epoch_hash=read(given["epoch_hash"]),
        sender=read(given["sender"]),
        device=read(given["device"]),
        ctr=given["ctr"],
        mid=read(given["mid"]),
        kind=given["kind"],
        ttl=given["ttl"],
        commitment=read(given["commitment"]),
    )
    return {"header": header.hex(), "hash": h(header).hex()}


def message_encrypt(given: Case) -> Case:
    ciphertext = envelope.encrypt(
        read(given["header"]),
        envelope.pad(read(given["kf"]), read(given["body"])),
        salt=read(given["salt"]),
        secret=read(given["secret"]),
        sender=read(given["sender"]),
    )
    return {"length": len(ciphertext), "hash": h(ciphertext).hex()}


def message_seal(given: Case) -> Case:
    sealed = envelope.seal(
        read(given["body"]),
        epoch=_epoch(given),
        sender=read(given["sender"]),
        device=read(given["device"]),
        ctr=given["ctr"],
        mid=read(given["mid"]),
        user_seed=read(given["user_seed"]),
        kind=given["kind"],
        ttl=given["ttl"],
        franking_key=read(given["kf"]),
        salt=read(given["salt"]),
    )
    parts = shape.parse_envelope(sealed.envelope)
    return {
        "length": len(sealed.envelope),
        "hash": h(sealed.envelope).hex(),
        "header_hash": h(sealed.header.raw).hex(),
        "ciphertext_length": len(parts.ciphertext),
        "ciphertext_hash": parts.ciphertext_hash.hex(),
        "self_mac": parts.self_mac.hex(),
        "commitment": sealed.commitment.hex(),
    }


def message_open(given: Case) -> Case:
    opened = envelope.open_sealed(
        read(given["envelope"]),
        read(given["salt"]),
        epoch=_epoch(given),
        own_uid=read(given["own_uid"]),
        user_seeds={int(g): read(seed) for g, seed in given["user_seeds"].items()},
    )
    header = opened.header
    return {
        "body_hash": h(opened.body).hex(),
        "kf": opened.franking_key.hex(),
        "sender": header.sender.hex(),
        "device": header.device.hex(),
        "ctr": header.ctr,
        "mid": header.mid.hex(),
        "kind": header.kind,
        "ttl": header.ttl,
    }


def body_parse(given: Case) -> Case:
    return {"members": sorted(bodies.parse(read(given["body"]), given["ctr"]))}


def gcm_open(given: Case) -> Case:
    key, nonce, ciphertext, aad = (
        read(given[name]) for name in ("key", "nonce", "ciphertext", "aad")
    )
    try:
        return {"plaintext": AESGCM(key).decrypt(nonce, ciphertext, aad).hex()}
    except InvalidTag:
        raise BadSignature("the ciphertext does not open") from None


def _epoch(given: Case) -> OpenEpoch:
    return OpenEpoch(parse_record(read(given["record"])), read(given["secret"]))


FUNCTIONS = {
    each.__name__: each
    for each in (
        direction_key,
        commitment,
        message_header,
        message_encrypt,
        message_seal,
        message_open,
        body_parse,
        gcm_open,
    )
}
