import json
from typing import Any

from e2ee.encoding import to_base64
from testkit.client.m1 import body
from tests.vectors.functions import Case
from tests.vectors.making import gives, refuses
from tests.vectors.scene import LINK_A1, LINK_B1, MID, T

PREV = to_base64(b"\x79" * 32)
HEADS = {"me": [1, to_base64(LINK_A1.hash)], "peer": [1, to_base64(LINK_B1.hash)]}
TEXT: dict[str, Any] = {"t": "text", "ts": T, "heads": HEADS, "prev": PREV, "body": "grüß 👋"}
REF = to_base64(MID)
BLOB: dict[str, Any] = {
    "blob": to_base64(b"\x99" * 16),
    "fk": to_base64(b"\x77" * 32),
    "size": 150_001,
    "hash": to_base64(b"\x3b" * 32),
    "log2": 16,
}
FILE = {**BLOB, "mime": "image/png", "name": "bild.png"}
THUMB = {**BLOB, "w": 320, "h": 200}
VOICE = {**FILE, "mime": "audio/mp4", "ms": 4200, "wave": to_base64(bytes(range(64)))}


def cases() -> list[Case]:
    return [*_good(), *_bad_members(), *_bad_json()]


def _good() -> list[Case]:
    common: dict[str, Any] = {"ts": T, "me": (1, LINK_A1.hash), "peer": (1, LINK_B1.hash)}
    good = {
        "text": _json(TEXT),
        "reply": _json({**TEXT, "ref": REF}),
        "text with a file": _json({**TEXT, "att": [FILE]}),
        "text with a picture": _json({**TEXT, "att": [{**FILE, "w": 4, "h": 3, "thumb": THUMB}]}),
        "text with a voice note": _json({**TEXT, "body": "", "att": [VOICE]}),
        "text with a described picture": _json(
            {**TEXT, "att": [{**FILE, "alt": "\U0001f68b" * 1000}]}
        ),
        "a name of 255 bytes": _json({**TEXT, "att": [{**FILE, "name": "ü" * 127 + "x"}]}),
        "ten files": _json({**TEXT, "att": [FILE] * 10}),
        "members in another order, with spaces": json.dumps(dict(reversed(TEXT.items()))).encode(),
        "reaction": body.react("👍", ref=MID, prev=b"\x79" * 32, **common),
        "reaction taken back": body.react("", ref=MID, prev=b"\x79" * 32, **common),
        "edit": body.edit("besser", ref=MID, prev=b"\x79" * 32, **common),
        "deletion": body.delete(ref=MID, prev=b"\x79" * 32, **common),
    }
    first = body.text("hallo", prev=None, **common)
    return [
        *(gives(name, "body_parse", body=raw.hex(), ctr=2) for name, raw in good.items()),
        gives("first message of a device", "body_parse", body=first.hex(), ctr=1),
        refuses("prev in the first message", "body_parse", body=_json(TEXT).hex(), ctr=1),
        refuses("no prev later on", "body_parse", body=first.hex(), ctr=2),
    ]


def _bad_members() -> list[Case]:
    changes: dict[str, dict[str, Any]] = {
        "unknown type": {"t": "poll"},
        "type that is a number": {"t": 1},
        "unknown member": {"extra": 1},
        "ts as a string": {"ts": str(T)},
        "ts with a fraction": {"ts": 1.5},
        "ts below zero": {"ts": -1},
        "ts beyond 2^53": {"ts": 2**53},
        "ts that is true": {"ts": True},
        "body that is null": {"body": None},
        "prev of 31 bytes": {"prev": to_base64(bytes(31))},
        "prev with stray bits": {"prev": PREV[:-2] + "f="},
        "ref of 15 bytes": {"ref": to_base64(bytes(15))},
        "heads without peer": {"heads": {"me": HEADS["me"]}},
        "heads with a third": {"heads": {**HEADS, "more": HEADS["me"]}},
        "heads as a list": {"heads": [HEADS["me"], HEADS["peer"]]},
        "a head of three": {"heads": {**HEADS, "me": [1, PREV, 1]}},
        "a head with a word for k": {"heads": {**HEADS, "me": ["1", PREV]}},
        "no attachment in att": {"att": []},
        "eleven attachments": {"att": [FILE] * 11},
        "an attachment without a name": {"att": [BLOB]},
        "an attachment with more": {"att": [{**FILE, "path": "/"}]},
        "an attachment with a short key": {"att": [{**FILE, "fk": to_base64(bytes(16))}]},
        "a name of 256 bytes": {"att": [{**FILE, "name": "ü" * 128}]},
        "a description of 1001 characters": {"att": [{**FILE, "alt": "x" * 1001}]},
        "a description that is a number": {"att": [{**FILE, "alt": 1}]},
        "a duration with a fraction": {"att": [{**VOICE, "ms": 4200.5}]},
        "a wave of no value": {"att": [{**VOICE, "wave": ""}]},
        "a wave of 65 values": {"att": [{**VOICE, "wave": to_base64(bytes(65))}]},
        "a wave as a list": {"att": [{**VOICE, "wave": [1, 2]}]},
        "a thumbnail with a description": {"att": [{**FILE, "thumb": {**THUMB, "alt": "x"}}]},
        "a thumbnail without a width": {"att": [{**FILE, "thumb": BLOB}]},
        "att in an edit": {"t": "edit", "ref": REF, "att": [FILE]},
        "body in a deletion": {"t": "del", "ref": REF},
        "a reaction to nothing": {"t": "react"},
    }
    return [
        *(
            refuses(name, "body_parse", body=_json({**TEXT, **changed}).hex(), ctr=2)
            for name, changed in changes.items()
        ),
        *(
            refuses(f"without {name}", "body_parse", body=_json(_without(name)).hex(), ctr=2)
            for name in ("t", "ts", "heads", "body")
        ),
    ]


def _bad_json() -> list[Case]:
    whole = _json(TEXT)
    bad = {
        "duplicate member": whole[:-1] + b',"body":"zwei"}',
        "duplicate member inside heads": whole.replace(b'"peer":', b'"me":'),
        "duplicate member, one escaped": whole[:-1] + b',"b\\u006fdy":"zwei"}',
        "bytes after the end": whole + b"{}",
        "a zero byte after the end": whole + b"\0",
        "cut": whole[:-1],
        "an array": b"[" + whole + b"]",
        "a number": b"1",
        "nothing": b"",
        "not UTF-8": whole.replace("ü".encode(), b"\xfc"),
        "a byte order mark": b"\xef\xbb\xbf" + whole,
        "NaN": whole.replace(str(T).encode(), b"NaN"),
    }
    return [
        refuses(f"JSON: {name}", "body_parse", body=raw.hex(), ctr=2) for name, raw in bad.items()
    ]


def _without(name: str) -> dict[str, Any]:
    return {key: value for key, value in TEXT.items() if key != name}


def _json(members: dict[str, Any]) -> bytes:
    return body.encode(members)
