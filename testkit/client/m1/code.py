"""The recovery code and its alphabet (4.5)."""

import secrets

from e2ee.encoding import cat, h
from e2ee.errors import BadEncoding

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_CHARACTERS = 30
GROUP = 4
_LOOKALIKES = str.maketrans("OIL", "011")


def new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_CHARACTERS))


def show(code: str) -> str:
    """32 characters in 8 groups of 4, the last two of which are the check."""
    full = code + check_characters(code)
    return "-".join(full[i : i + GROUP] for i in range(0, len(full), GROUP))


def read(typed: str) -> str:
    """The 30 characters; a wrong character slips through once in 1024."""
    characters = normalise(typed)
    if len(characters) != CODE_CHARACTERS + 2:
        raise BadEncoding("a recovery code has 32 characters")
    code, check = characters[:CODE_CHARACTERS], characters[CODE_CHARACTERS:]
    if check_characters(code) != check:
        raise BadEncoding("a character of the recovery code is wrong")
    return code


def check_characters(code: str) -> str:
    value = int.from_bytes(h(cat("m1:code-check", code.encode()))) % 1024
    return ALPHABET[value >> 5] + ALPHABET[value & 31]


def normalise(typed: str) -> str:
    text = typed.replace("-", "").replace(" ", "")
    if not text.isascii():
        raise BadEncoding("a character that no code contains")
    text = text.upper().translate(_LOOKALIKES)
    if any(character not in ALPHABET for character in text):
        raise BadEncoding("a character that no code contains")
    return text
