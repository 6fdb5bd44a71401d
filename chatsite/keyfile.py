"""The files of `var/secrets/`: a key a line, newest first (docs/encryption.md 4.17).

k3:base64of32bytes:next          announced: known, and used from the next rotation on
k2:base64of32bytes               in use
k1:base64of32bytes:2026-11-30    replaced that day (UTC); what it made before is still known
"""

import base64
import binascii
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

KEY_LEN = 32
NEXT = "next"


class BadKeys(ValueError):
    """The text says what is wrong, and never a key."""


@dataclass(frozen=True, slots=True)
class Line:
    """`replaced`: None of the key in use, and of one whose line was written before days stood
    here."""

    kid: str
    key: bytes
    replaced: date | None = None
    announced: bool = False

    def __str__(self) -> str:
        said = NEXT if self.announced else self.replaced.isoformat() if self.replaced else None
        words = (self.kid, base64.b64encode(self.key).decode(), *([said] if said else []))
        return ":".join(words)


def parse(text: str) -> list[Line]:
    """Raises BadKeys."""
    lines = [_line(word) for word in text.split()]
    if not lines or len({line.kid for line in lines}) != len(lines):
        raise BadKeys("must hold one key a line, each with a kid of its own")
    if all(line.announced for line in lines):
        raise BadKeys("has no key that is in use")
    return lines


def in_order_of_use(lines: Sequence[Line]) -> list[tuple[str, bytes]]:
    """The key in use first: what signs and seals takes it. An announced one is only known."""
    announced = [line for line in lines if line.announced]
    used, *older = [line for line in lines if not line.announced]
    return [(line.kid, line.key) for line in (used, *announced, *older)]


def new(kid: str) -> Line:
    return Line(kid, secrets.token_bytes(KEY_LEN))


def write(path: Path, text: str) -> None:
    """For the owner alone. An interrupted run leaves no half key."""
    partial = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)


def _line(word: str) -> Line:
    kid, _, rest = word.partition(":")
    encoded, _, said = rest.partition(":")
    try:
        key = base64.b64decode(encoded, validate=True)
        replaced = date.fromisoformat(said) if said and said != NEXT else None
    except (binascii.Error, ValueError):
        key, replaced = b"", None
    if not kid.isalnum() or len(key) != KEY_LEN:
        raise BadKeys("has a line that is not kid:base64 of 32 bytes")
    return Line(kid, key, replaced, said == NEXT)
