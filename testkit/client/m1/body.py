"""M, the JSON inside a message (4.8): built once, parsed strictly, never serialised again."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from e2ee.encoding import NO_U32, from_base64, to_base64
from e2ee.errors import BadEncoding, M1Error

MAX_ATTACHMENTS = 10
MAX_NAME = 255
"""Bytes of UTF-8."""

MAX_ALT = 1000
"""Code points."""

MAX_WAVE = 64
MAX_SAFE_INTEGER = 2**53 - 1
Head = tuple[int, bytes]


class UnknownType(M1Error):
    """A message of a later version: the user is told to update."""


def text(
    body: str, *, ts: int, me: Head, peer: Head, prev: bytes | None, ref: bytes | None = None,
    att: list[dict[str, Any]] | None = None,
) -> bytes:  # fmt: skip
    """`att`: the files, as M has them; what a receiver refuses is not sealed."""
    members: dict[str, Any] = {"t": "text", **_common(ts, me, peer, prev), "body": body}
    if ref is not None:
        members["ref"] = to_base64(ref)
    if att is not None:
        _attachments(att)
        members["att"] = att
    return encode(members)


def react(emoji: str, *, ref: bytes, ts: int, me: Head, peer: Head, prev: bytes | None) -> bytes:
    common = _common(ts, me, peer, prev)
    return encode({"t": "react", **common, "body": emoji, "ref": to_base64(ref)})


def edit(body: str, *, ref: bytes, ts: int, me: Head, peer: Head, prev: bytes | None) -> bytes:
    common = _common(ts, me, peer, prev)
    return encode({"t": "edit", **common, "body": body, "ref": to_base64(ref)})


def delete(*, ref: bytes, ts: int, me: Head, peer: Head, prev: bytes | None) -> bytes:
    return encode({"t": "del", **_common(ts, me, peer, prev), "ref": to_base64(ref)})


def encode(members: Mapping[str, Any]) -> bytes:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()


def parse(raw: bytes, ctr: int) -> dict[str, Any]:
    """Unknown, missing or doubled member or a wrong type: refused."""
    members = _load(raw)
    kind = members.get("t")
    if not isinstance(kind, str):
        raise BadEncoding("a message without a type")
    if kind not in _MEMBERS:
        raise UnknownType("a type of message that this version does not know")
    required, optional = _MEMBERS[kind]
    if ("prev" in members) != (ctr > 1):
        raise BadEncoding("prev is absent in the first message of a device, and only there")
    if not required <= members.keys() <= required | optional:
        raise BadEncoding("a member is missing or unknown")
    for name, value in members.items():
        _CHECKS[name](value)
    return members


def blobs(members: Mapping[str, Any]) -> list[bytes]:
    """What the server is told of the files of a message: their ids, thumbnails included."""
    return [
        from_base64(one["blob"], 16)
        for entry in members.get("att", ())
        for one in (entry, entry.get("thumb"))
        if one
    ]


def _common(ts: int, me: Head, peer: Head, prev: bytes | None) -> dict[str, Any]:
    members: dict[str, Any] = {"ts": ts, "heads": {"me": _head(me), "peer": _head(peer)}}
    if prev is not None:
        members["prev"] = to_base64(prev)
    return members


def _head(head: Head) -> list[Any]:
    return [head[0], to_base64(head[1])]


def _load(raw: bytes) -> dict[str, Any]:
    try:
        members = json.loads(raw.decode(), object_pairs_hook=_unique)
    except BadEncoding:
        raise
    except (ValueError, RecursionError):  # of a number with thousands of digits, too
        raise BadEncoding("the message is not UTF-8 JSON") from None
    if not isinstance(members, dict):
        raise BadEncoding("the message is no object")
    return members


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise BadEncoding("a member stands twice")
    return members


def _string(value: object) -> None:
    if not isinstance(value, str):
        raise BadEncoding("a string was expected")


def _integer(value: object) -> None:
    if type(value) is not int or not 0 <= value <= MAX_SAFE_INTEGER:
        raise BadEncoding("an integer was expected")


def _bytes(length: int) -> Callable[[object], None]:
    def check(value: object) -> None:
        if not isinstance(value, str):
            raise BadEncoding("base64 was expected")
        from_base64(value, length)

    return check


def _heads(value: object) -> None:
    if not isinstance(value, dict) or value.keys() != {"me", "peer"}:
        raise BadEncoding("heads has two members")
    for head in value.values():
        if not isinstance(head, list) or len(head) != 2:
            raise BadEncoding("a head is k and a hash")
        _integer(head[0])
        if not 1 <= head[0] < NO_U32:
            raise BadEncoding("k is out of range")
        _bytes(32)(head[1])


def _attachments(value: object) -> None:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_ATTACHMENTS:
        raise BadEncoding(f"att lists 1 to {MAX_ATTACHMENTS} attachments")
    for entry in value:
        _entry(entry, _FILE, _MORE)


def _name(value: object) -> None:
    _string(value)
    if len(str(value).encode(errors="surrogatepass")) > MAX_NAME:
        raise BadEncoding(f"the name of a file has at most {MAX_NAME} bytes")


def _alt(value: object) -> None:
    _string(value)
    if len(str(value)) > MAX_ALT:
        raise BadEncoding(f"a description has at most {MAX_ALT} characters")


def _wave(value: object) -> None:
    if not isinstance(value, str):
        raise BadEncoding("base64 was expected")
    if not 1 <= len(from_base64(value)) <= MAX_WAVE:
        raise BadEncoding(f"a voice note has 1 to {MAX_WAVE} values of loudness")


def _thumb(value: object) -> None:
    _entry(value, {**_BLOB, "w": _integer, "h": _integer}, {})


def _entry(
    value: object, required: Mapping[str, Callable[[object], None]],
    optional: Mapping[str, Callable[[object], None]],
) -> None:  # fmt: skip
    if not isinstance(value, dict):
        raise BadEncoding("an attachment is an object")
    if not required.keys() <= value.keys() <= required.keys() | optional.keys():
        raise BadEncoding("a member of an attachment is missing or unknown")
    for name, member in value.items():
        (required.get(name) or optional[name])(member)


_BLOB: dict[str, Callable[[object], None]] = {
    "blob": _bytes(16),
    "fk": _bytes(32),
    "size": _integer,
    "hash": _bytes(32),
    "log2": _integer,
}
_FILE = {**_BLOB, "mime": _string, "name": _name}
_MORE: dict[str, Callable[[object], None]] = {
    "w": _integer,
    "h": _integer,
    "alt": _alt,
    "ms": _integer,
    "wave": _wave,
    "thumb": _thumb,
}
_CHECKS: dict[str, Callable[[object], None]] = {
    "t": _string,
    "ts": _integer,
    "heads": _heads,
    "prev": _bytes(32),
    "body": _string,
    "ref": _bytes(16),
    "att": _attachments,
}
_ALWAYS = frozenset({"t", "ts", "heads"})
_MEMBERS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "text": (_ALWAYS | {"body"}, frozenset({"prev", "ref", "att"})),
    "react": (_ALWAYS | {"body", "ref"}, frozenset({"prev"})),
    "edit": (_ALWAYS | {"body", "ref"}, frozenset({"prev"})),
    "del": (_ALWAYS | {"ref"}, frozenset({"prev"})),
}
