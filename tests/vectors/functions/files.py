"""Attachments, padding, safety number, proofs."""

from typing import Any

from e2ee import proofs as signed
from e2ee.encoding import h
from e2ee.padding import bucket, padme
from testkit.client.m1 import blob, proofs, safety
from testkit.client.m1.keys import DeviceKeys, KemKey, SigningKey
from tests.vectors.octets import read

Case = dict[str, Any]


def blob_seal(given: Case) -> Case:
    sealed = _seal(given)
    return {"length": len(sealed), "hash": h(sealed).hex()}


def blob_open(given: Case) -> Case:
    sealed = _seal(given)
    changed = _tampered(sealed, given)
    # Of the blob as it came, so that the chunks must hold; or of the one that was sealed.
    plaintext = blob.open_blob(
        changed,
        read(given["open_fk"]),
        size=given["open_size"],
        digest=h(sealed if given["open_hash"] == "sealed" else changed),
        log2=given["open_log2"],
        role=given["open_role"],
    )
    return {"length": len(plaintext), "hash": h(plaintext).hex()}


def _seal(given: Case) -> bytes:
    return blob.seal_blob(
        read(given["plaintext"]),
        read(given["fk"]),
        role=given["role"],
        log2=given["log2"],
        salt=read(given["salt"]),
    )


def _tampered(sealed: bytes, given: Case) -> bytes:
    """`set` bytes at an offset, `keep` only so many, `swap` two ranges, `append`."""
    changed = bytearray(sealed)
    for offset, value in given["set"]:
        changed[offset] = value
    if given["keep"] is not None:
        del changed[given["keep"] :]
    if given["swap"] is not None:
        one, other, length = given["swap"]
        left = changed[one : one + length]
        changed[one : one + length] = changed[other : other + length]
        changed[other : other + length] = left
    return bytes(changed) + read(given["append"])


def padme_length(given: Case) -> Case:
    return {"padded": padme(given["length"])}


def message_bucket(given: Case) -> Case:
    return {"bucket": bucket(given["length"])}


def safety_number(given: Case) -> Case:
    prints = [
        safety.fingerprint(read(given[f"uid_{who}"]), read(given[f"aik_{who}"])) for who in "ab"
    ]
    return {
        "fingerprints": [each.hex() for each in prints],
        "digits": safety.digits(prints[0], prints[1]),
        "qr": safety.qr(prints[0], prints[1]),
    }


def socket_proof(given: Case) -> Case:
    keys, where = _device(given), _where(given)
    data = signed.socket_proof_bytes(device=keys.id, **where)
    return {"hash": h(data).hex(), "signature": proofs.socket_proof(keys, **where).hex()}


def http_proof(given: Case) -> Case:
    keys = _device(given)
    request = {
        **_where(given),
        "method": given["method"],
        "path": given["path"],
        "body": read(given["body"]),
    }
    data = signed.http_proof_bytes(device=keys.id, **request)
    header = proofs.http_proof(keys, **request)
    return {
        "hash": h(data).hex(),
        "signature": signed.parse_http_proof(header).signature.hex(),
        "header": header,
    }


def _device(given: Case) -> DeviceKeys:
    return DeviceKeys(read(given["device"]), SigningKey(read(given["dsk_seed"])), KemKey())


def _where(given: Case) -> dict[str, Any]:
    return {"host": given["host"], "nonce": read(given["nonce"]), "uid": read(given["uid"])}


FUNCTIONS = {
    each.__name__: each
    for each in (
        blob_seal,
        blob_open,
        padme_length,
        message_bucket,
        safety_number,
        socket_proof,
        http_proof,
    )
}
