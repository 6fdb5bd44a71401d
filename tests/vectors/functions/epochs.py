"""Epoch records and their boxes."""

from typing import Any

from e2ee import epochs as checks
from e2ee import records
from e2ee.encoding import h
from e2ee.epochs import EpochRecord
from testkit.client.m1 import epochs
from testkit.client.m1.epochs import OpenEpoch
from testkit.client.m1.keys import KemKey, SigningKey
from tests.vectors.octets import maybe, read

Case = dict[str, Any]


def epoch_header(given: Case) -> Case:
    header = epochs.build_header(
        conn=read(given["conn"]),
        n=given["n"],
        parent=given["parent"],
        previous_hash=read(given["previous_hash"]),
        low=records.parse_link(read(given["low_link"])),
        high=records.parse_link(read(given["high_link"])),
        creator=read(given["creator"]),
        device=read(given["device"]),
        reason=given["reason"],
        ms=given["ms"],
    )
    return {"header": header.raw.hex(), "hash": h(header.raw).hex()}


def epoch_secret(given: Case) -> Case:
    secret = epochs.root_secret(
        read(given["header_hash"]),
        read(given["x"]),
        read(given["conn"]),
        given["parent"],
        maybe(given["parent_secret"]),
    )
    return {"secret": secret.hex(), "kcv": epochs.kcv(secret).hex()}


def epoch_sign(given: Case) -> Case:
    header, kcv, low, high = (
        read(given[name]) for name in ("header", "kcv", "wrap_low", "wrap_high")
    )
    record = epochs.assemble_raw(header, kcv, low, high, SigningKey(read(given["dsk_seed"])))
    return {
        "signature": record[-64:].hex(),
        "length": len(record),
        "record_hash": h(record).hex(),
    }


def epoch_verify(given: Case) -> Case:
    record = checks.parse_record(read(given["record"]))
    checks.verify_record(
        record,
        conn=read(given["conn"]),
        low=records.parse_link(read(given["low_link"])),
        high=records.parse_link(read(given["high_link"])),
        previous_hash=read(given["previous_hash"]),
    )
    header = record.header
    return {
        "n": header.n,
        "parent": header.parent,
        "reason": header.reason,
        "hash": record.hash.hex(),
    }


def epoch_wrap_info(given: Case) -> Case:
    info = epochs.wrap_info(read(given["header"]), read(given["uid"]))
    return {"hash": h(info).hex()}


def epoch_open(given: Case) -> Case:
    parent = maybe(given["parent_record"])
    opened = epochs.open_by_wrap(
        checks.parse_record(read(given["record"])),
        uid=read(given["uid"]),
        user_key=KemKey(read(given["seed"])),
        parent=OpenEpoch(_record(parent), read(given["parent_secret"])) if parent else None,
    )
    return {"secret": opened.secret.hex()}


def es_box_seal(given: Case) -> Case:
    box = epochs.seal_es_box(
        OpenEpoch(_record(read(given["record"])), read(given["secret"])),
        uid=read(given["uid"]),
        g=given["g"],
        user_seed=read(given["seed"]),
        nonce=read(given["nonce"]),
    )
    return {"box": box.hex()}


def es_box_open(given: Case) -> Case:
    opened = epochs.open_es_box(
        _record(read(given["record"])),
        read(given["box"]),
        uid=read(given["uid"]),
        g=given["g"],
        user_seed=read(given["seed"]),
    )
    return {"secret": opened.secret.hex()}


def _record(raw: bytes) -> EpochRecord:
    return checks.parse_record(raw)


FUNCTIONS = {
    each.__name__: each
    for each in (
        epoch_header,
        epoch_secret,
        epoch_sign,
        epoch_verify,
        epoch_wrap_info,
        epoch_open,
        es_box_seal,
        es_box_open,
    )
}
