"""How a case is made: the functions of this package compute what must come out."""

import copy
from typing import Any

from e2ee.errors import M1Error
from tests.vectors.functions import FUNCTIONS, Case


def gives(name: str, fn: str, /, **given: Any) -> Case:
    return {"name": name, "fn": fn, "in": given, "out": FUNCTIONS[fn](copy.deepcopy(given))}


def refuses(name: str, fn: str, /, **given: Any) -> Case:
    """A case that must be refused; the reason is this program's and only for people."""
    try:
        result = FUNCTIONS[fn](copy.deepcopy(given))
    except M1Error as refusal:
        return {"name": name, "fn": fn, "in": given, "refuse": str(refusal)}
    raise AssertionError(f"{name}: {fn} gave {result}")


def repeat(byte: str, times: int) -> dict[str, Any]:
    return {"repeat": byte, "times": times}
