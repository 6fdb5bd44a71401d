"""M of a reported message, for people to look at. It may be a reporter's invention: nothing of it
is trusted, and what cannot be read is said to be so."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from e2ee.encoding import from_base64
from e2ee.errors import M1Error

REPLY = "Reply"
KINDS = {"text": "", "edit": "Edit", "react": "Reaction", "del": "Deletion"}
FILES_MAX = 10
MIME_MAX = 100  # characters that are shown
SIZE_MAX = 2**53 - 1  # bytes: a larger number is none in a browser
UNREADABLE = "Not readable"
HALF = re.compile("[\ud800-\udfff]")  # of a surrogate pair: JSON may hold one, and UTF-8 none


@dataclass(frozen=True, slots=True)
class Key:
    """What opens the blob of a file (docs/encryption.md 4.11)."""

    blob: bytes
    fk: bytes = field(repr=False)
    digest: bytes
    log2: int


@dataclass(frozen=True, slots=True)
class File:
    """All of it as the sender said. `size`: bytes. `key` is None where the entry is not whole."""

    name: str
    mime: str
    size: int
    key: Key | None


@dataclass(frozen=True, slots=True)
class Said:
    """`kind`: empty for a text that is no reply."""

    kind: str
    text: str = ""
    files: tuple[File, ...] = ()


def read(body: bytes) -> Said:
    try:
        members: Any = json.loads(body)
    except (ValueError, RecursionError):
        return Said(UNREADABLE)
    kind = _text(members.get("t")) if isinstance(members, dict) else ""
    if kind not in KINDS:
        return Said(UNREADABLE)
    reply = REPLY if kind == "text" and "ref" in members else ""
    return Said(KINDS[kind] or reply, _text(members.get("body")), _files(members.get("att")))


def _files(att: Any) -> tuple[File, ...]:
    entries = att[:FILES_MAX] if isinstance(att, list) else []
    return tuple(_file(one) for one in entries if isinstance(one, dict))


def _file(entry: dict[str, Any]) -> File:
    name, mime = _text(entry.get("name")) or "file", _text(entry.get("mime"))[:MIME_MAX]
    size = entry.get("size")
    if type(size) is not int or not 0 <= size <= SIZE_MAX:
        return File(name, mime, 0, None)
    return File(name, mime, size, _key(entry))


def _key(entry: dict[str, Any]) -> Key | None:
    log2 = entry.get("log2")
    if type(log2) is not int:
        return None
    try:
        widths = {"blob": 16, "fk": 32, "hash": 32}
        blob, fk, digest = (from_base64(_text(entry.get(of)), n) for of, n in widths.items())
    except M1Error:
        return None
    return Key(blob, fk, digest, log2)


def _text(value: Any) -> str:
    return HALF.sub("\N{REPLACEMENT CHARACTER}", value) if isinstance(value, str) else ""
