"""What documents and comments point at is there: files, sections, decisions."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand, CommandError

from media.stores import PART_MAX
from testkit.running import ROOT

# As prose shortens paths; what set-up makes is not in the repository.
FOLDERS = (ROOT, ROOT / "static", ROOT / "static/js", ROOT / "tests")
MADE_AT_SET_UP = ("var/", ".venv/", "node_modules/", ".services/")
# Files of a backup, which a document describes.
ELSEWHERE = {"secrets/", "blobs/", "manifest.json"}

PATH = re.compile(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:py|js|css|html|md|toml))`")
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)")
DOCUMENT = re.compile(r"(?<![\w/.-])((?:[\w.-]+/)*[\w-]+\.md)\b")
SECTION = re.compile(r"docs/encryption\.md,? (?:section )?(\d(?:\.\d+)?)")
DECISION = re.compile(r"\bADR (\d+)|docs/adr/(\d{4})")
UNPUBLISHED = re.compile(
    r"\b(?:procedures|amendments|ecosystem|storage|style) \d|\bthe design(?:'s| says| names)\b",
    re.I,
)
OLD_ENGLISH = re.compile(r"\b(?:whoever|anew|thereof|therein|thereby|whence|lest|himself)\b", re.I)
COMMAND = re.compile(r"manage\.py ([a-z_]+)((?: [^`#|&\n]*)?)")
DISTRIBUTED = {"sync_cassandra": "django_cassandra_engine"}  # of that engine alone
BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
SCRIPT = re.compile(r"\b([a-z][a-z_-]*(?:\.test)?\.js)\b")


@cache
def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True, text=True,
    )  # fmt: skip
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


@cache
def names() -> set[str]:
    return {path.name for path in tracked()}


def documents() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".md" and path.name != "CHANGELOG.md"]


def prose_and_code() -> Iterator[Path]:
    foreign = {ROOT / "static/vendor", ROOT / "docs/images", ROOT / "tests/vectors/crypto"}
    for path in tracked():
        text = path.suffix in {".py", ".js", ".css", ".html", ".md", ".toml", ".sh"}
        if text and not foreign & set(path.parents) and path.name != "CHANGELOG.md":
            yield path


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("document", documents(), ids=shown)
def test_every_file_that_a_document_names_exists(document: Path) -> None:
    text = document.read_text()
    for name in set(PATH.findall(text)):
        if name.startswith(MADE_AT_SET_UP) or name in ELSEWHERE:
            continue
        beside = document.parent / name
        bare = "/" not in name and name in names()
        assert bare or beside.exists() or any((folder / name).exists() for folder in FOLDERS), name
    for target in LINK.findall(text):
        assert (document.parent / target).exists(), target


def test_every_document_section_and_decision_that_is_cited_exists() -> None:
    headings = re.findall(
        r"^##+ (\d(?:\.\d+)?)", (ROOT / "docs/encryption.md").read_text(), re.MULTILINE
    )
    decisions = {path.name[:4] for path in (ROOT / "docs/adr").iterdir()}
    cited = 0
    for path in prose_and_code():
        text = path.read_text()
        for name in DOCUMENT.findall(text):
            there = (ROOT / name).exists() or (path.parent / name).exists()
            assert there or f'"{name}"' in text, (shown(path), name)  # quoted: a part of a path
            cited += 1
        if path != Path(__file__):
            assert not UNPUBLISHED.search(text), shown(path)
        for section in SECTION.findall(text):
            assert section in headings, (shown(path), section)
        for number in (first or second for first, second in DECISION.findall(text)):
            assert number.zfill(4) in decisions, (shown(path), number)
    assert cited > 50


def test_every_script_that_a_comment_names_exists() -> None:
    for path in prose_and_code():
        if path.suffix == ".js":
            lines = path.read_text().splitlines()
            comments = [line for line in lines if line.lstrip().startswith(("//", "*", "/*"))]
            for name in SCRIPT.findall("\n".join(comments)):
                assert name in names(), (shown(path), name)


def test_words_are_those_that_people_use_today() -> None:
    assert OLD_ENGLISH.search("Whoever asks")
    for path in prose_and_code():
        if path != Path(__file__):
            assert not OLD_ENGLISH.search(path.read_text()), shown(path)


def test_the_proxy_of_the_document_lets_a_part_of_a_file_through() -> None:
    said = re.search(r"client_max_body_size (\d+)m;", (ROOT / "docs/operations.md").read_text())
    assert said
    assert int(said[1]) * 1024 * 1024 >= PART_MAX


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    for name, words in COMMAND.findall(text):
        yield name, shlex.split(words)


@cache
def command(name: str) -> BaseCommand:
    app = get_commands().get(name) or DISTRIBUTED[name]
    return app if isinstance(app, BaseCommand) else load_command_class(app, name)


@pytest.mark.parametrize("document", documents(), ids=shown)
def test_every_command_that_a_document_names_takes_what_it_says(document: Path) -> None:
    text = document.read_text()
    for name, words in commands(text):
        known = command(name).create_parser("manage.py", name)._option_string_actions
        assert {word.partition("=")[0] for word in words if word.startswith("--")} <= set(known)
    for block in BLOCK.findall(text):
        for name, words in commands(block):
            command(name).create_parser("manage.py", name).parse_args(words)


def test_a_command_that_is_not_there_is_seen() -> None:
    [(name, words)] = commands("`manage.py prune --forever` does it")
    assert words == ["--forever"]
    with pytest.raises(CommandError, match="--forever"):
        command(name).create_parser("manage.py", name).parse_args(words)
    with pytest.raises(KeyError):
        command("prune_everything")
