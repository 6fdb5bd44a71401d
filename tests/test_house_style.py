"""House rules that no linter knows."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from testkit.running import ROOT

PACKAGES = (
    *("accounts", "bench", "chatsite", "e2ee", "media", "messaging"),
    *("moderation", "presence", "testkit"),
)
FILE_LINES, FUNCTION_LINES = 300, 40
# One definition of every frame, declarations alone: split, it would be two places to look.
THE_WIRE = (ROOT / "messaging/protocol.py", ROOT / "accounts/protocol.py")
WIRE_LINES = 420
FORBIDDEN_NAMES = {"utils", "helpers", "common", "core", "misc"}
UNSAFE_DOM = re.compile(r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\()")


def python_files() -> Iterator[Path]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def browser_files(suffix: str) -> Iterator[Path]:
    yield from sorted((ROOT / "static" / "js").rglob(f"*{suffix}"))
    yield from sorted((ROOT / "static" / "css").rglob(f"*{suffix}"))


def hand_written() -> list[Path]:
    generated = {ROOT / "static/js/protocol.js", ROOT / "static/js/workers/argon2.js"}
    files = [*python_files(), *browser_files(".js"), *browser_files(".css")]
    return [path for path in files if path not in generated]


def test_the_rules_see_the_code() -> None:
    assert len(list(python_files())) > 20
    assert len(list(browser_files(".js"))) > 10


@pytest.mark.parametrize("path", hand_written(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_read_in_one_sitting(path: Path) -> None:
    limit = WIRE_LINES if path in THE_WIRE else FILE_LINES
    assert len(path.read_text().splitlines()) <= limit
    assert path.stem not in FORBIDDEN_NAMES


@pytest.mark.parametrize("path", list(python_files()), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_function_fits_on_a_screen(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= FUNCTION_LINES, f"{node.name} has {length} lines"


@pytest.mark.parametrize(
    "path", list(browser_files(".js")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_no_script_writes_markup(path: Path) -> None:
    assert UNSAFE_DOM.search("element.innerHTML = text")
    assert not UNSAFE_DOM.search(path.read_text())


STAGES = (  # of static/js, from above, as ARCHITECTURE has them; Biome holds the imports of code
    ("pages",), ("elements", "ui"), ("tabs",), ("sync",), ("sending",),
    ("keys", "people", "account"), ("network",), ("storage",), ("chat", "crypto"),
)  # fmt: skip


def test_the_types_of_a_script_come_from_below_too() -> None:
    height = {folder: -at for at, stage in enumerate(STAGES) for folder in stage}
    type_import = re.compile(r'import\("\.\./([a-z]+)/')
    seen = 0
    for folder, own in height.items():
        for path in sorted((ROOT / "static/js" / folder).glob("*.js")):
            for source in type_import.findall(path.read_text()):
                seen += 1
                assert height[source] <= own, f"{path.name} takes a type of {source}/"
    assert seen > 50


def test_no_template_holds_script_style_or_handlers() -> None:
    inline = re.compile(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*json)", re.IGNORECASE)
    assert inline.search('<p onclick="x()">')
    for path in (ROOT / "templates").rglob("*.html"):
        assert not inline.search(path.read_text()), path


def test_only_env_reads_the_environment() -> None:
    for path in python_files():
        if path.name not in {"env.py", "asgi.py"} and not {"bench", "testkit"} & set(path.parts):
            assert not re.search(r"os\.(environ|getenv)", path.read_text()), path


def test_the_embedded_engine_loads_no_driver_of_another() -> None:
    drivers = ("redis", "cassandra", "boto3", "aiohttp")
    loads = f"import chatsite.asgi, sys; print([m for m in {drivers} if m in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", loads],
        cwd=ROOT, capture_output=True, check=True, text=True,
    )  # fmt: skip
    assert run.stdout.strip() == "[]"
