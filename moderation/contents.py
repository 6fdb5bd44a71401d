"""M of a reported message, for people to look at. It may be a reporter's invention: nothing of it
is trusted, and what cannot be read is said to be so."""

import json
import re
from dataclasses import dataclass
from typing import Any

KINDS = {"text": "", "edit": "Edit", "react": "Reaction", "del": "Deletion"}
FILES_MAX = 10
UNREADABLE = "Not readable"
HALF = re.compile("[\ud800-\udfff]")  # of a surrogate pair: JSON may hold one, and UTF-8 none


@dataclass(frozen=True, slots=True)
class Said:
    """`kind`: empty for a text. `files`: their names, as the sender gave them."""

    kind: str
    text: str = ""
    files: tuple[str, ...] = ()


def read(body: bytes) -> Said:
    try:
        members: Any = json.loads(body)
    except (ValueError, RecursionError):
        return Said(UNREADABLE)
    kind = _text(members.get("t")) if isinstance(members, dict) else ""
    if kind not in KINDS:
        return Said(UNREADABLE)
    return Said(KINDS[kind], _text(members.get("body")), _files(members.get("att")))


def _files(att: Any) -> tuple[str, ...]:
    entries = att[:FILES_MAX] if isinstance(att, list) else []
    return tuple(_text(one.get("name")) or "file" for one in entries if isinstance(one, dict))


def _text(value: Any) -> str:
    return HALF.sub("\N{REPLACEMENT CHARACTER}", value) if isinstance(value, str) else ""
