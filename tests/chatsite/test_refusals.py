"""Whatever the server refuses, the page says in the reader's language what to do."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from accounts.suspending import Reason
from testkit.running import ROOT

EXPLAIN = (ROOT / "static/js/ui/explain.js").read_text()
REFUSING = {"Refusal", "bad", "_answer"}
# With retry_ms: explain.js says when. On a live connection: static/js/ui/bubbles.js, or nothing.
SAID_OTHERWISE = {"rate", "bad_seq", "stale_epoch", "reused", "unsupported", "malformed", "method"}


def refused_in(path: Path) -> Iterator[str]:
    """The codes of Refusal(status, "code", …), bad("code", …) and SomeConflict(code="code"), and
    those of classes: code = "code", also among other members."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef):
            yield from _codes_of(node)
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        given = [arg for arg in node.args if name in REFUSING]
        given += [keyword.value for keyword in node.keywords if keyword.arg == "code"]
        words = [arg.value for arg in given if isinstance(arg, ast.Constant)]
        yield from [word for word in words if isinstance(word, str)][:1]


def _codes_of(kind: ast.ClassDef) -> Iterator[str]:
    for line in kind.body:
        if isinstance(line, ast.Assign):
            names = [
                getattr(one, "id", "") for one in getattr(line.targets[0], "elts", line.targets)
            ]
            values = getattr(line.value, "elts", [line.value])
            pairs = dict(zip(names, values, strict=False))
            if isinstance(code := pairs.get("code"), ast.Constant) and isinstance(code.value, str):
                yield code.value


def codes() -> dict[str, str]:
    return {
        code: str(path.relative_to(ROOT))
        for package in ("accounts", "messaging", "moderation", "chatsite")
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


def test_the_page_has_the_reasons_of_suspensions() -> None:
    words = (ROOT / "static/js/ui/suspendedwords.js").read_text()
    said = dict(re.findall(r'^  (\d): \(\) => gettext\("(.*)"\),$', words, re.MULTILINE))
    assert said == {str(reason.value): str(reason.label) for reason in Reason}
