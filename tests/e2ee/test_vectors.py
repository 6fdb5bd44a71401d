"""The committed vectors hold, say what the document prints, and are what the writer makes."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from e2ee.errors import M1Error
from tests.vectors import write
from tests.vectors.functions import FUNCTIONS

DOCUMENT = Path(__file__).parents[2] / "docs" / "encryption.md"
CASES: list[dict[str, Any]] = [
    {**case, "file": path.stem}
    for path in sorted(write.DIRECTORY.glob("*.json"))
    for case in json.loads(path.read_text())
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['file']}: {case['name']}")
def test_case(case: dict[str, Any]) -> None:
    function = FUNCTIONS[case["fn"]]
    if "refuse" in case:
        with pytest.raises(M1Error, match=re.escape(case["refuse"])):
            function(case["in"])
    else:
        assert function(case["in"]) == case["out"]


def test_every_function_that_may_refuse_is_seen_to_pass() -> None:
    """A case that must be refused proves nothing unless one like it is accepted."""
    passing = {case["fn"] for case in CASES if "out" in case}
    assert {case["fn"] for case in CASES if "refuse" in case} <= passing
    assert passing == FUNCTIONS.keys()


def test_names_are_unique_in_a_file() -> None:
    names = [(case["file"], case["name"]) for case in CASES]
    assert len(names) == len(set(names))


def test_every_value_that_the_document_prints_is_pinned() -> None:
    section = DOCUMENT.read_text().split("### 4.19", 1)[1].split("\n## 5.", 1)[0]
    printed = set(re.findall(r"`([0-9a-f]{24,})`", section))
    assert len(printed) == 68
    assert printed <= set(_strings(CASES))


@pytest.mark.parametrize(
    ("name", "member", "value"),
    [
        ("short: ct", "length", 272),
        ("message under E_1", "length", 531),
        ("record E_0", "length", 2758),
        ("link 1 of A", "length", 3947),
        ("blob of 150 001 bytes", "length", 151_654),
        ("empty blob", "length", 70),
        ("blob of a chunk", "length", 65_606),
        ("code is shown", "shown", "0123-4567-89AB-CDEF-GHJK-MNPQ-RSTV-WX77"),
        ("safety number", "digits", "413879106582630262442116468793766772448320907618806228420675"),
        ("Padmé of 9", "padded", 10),
        ("Padmé of 1000", "padded", 1024),
        ("Padmé of 65537", "padded", 67_584),
        ("Padmé of 150001", "padded", 151_552),
        ("Padmé of 10000000", "padded", 10_223_616),
    ],
)
def test_lengths_and_digits_that_the_document_prints(name: str, member: str, value: object) -> None:
    (case,) = [case for case in CASES if case["name"] == name]
    assert case["out"][member] == value


def test_the_writer_is_deterministic_and_the_files_are_fresh() -> None:
    for path, text in write.files().items():
        assert path.read_text() == text, f"run python -m tests.vectors.write: {path.name}"


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for each in value.values() for text in _strings(each)]
    if isinstance(value, list):
        return [text for each in value for text in _strings(each)]
    return []
