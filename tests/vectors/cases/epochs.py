from dataclasses import replace
from typing import Any

from e2ee.encoding import MAX_UINT, ZERO, h
from e2ee.epochs import AGE, BAD_KCV, FIRST, RESET, EpochHeader, Side
from e2ee.records import Link
from testkit.client.m1 import epochs
from testkit.client.m1.epochs import OpenEpoch
from testkit.client.m1.keys import DeviceKeys, SigningKey, hpke_seal
from tests.vectors import scene
from tests.vectors.functions import Case
from tests.vectors.making import gives, refuses, repeat
from tests.vectors.scene import (
    CONN,
    DEVICE_A,
    DEVICE_B,
    EPOCH_0,
    EPOCH_1,
    LINK_A1,
    LINK_A2,
    LINK_B1,
    NONCE,
    UK_A,
    UK_B,
    A,
    B,
    T,
)
from tests.vectors.wraps import WRAPS


def cases() -> list[Case]:
    return [*_printed(), *_verified(), *_broken(), *_chain(), *_boxes()]


def _printed() -> list[Case]:
    made = []
    for epoch, x, parent in ((EPOCH_0, "01", None), (EPOCH_1, "02", EPOCH_0)):
        header = epoch.record.header
        name = f"E_{header.n}"
        made += [
            gives(
                f"header of {name}",
                "epoch_header",
                conn=CONN.hex(),
                n=header.n,
                parent=header.parent,
                previous_hash=header.previous_hash.hex(),
                low_link=LINK_A1.raw.hex(),
                high_link=LINK_B1.raw.hex(),
                creator=A.hex(),
                device=DEVICE_A.id.hex(),
                reason=header.reason,
                ms=header.ms,
            ),
            gives(
                f"secret of {name}",
                "epoch_secret",
                header_hash=h(header.raw).hex(),
                x=repeat(x, 32),
                conn=CONN.hex(),
                parent=header.parent,
                parent_secret=parent.secret.hex() if parent else None,
            ),
            gives(
                f"record {name}",
                "epoch_sign",
                header=header.raw.hex(),
                kcv=epoch.record.kcv.hex(),
                wrap_low=repeat("e1", 1168),
                wrap_high=repeat("e2", 1168),
                dsk_seed=DEVICE_A.signing.seed.hex(),
            ),
        ]
    info = {"header": EPOCH_0.record.header.raw.hex(), "uid": A.hex()}
    return [*made, gives("info of the wrap for A", "epoch_wrap_info", **info)]


def _verified() -> list[Case]:
    reset = _record(_header(n=2, parent=None, reason=RESET, previous_hash=EPOCH_1.record.hash))
    by_b = _record(_header(creator=B, device=DEVICE_B.id), DEVICE_B.signing)
    return [
        gives("E_0 verifies", "epoch_verify", **_given(EPOCH_0.record.raw)),
        gives("E_1 verifies", "epoch_verify", **_given(EPOCH_1.record.raw, EPOCH_0.record.hash)),
        gives("a first epoch made by B", "epoch_verify", **_given(by_b)),
        gives("an epoch after a reset", "epoch_verify", **_given(reset, EPOCH_1.record.hash)),
    ]


def _broken() -> list[Case]:
    raw, before = EPOCH_1.record.raw, EPOCH_0.record.hash
    outsider = DeviceKeys(b"\xd8" * 16, SigningKey(scene.seed(0xC2)), DEVICE_A.kem)
    one: dict[str, Any] = {"n": 1, "parent": 0, "reason": AGE, "previous_hash": before}
    headers: dict[str, dict[str, Any]] = {
        "another connection": {"conn": b"\x77" * 16},
        "another predecessor": {"previous_hash": bytes([1]) * 32},
        "a device that is not listed": {"device": outsider.id},
        "a creator from outside": {"creator": b"\xcc" * 16},
        "users out of order": {"low": LINK_B1, "high": LINK_A1},
        "one user twice": {"high": LINK_A1},
        "another link than that named": {"low": LINK_A2},
        "reason 8": {"reason": 8},
        "reason 0 later on": {"reason": FIRST, "parent": None},
        "no parent without a reset": {"parent": None},
        "itself as parent": {"parent": 1},
        "a later parent": {"parent": 2},
        "a reset with a parent": {"reason": RESET},
        "a time above 2^53 - 1": {"ms": MAX_UINT + 1},
    }
    return [
        *(
            refuses(
                f"refused: {name}",
                "epoch_verify",
                **_given(_record(_header(**{**one, **changed})), before),
            )
            for name, changed in headers.items()
        ),
        *(
            refuses(f"refused: {name}", "epoch_verify", **_given(record, before))
            for name, record in _damaged(raw, one, outsider).items()
        ),
    ]


def _damaged(raw: bytes, one: dict[str, Any], outsider: DeviceKeys) -> dict[str, bytes]:
    spoilt_wrap = bytearray(raw)
    spoilt_wrap[1000] ^= 1
    suite_at = raw.index(b"m1:epoch-hdr") + 16
    side = _header(**one).low
    return {
        "a link of another account": _record(_resided(one, replace(side, uid=b"\x11" * 16))),
        "another g than the link's": _record(_resided(one, replace(side, g=2))),
        "n = none": _record(_header(**{**one, "n": 2**32 - 1})),
        "a signature by another key": _record(_header(**one), outsider.signing),
        "a signature by the other user's device": _record(_header(**one), DEVICE_B.signing),
        "a wrap exchanged by the server": bytes(spoilt_wrap),
        "a flipped bit in the signature": raw[:-1] + bytes([raw[-1] ^ 1]),
        "a cut record": raw[:-1],
        "a record with a byte more": raw + b"\0",
        "suite 1": raw[:suite_at] + b"\x01" + raw[suite_at + 1 :],
        "a first epoch with a parent": _record(_header(parent=0)),
        "a first epoch with another reason": _record(_header(reason=AGE)),
        "a first epoch with a predecessor": _record(_header(previous_hash=bytes([1]) * 32)),
    }


def _chain() -> list[Case]:
    """Good E_0; E_1 whose creator wrapped two different secrets; E_2 skips it by its parent."""
    good = _sealed("e0", _header(), None, scene.seed(1))
    bad_header = _header(n=1, parent=0, reason=AGE, previous_hash=good.record.hash)
    bad = _sealed("e1", bad_header, good, scene.seed(2), lie_to_high=scene.seed(3))
    skip = _header(
        n=2, parent=0, reason=BAD_KCV, previous_hash=bad.record.hash, creator=B, device=DEVICE_B.id
    )
    mended = _sealed("e2", skip, good, scene.seed(4), dsk=DEVICE_B.signing)
    return [
        gives("chain: E_0 verifies", "epoch_verify", **_given(good.record.raw)),
        gives("chain: A opens E_0", "epoch_open", **_opening(good, A)),
        gives("chain: B opens E_0", "epoch_open", **_opening(good, B)),
        gives("chain: E_1 verifies", "epoch_verify", **_given(bad.record.raw, good.record.hash)),
        gives("chain: A opens E_1", "epoch_open", **_opening(bad, A, good)),
        refuses("chain: B finds a bad kcv in E_1", "epoch_open", **_opening(bad, B, good)),
        gives("chain: E_2 verifies", "epoch_verify", **_given(mended.record.raw, bad.record.hash)),
        gives("chain: A opens E_2 past E_1", "epoch_open", **_opening(mended, A, good)),
        gives("chain: B opens E_2 past E_1", "epoch_open", **_opening(mended, B, good)),
        refuses("chain: E_2 under the wrong parent", "epoch_open", **_opening(mended, A, bad)),
        refuses("chain: E_2 without its parent", "epoch_open", **_opening(mended, A)),
        refuses(
            "chain: E_1 with another parent secret",
            "epoch_open",
            **{**_opening(bad, A, good), "parent_secret": "00" * 32},
        ),
        refuses(
            "chain: E_0 with the key of the other user",
            "epoch_open",
            **{**_opening(good, A), "seed": UK_B.seed.hex()},
        ),
    ]


def _boxes() -> list[Case]:
    row: dict[str, Any] = {"record": EPOCH_1.record.raw.hex(), "uid": A.hex(), "g": 1}
    own = {**row, "seed": UK_A.seed.hex()}
    made = gives("es_box", "es_box_seal", secret=EPOCH_1.secret.hex(), nonce=NONCE.hex(), **own)
    box = made["out"]["box"]
    lying = epochs.seal_es_box(
        replace(EPOCH_1, secret=bytes(32)), uid=A, g=1, user_seed=UK_A.seed, nonce=NONCE
    )
    other = {
        "record": EPOCH_0.record.raw.hex(),
        "uid": B.hex(),
        "g": 2,
        "seed": scene.UK_A2.seed.hex(),
    }
    return [
        made,
        gives("es_box opens", "es_box_open", box=box, **own),
        *(
            refuses(f"es_box with another {field}", "es_box_open", box=box, **{**own, field: value})
            for field, value in other.items()
        ),
        refuses("es_box broken", "es_box_open", box="00" + box[2:], **own),
        refuses("es_box cut", "es_box_open", box=box[:-2], **own),
        refuses("es_box with a secret that is not kcv's", "es_box_open", box=lying.hex(), **own),
    ]


def _given(record: bytes, previous_hash: bytes = ZERO) -> dict[str, str]:
    return {
        "record": record.hex(),
        "conn": CONN.hex(),
        "low_link": LINK_A1.raw.hex(),
        "high_link": LINK_B1.raw.hex(),
        "previous_hash": previous_hash.hex(),
    }


def _opening(epoch: OpenEpoch, uid: bytes, parent: OpenEpoch | None = None) -> dict[str, Any]:
    return {
        "record": epoch.record.raw.hex(),
        "uid": uid.hex(),
        "seed": (UK_A if uid == A else UK_B).seed.hex(),
        "parent_record": parent.record.raw.hex() if parent else None,
        "parent_secret": parent.secret.hex() if parent else None,
    }


def _header(**changed: Any) -> EpochHeader:
    given = {
        "conn": CONN,
        "n": 0,
        "parent": None,
        "previous_hash": ZERO,
        "low": LINK_A1,
        "high": LINK_B1,
        "creator": A,
        "device": DEVICE_A.id,
        "reason": FIRST,
        "ms": T,
    }
    return epochs.build_header(**{**given, **changed})


def _resided(changed: dict[str, Any], low: Side) -> EpochHeader:
    """A header that says of its lower user what the link does not."""
    header = replace(_header(**changed), low=low, creator=B, device=DEVICE_B.id)
    return replace(header, raw=epochs.encode_header(header))


def _record(header: EpochHeader, dsk: SigningKey = DEVICE_A.signing) -> bytes:
    wraps = b"\xe1" * 1168, b"\xe2" * 1168
    return epochs.assemble(header, bytes(32), *wraps, dsk).raw


def _sealed(
    name: str,
    header: EpochHeader,
    parent: OpenEpoch | None,
    x: bytes,
    lie_to_high: bytes | None = None,
    dsk: SigningKey = DEVICE_A.signing,
) -> OpenEpoch:
    def wrap(link: Link, secret: bytes) -> bytes:
        info = epochs.wrap_info(header.raw, link.uid)
        return WRAPS.get(
            f"{name}_{link.uid.hex()[:2]}", lambda: hpke_seal(link.user_key, secret, info)
        )

    secret = epochs.derive_secret(header, x, parent)
    low, high = wrap(LINK_A1, x), wrap(LINK_B1, lie_to_high or x)
    return OpenEpoch(epochs.assemble(header, epochs.kcv(secret), low, high, dsk), secret)
