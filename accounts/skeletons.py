"""What a username looks like (Unicode TR 39): two names with one skeleton pass for each other.

A skeleton is for comparing alone and is never shown. Names have one alphabet each (names.py), so
what is left to imitate is a name in another alphabet, `раураl`, and in digits, `a1ice`.
"""

import unicodedata
from functools import cache
from pathlib import Path

from accounts.protocol import NAME_MAX

SKELETON_MAX = 8 * NAME_MAX  # characters: letters come apart into marks, and `m` into `rn`
DATA = Path(__file__).with_name("confusables.txt")  # bin/confusables writes it


def skeleton(name: str) -> str:
    """Of a name that `names.username` answered. One pass; repeating it changes nothing."""
    looks = _looks()
    apart = unicodedata.normalize("NFD", name)
    return unicodedata.normalize("NFD", "".join(looks.get(one, one) for one in apart))


@cache
def _looks() -> dict[str, str]:
    """What each letter looks like; itself where it is not there."""
    looks: dict[str, str] = {}
    for line in DATA.read_text().splitlines():
        if not line.startswith("#"):
            look, letters = (_characters(half) for half in line.split(":"))
            looks |= dict.fromkeys(letters, look)
    return looks


def _characters(points: str) -> str:
    return "".join(chr(int(point, 16)) for point in points.split())
