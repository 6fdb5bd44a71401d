from dataclasses import replace
from typing import Any

from e2ee import records
from e2ee.encoding import MAX_UINT, ZERO
from e2ee.records import Link, ListedDevice
from testkit.client.m1 import devicelist
from testkit.client.m1.keys import SigningKey
from tests.vectors import scene
from tests.vectors.functions import Case
from tests.vectors.making import gives, refuses
from tests.vectors.scene import (
    AIK_A,
    DEVICE_A2,
    ENTRY_A,
    ENTRY_A2,
    LINK_A1,
    LINK_A2,
    LINK_B1,
    RECOVERY_A,
    UK_A,
    UK_A2,
    A,
    B,
    T,
)


def cases() -> list[Case]:
    return [*_builds(), *_shapes(), *_follows(), *_breaks(), *_resets()]


def _builds() -> list[Case]:
    return [
        gives("link 1 of A", "link_build", **_described(LINK_A1, 0xA1)),
        gives("link 1 of B", "link_build", **_described(LINK_B1, 0xB1)),
        gives("link 2 of A", "link_build", **_described(LINK_A2, 0xA1)),
        gives("link 1 of A verifies", "link_verify", link=LINK_A1.raw.hex()),
        gives("link 2 of A verifies", "link_verify", link=LINK_A2.raw.hex()),
        gives("twenty devices", "link_verify", link=_first(devices=_many(20)).hex()),
    ]


def _described(link: Link, aik_seed: int) -> dict[str, Any]:
    return {
        "uid": link.uid.hex(),
        "k": link.k,
        "previous_hash": link.previous_hash.hex(),
        "aik_seed": scene.seed(aik_seed).hex(),
        "devices": [
            {
                "id": device.id.hex(),
                "signing_key": device.signing_key.hex(),
                "kem_key": device.kem_key.hex(),
                "added": device.added_ms,
            }
            for device in link.devices
        ],
        "g": link.g,
        "user_key": link.user_key.hex(),
        "recovery_key": link.recovery_key.hex(),
        "flags": link.flags,
        "ms": link.ms,
    }


def _shapes() -> list[Case]:
    raw = LINK_A1.raw
    small = ListedDevice(b"\xd3" * 16, b"\x01" + bytes(31), DEVICE_A2.kem.public, T)
    weak_kem = ListedDevice(
        b"\xd3" * 16, DEVICE_A2.signing.public, DEVICE_A2.kem.public[:1184] + bytes(32), T
    )
    other_suite = raw.replace(b"\0\0\0\x01\x02\0\0\x04\xc0", b"\0\0\0\x01\x01\0\0\x04\xc0", 1)
    bad = {
        "a flipped bit in the signature": raw[:-1] + bytes([raw[-1] ^ 1]),
        "a flipped bit in the link": raw[:60] + bytes([raw[60] ^ 1]) + raw[61:],
        "a cut link": raw[:-1],
        "a link with a byte more": raw + b"\0",
        "no link at all": b"",
        "no device": _first(devices=[]),
        "twenty-one devices": _first(devices=_many(21)),
        "devices out of order": _first(devices=[ENTRY_A2, ENTRY_A]),
        "a device twice": _first(devices=[ENTRY_A, ENTRY_A]),
        "a device of zeros": _first(devices=_many(1, start=0)),
        "a device with a small-order key": _first(devices=[small]),
        "a device with a useless X-Wing key": _first(devices=[weak_kem]),
        "a device of suite 1": _resigned(other_suite),
        "a user key that is no ML-KEM key": _first(user_key=b"\xff" * 1216),
        "unknown flags": _first(flags=4),
        "k = 0": _first(k=0),
        "g = 0": _first(g=0),
        "a time above 2^53 - 1": _first(ms=MAX_UINT + 1),
        "a device added above 2^53 - 1": _first(devices=[replace(ENTRY_A, added_ms=2**64 - 1)]),
    }
    return [
        refuses(f"refused: {name}", "link_verify", link=link.hex()) for name, link in bad.items()
    ]


def _follows() -> list[Case]:
    renewed = _next(LINK_A2, devices=[ENTRY_A], user_key=UK_A2.public, revokes=True)
    return [
        _follow("first contact", None, LINK_A1.raw),
        _follow("first contact with a longer chain", None, LINK_A1.raw, LINK_A2.raw, renewed),
        _follow("a device was added", LINK_A1, LINK_A2.raw),
        _follow("nothing new", LINK_A2),
        _follow("revoked under a new user key", LINK_A2, renewed),
        _follow("two links further", LINK_A1, LINK_A2.raw, renewed),
        _follow("a device left out without revokes", LINK_A2, _next(LINK_A2, devices=[ENTRY_A])),
    ]


def _breaks() -> list[Case]:
    other = SigningKey(scene.seed(0xC1))
    bad = {
        "rollback to k = 1": (LINK_A2, [LINK_A1.raw]),
        "the head again": (LINK_A2, [LINK_A2.raw]),
        "a gap": (LINK_A1, [_next(LINK_A2)]),
        "a gap inside": (None, [LINK_A1.raw, _next(LINK_A2)]),
        "first contact without the beginning": (None, [LINK_A2.raw]),
        "first contact with nothing": (None, []),
        "another predecessor": (LINK_A2, [_next(LINK_A2, previous_hash=bytes(32))]),
        "another account": (LINK_A2, [_next(LINK_A2, uid=B)]),
        "the chain of somebody else": (None, [LINK_B1.raw]),
        "another identity key": (LINK_A2, [_next(LINK_A2, aik=other)]),
        "another user key under the same g": (LINK_A2, [_next(LINK_A2, user_key=UK_A2.public)]),
        "a new g with the old user key": (LINK_A2, [_next(LINK_A2, g=2)]),
        "a jump of g": (LINK_A2, [_next(LINK_A2, g=3, user_key=UK_A2.public)]),
        "revokes without a new user key": (LINK_A2, [_next(LINK_A2, flags=1)]),
        "reset in the middle": (LINK_A2, [_next(LINK_A2, flags=2)]),
        "revokes in the first link": (None, [_first(flags=1)]),
        "a first link with a predecessor": (None, [_first(previous_hash=b"\x01" * 32)]),
        "a first link with g = 2": (None, [_first(g=2)]),
    }
    return [_refused(name, pin, *links) for name, (pin, links) in bad.items()]


def _resets() -> list[Case]:
    other = SigningKey(scene.seed(0xC1))
    reset = _first(aik=other, flags=records.FLAG_RESET, ms=T + 9)
    after = _next(records.parse_link(reset), aik=other, devices=[ENTRY_A])
    return [
        _follow("a reset replaces the pin", LINK_A2, reset),
        _follow("a reset and what follows", LINK_A2, reset, after),
        _follow("first contact after a reset", None, reset, after),
        _refused("a new chain without reset", LINK_A2, _first(aik=other)),
        _refused("a reset with the old identity key", LINK_A2, _first(flags=records.FLAG_RESET)),
        _refused("a reset that revokes", LINK_A2, _first(aik=other, flags=3)),
        _refused("a reset of another account", LINK_A2, _first(aik=other, flags=2, uid=B)),
    ]


def _follow(name: str, pin: Link | None, *links: bytes) -> Case:
    return gives(f"followed: {name}", "list_follow", **_given(pin, links))


def _refused(name: str, pin: Link | None, *links: bytes) -> Case:
    return refuses(f"refused: {name}", "list_follow", **_given(pin, links))


def _given(pin: Link | None, links: tuple[bytes, ...]) -> dict[str, Any]:
    return {
        "uid": A.hex(),
        "pin": pin.raw.hex() if pin else None,
        "links": [link.hex() for link in links],
    }


def _first(**changed: Any) -> bytes:
    given = {
        "uid": A,
        "k": 1,
        "previous_hash": ZERO,
        "aik": AIK_A,
        "devices": [ENTRY_A],
        "g": 1,
        "user_key": UK_A.public,
        "recovery_key": RECOVERY_A.public,
        "flags": 0,
        "ms": T,
    }
    return devicelist.build_link(**{**given, **changed})


def _next(head: Link, *, revokes: bool = False, **changed: Any) -> bytes:
    given = {
        "uid": head.uid,
        "k": head.k + 1,
        "previous_hash": head.hash,
        "devices": head.devices,
        "g": head.g + revokes,
        "flags": int(revokes),
        "ms": head.ms + 1,
    }
    return _first(**{**given, **changed})


def _many(count: int, start: int = 1) -> list[ListedDevice]:
    return [
        ListedDevice(bytes([start + i]) * 16, ENTRY_A.signing_key, ENTRY_A.kem_key, T)
        for i in range(count)
    ]


def _resigned(raw: bytes) -> bytes:
    return raw[:-64] + AIK_A.sign(raw[:-64])
