"""Whatever the server refuses, the page says in the reader's language what to do."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import ROOT

EXPLAIN = (ROOT / "static/js/ui/explain.js").read_text()
REFUSING = {"Refusal", "bad", "_answer"}
# With retry_ms: explain.js says when. On the socket: static/js/ui/bubbles.js and the line itself.
SAID_OTHERWISE = {"rate", "bad_seq"}


def refused_in(path: Path) -> Iterator[str]:
    """The codes of Refusal(status, "code", …), bad("code", …) and SomeConflict(code="code")."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        given = [arg for arg in node.args if name in REFUSING]
        given += [keyword.value for keyword in node.keywords if keyword.arg == "code"]
        words = [arg.value for arg in given if isinstance(arg, ast.Constant)]
        yield from [word for word in words if isinstance(word, str)][:1]


def codes() -> dict[str, str]:
    return {
        code: str(path.relative_to(ROOT))
        for package in ("accounts", "messaging", "chatsite")
        for path in (ROOT / package).rglob("*.py")
        for code in refused_in(path)
    }


def test_the_codes_are_found() -> None:
    assert {"taken", "bad_link", "stale", "moved", "csrf", "busy"} <= codes().keys()


@pytest.mark.parametrize(("code", "where"), sorted(codes().items()))
def test_a_refusal_has_words(code: str, where: str) -> None:
    if code not in SAID_OTHERWISE:
        assert re.search(rf"^  {code}: ", EXPLAIN, re.MULTILINE), (
            f"{where}: explain.js lacks {code}"
        )


def test_words_are_for_codes_that_exist() -> None:
    table = EXPLAIN.partition("const SERVERS")[2].partition("};")[0]
    assert set(re.findall(r"^  (\w+): ", table, re.MULTILINE)) <= codes().keys()
