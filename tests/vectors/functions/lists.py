"""Device lists, pairing, user-key wraps and boxes."""

from typing import Any

from e2ee import records
from e2ee.encoding import h
from e2ee.records import ListedDevice
from testkit.client.m1 import devicelist, pairing, userkeys
from testkit.client.m1.keys import KemKey, SigningKey
from tests.vectors.octets import maybe, read

Case = dict[str, Any]


def link_build(given: Case) -> Case:
    devices = [
        ListedDevice(
            read(each["id"]), read(each["signing_key"]), read(each["kem_key"]), each["added"]
        )
        for each in given["devices"]
    ]
    raw = devicelist.build_link(
        uid=read(given["uid"]),
        k=given["k"],
        previous_hash=read(given["previous_hash"]),
        aik=SigningKey(read(given["aik_seed"])),
        devices=devices,
        g=given["g"],
        user_key=read(given["user_key"]),
        recovery_key=read(given["recovery_key"]),
        flags=given["flags"],
        ms=given["ms"],
    )
    return {
        "length": len(raw),
        "unsigned_hash": h(raw[:-64]).hex(),
        "signature": raw[-64:].hex(),
        "hash": h(raw).hex(),
    }


def link_verify(given: Case) -> Case:
    link = records.verify_link(read(given["link"]))
    return {
        "uid": link.uid.hex(),
        "k": link.k,
        "aik": link.aik.hex(),
        "devices": [device.id.hex() for device in link.devices],
        "g": link.g,
        "flags": link.flags,
        "ms": link.ms,
        "hash": link.hash.hex(),
    }


def list_follow(given: Case) -> Case:
    pin = maybe(given["pin"])
    followed = devicelist.follow(
        read(given["uid"]),
        records.parse_link(pin) if pin else None,
        [read(link) for link in given["links"]],
    )
    return {
        "k": followed.head.k,
        "hash": followed.head.hash.hex(),
        "changed": followed.changed,
        "needs_blocking_screen": followed.needs_blocking_screen,
    }


def pair_derive(given: Case) -> Case:
    pair = pairing.derive(given["typed"])
    return {
        "pair_id": pair.pair_id.hex(),
        "k_new": pair.k_new.hex(),
        "k_existing": pair.k_existing.hex(),
    }


def pair_offer(given: Case) -> Case:
    return {"mac": _offer(given).hex()}


def pair_check_offer(given: Case) -> Case:
    pairing.check_mac(_offer(given), read(given["mac"]))
    return {}


def _offer(given: Case) -> bytes:
    return pairing.offer_mac(
        pairing.derive(given["typed"]),
        device=read(given["device"]),
        signing_key=read(given["signing_key"]),
        kem_key=read(given["kem_key"]),
    )


def pair_answer(given: Case) -> Case:
    return {"mac": _answer(given).hex()}


def pair_check_answer(given: Case) -> Case:
    pairing.check_mac(_answer(given), read(given["mac"]))
    return {}


def _answer(given: Case) -> bytes:
    return pairing.answer_mac(
        pairing.derive(given["typed"]),
        link_hash=read(given["link_hash"]),
        wrap=read(given["wrap"]),
        aik=read(given["aik"]),
    )


def user_wrap_info(given: Case) -> Case:
    info = userkeys.wrap_info(
        uid=read(given["uid"]),
        g=given["g"],
        device=read(given["device"]),
        link_hash=read(given["link_hash"]),
    )
    return {"bytes": info.hex(), "hash": h(info).hex()}


def user_wrap_open(given: Case) -> Case:
    user_key = userkeys.open_wrap(
        records.parse_link(read(given["link"])),
        read(given["device"]),
        KemKey(read(given["seed"])),
        read(given["wrap"]),
    )
    return {"user_key_seed": user_key.seed.hex()}


def prev_seal(given: Case) -> Case:
    box = userkeys.seal_previous(
        read(given["seed"]),
        read(given["previous_seed"]),
        uid=read(given["uid"]),
        g=given["g"],
        nonce=read(given["nonce"]),
    )
    return {"box": box.hex()}


def prev_open(given: Case) -> Case:
    seed = userkeys.open_previous(
        read(given["seed"]), read(given["box"]), uid=read(given["uid"]), g=given["g"]
    )
    return {"previous_seed": seed.hex()}


def note_seal(given: Case) -> Case:
    note = userkeys.seal_note(
        read(given["seed"]), given["text"].encode(), nonce=read(given["nonce"]), **_row(given)
    )
    return {"note": note.hex(), "hash": h(note).hex()}


def note_open(given: Case) -> Case:
    return {"json": userkeys.open_note(read(given["seed"]), read(given["note"]), **_row(given))}


def _row(given: Case) -> dict[str, Any]:
    return {
        "uid": read(given["uid"]),
        "g": given["g"],
        "peer": read(given["peer"]),
        "version": given["version"],
    }


FUNCTIONS = {
    each.__name__: each
    for each in (
        link_build,
        link_verify,
        list_follow,
        pair_derive,
        pair_offer,
        pair_check_offer,
        pair_answer,
        pair_check_answer,
        user_wrap_info,
        user_wrap_open,
        prev_seal,
        prev_open,
        note_seal,
        note_open,
    )
}
