from typing import Any

from testkit.client.m1 import userkeys
from tests.vectors import scene
from tests.vectors.functions import Case
from tests.vectors.making import gives, refuses
from tests.vectors.scene import DEVICE_A, LINK_A1, NONCE, RECOVERY_A, UK_A, A, B
from tests.vectors.wraps import WRAPS

NO_DEVICE = bytes(16)


def cases() -> list[Case]:
    return [*_wraps(), *_previous(), *_notes()]


def _wraps() -> list[Case]:
    row = {"uid": A.hex(), "g": 1, "link_hash": LINK_A1.hash.hex()}
    device = WRAPS.get("uk_d1", lambda: userkeys.wrap_for(LINK_A1, DEVICE_A.id, UK_A.seed))
    recovery = WRAPS.get("uk_rec", lambda: userkeys.wrap_for(LINK_A1, NO_DEVICE, UK_A.seed))

    def opened(who: bytes, seed: bytes, wrap: bytes) -> dict[str, str]:
        link = LINK_A1.raw.hex()
        return {"link": link, "device": who.hex(), "seed": seed.hex(), "wrap": wrap.hex()}

    return [
        gives("info of the wrap for d1", "user_wrap_info", device=DEVICE_A.id.hex(), **row),
        gives("info of the wrap for recovery", "user_wrap_info", device=NO_DEVICE.hex(), **row),
        gives("d1 opens", "user_wrap_open", **opened(DEVICE_A.id, DEVICE_A.kem.seed, device)),
        gives("recovery opens", "user_wrap_open", **opened(NO_DEVICE, RECOVERY_A.seed, recovery)),
        refuses(
            "the recovery wrap under the name of d1",
            "user_wrap_open",
            **opened(DEVICE_A.id, DEVICE_A.kem.seed, recovery),
        ),
        refuses(
            "a device that is not listed",
            "user_wrap_open",
            **opened(b"\xd9" * 16, DEVICE_A.kem.seed, device),
        ),
        refuses(
            "a key that is not listed",
            "user_wrap_open",
            **opened(DEVICE_A.id, scene.DEVICE_A2.kem.seed, device),
        ),
    ]


def _previous() -> list[Case]:
    row: dict[str, Any] = {"seed": "a8" * 32, "uid": A.hex(), "g": 2}
    made = gives("prev_box", "prev_seal", previous_seed="a4" * 32, nonce=NONCE.hex(), **row)
    box = made["out"]["box"]
    return [
        made,
        gives("prev_box opens", "prev_open", box=box, **row),
        refuses("prev_box with another g", "prev_open", box=box, **{**row, "g": 3}),
        refuses("prev_box of another user", "prev_open", box=box, **{**row, "uid": B.hex()}),
        refuses("prev_box cut", "prev_open", box=box[:-2], **row),
    ]


def _notes() -> list[Case]:
    text = '{"name":"Bea","verified":true}'
    row: dict[str, Any] = {
        "seed": "a4" * 32,
        "uid": A.hex(),
        "g": 1,
        "peer": B.hex(),
        "version": 1,
    }
    made = gives("note", "note_seal", text=text, nonce=NONCE.hex(), **row)
    note = made["out"]["note"]
    other = {"uid": B.hex(), "g": 2, "peer": "cc" * 16, "version": 2, "seed": "a8" * 32}
    return [
        made,
        gives("note opens", "note_open", note=note, **row),
        *(
            refuses(f"note with another {field}", "note_open", note=note, **{**row, field: value})
            for field, value in other.items()
        ),
        refuses("note too long", "note_seal", text='"' + "x" * 251 + '"', nonce=NONCE.hex(), **row),
    ]
