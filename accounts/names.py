"""User names and display names: PRECIS (RFC 8265, RFC 8266), and what we refuse on top."""

import unicodedata

from precis_i18n import get_profile

from accounts.problems import bad
from accounts.protocol import DISPLAY_NAME_MAX, NAME_MAX, NAME_MIN

PUNCTUATION = frozenset("._-")
MIXABLE = ({"HIRAGANA", "KATAKANA", "CJK"}, {"HANGUL", "CJK"})  # scripts that one word may mix

_username = get_profile("UsernameCaseMapped")
_nickname = get_profile("NicknameCasePreserved")


def username(text: str) -> str:
    """As it is stored and compared: lower case, NFC. Raises Refusal `bad_name`."""
    name = folded(text)
    if not NAME_MIN <= len(name) <= NAME_MAX:
        bad("bad_name", f"A name has {NAME_MIN} to {NAME_MAX} letters or digits.")
    if not (name[0].isalnum() and all(_allowed(character) for character in name)):
        bad("bad_name", "A name has letters, digits, dots, dashes and underscores.")
    if not _one_script(name):
        bad("bad_name", "A name keeps to one alphabet, so that it cannot pass for another.")
    return name


def folded(text: str) -> str:
    """How a name that somebody typed is looked up; empty where it can be nobody's."""
    try:
        return str(_username.enforce(text.strip()))
    except UnicodeEncodeError:
        return ""


def display_name(text: str) -> str:
    """Spaces put right, nothing invisible. Raises Refusal `bad_name`."""
    try:
        name = str(_nickname.enforce(text))
    except UnicodeEncodeError:
        name = ""
    if not 1 <= len(name) <= DISPLAY_NAME_MAX:
        bad("bad_name", f"A display name has 1 to {DISPLAY_NAME_MAX} visible characters.")
    return name


def _allowed(character: str) -> bool:
    return character in PUNCTUATION or unicodedata.category(character)[0] in "LMN"


def _one_script(name: str) -> bool:
    """`pаypal` with one Cyrillic letter is the classic; whole-script look-alikes remain."""
    scripts = {
        unicodedata.name(character, "").split(" ")[0].split("-")[0]
        for character in name
        if unicodedata.category(character).startswith("L")
    }
    return len(scripts) <= 1 or any(scripts <= mixable for mixable in MIXABLE)
