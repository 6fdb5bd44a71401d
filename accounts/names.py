"""User names and display names: PRECIS (RFC 8265, RFC 8266), and what we refuse on top."""

import unicodedata

from precis_i18n import get_profile

from accounts.protocol import DISPLAY_NAME_MAX, NAME_MAX, NAME_MIN
from chatsite.edge.refusals import bad

PUNCTUATION = frozenset("._-")
MIXABLE = ({"HIRAGANA", "KATAKANA", "CJK"}, {"HANGUL", "CJK"})  # scripts that one word may mix
MARKS_MAX = 4  # on one letter: more than a script needs, and too few to cover the line above
BLANK = frozenset("\u2800\ufffc\U0001d159")  # symbols by category, and nothing to see

_username = get_profile("UsernameCaseMapped")
_nickname = get_profile("NicknameCasePreserved")


def username(text: str) -> str:
    """As it is stored and compared: lower case, NFC. Raises Refusal `bad_name`."""
    name = folded(text)
    if not NAME_MIN <= len(name) <= NAME_MAX:
        bad("bad_name", f"A name has {NAME_MIN} to {NAME_MAX} letters or digits.")
    if not (name[0].isalnum() and all(_allowed(character) for character in name)):
        bad("bad_name", "A name has letters, digits, dots, dashes and underscores.")
    if not _readable(name):
        bad("bad_name", f"A letter of a name carries at most {MARKS_MAX} marks.")
    if not _one_script(name):
        bad("bad_name", "A name keeps to one alphabet, so that it cannot pass for another.")
    return name


def folded(text: str) -> str:
    """How a typed name is looked up; empty where nobody can have it."""
    try:
        return str(_username.enforce(text.strip()))
    except UnicodeEncodeError:
        return ""


def display_name(text: str) -> str:
    """With tidy spaces and nothing invisible. Raises Refusal `bad_name`."""
    try:
        name = str(_nickname.enforce(text))
    except UnicodeEncodeError:
        name = ""
    if not 1 <= len(name) <= DISPLAY_NAME_MAX:
        bad("bad_name", f"A display name has 1 to {DISPLAY_NAME_MAX} characters.")
    if not _readable(name):
        marks = f"a letter of it carries at most {MARKS_MAX} marks"
        bad("bad_name", f"A display name has a visible character, and {marks}.")
    return name


def _readable(name: str) -> bool:
    """Something to see, and no heap of combining marks; the browser has the same in names.js."""
    visible = False
    marks = MARKS_MAX  # as if full: a mark needs a letter of its own before it
    for character in name:
        category = unicodedata.category(character)
        if category in {"Mn", "Me"}:
            marks += 1
            if marks > MARKS_MAX:
                return False
        else:
            marks = MARKS_MAX if category == "Zs" else 0
            visible |= category[0] in "LNPS" and character not in BLANK
    return visible


def _allowed(character: str) -> bool:
    return character in PUNCTUATION or unicodedata.category(character)[0] in "LMN"


def _one_script(name: str) -> bool:
    """`pаypal` with one Cyrillic letter is the classic; skeletons.py has whole words."""
    scripts = {
        unicodedata.name(character, "").split(" ")[0].split("-")[0]
        for character in name
        if unicodedata.category(character).startswith("L")
    }
    return len(scripts) <= 1 or any(scripts <= mixable for mixable in MIXABLE)
