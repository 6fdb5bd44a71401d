"""`manage.py messages`: the texts of the site in its languages (locale/), for `bin/messages`.

Extracts what is new with Django's makemessages (it needs xgettext), and compiles. With --check
it changes nothing, and fails where a text has no translation, a translation lost or invented a
{place}, or a compiled catalog is not that of its text.
"""

import re
import shutil
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polib
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

LOCALE = Path(settings.BASE_DIR) / "locale"
DOMAINS = {"django": ["html", "py"], "djangojs": ["js"]}
IGNORED = ["node_modules/*", "var/*", "static/vendor/*", "tests/*", "bench/*", "*/workers/*"]
HEADER = ["Language", "Content-Type", "Content-Transfer-Encoding", "Plural-Forms"]
WIDTH = 100
PLACE = re.compile(r"\{\w+\}|%\(\w+\)s|%[sd]")


class Command(BaseCommand):
    help = "Extract and compile the texts of the site."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only say what is wrong")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        if not check:
            _extract()
            _tidy_and_compile()
        wrong = [fault for path in catalogs() for fault in faults(path)]
        if check and not wrong and shutil.which("xgettext"):
            wrong += _forgotten()
        if wrong:
            raise CommandError("\n".join(["The texts are not complete:", *wrong]))


def catalogs() -> list[Path]:
    return sorted(LOCALE.glob("*/LC_MESSAGES/*.po"))


def faults(path: Path) -> Iterator[str]:
    """What is wrong with one catalog, in words that name the text."""
    catalog = polib.pofile(str(path))
    for entry in catalog:
        if not entry.obsolete:
            yield from (f"{path.relative_to(LOCALE)}: {fault}" for fault in _faults_of(entry))
    compiled = path.with_suffix(".mo")
    if not compiled.exists() or compiled.read_bytes() != catalog.to_binary():
        yield f"{path.relative_to(LOCALE)}: the compiled catalog is out of date"


def _faults_of(entry: polib.POEntry) -> Iterator[str]:
    if not entry.translated() or entry.fuzzy:
        yield f"not translated: {entry.msgid}"
        return
    # One of the plural forms may say "a message" for "{count} message".
    asked = places(entry.msgid) | places(entry.msgid_plural)
    for text in entry.msgstr_plural.values() or [entry.msgstr]:
        if places(text) != asked:
            yield f"places differ: {entry.msgid}"


def places(text: str) -> set[str]:
    return set(PLACE.findall(text))


def _extract() -> None:
    if not shutil.which("xgettext"):
        raise CommandError("xgettext is needed: on Debian, apt-get install gettext")
    languages = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
    for domain, extensions in DOMAINS.items():
        call_command(
            "makemessages", domain=domain, locale=languages, extensions=extensions,
            ignore_patterns=IGNORED, no_wrap=True, add_location="file", no_obsolete=True,
            verbosity=0,
        )  # fmt: skip


def _tidy_and_compile() -> None:
    """The header keeps what a reader of the catalog needs: its dates would differ each time."""
    for path in catalogs():
        catalog = polib.pofile(str(path), wrapwidth=WIDTH)
        catalog.header = f"{path.parts[-3]}: bin/messages finds the texts and compiles them."
        catalog.metadata = {name: catalog.metadata[name] for name in HEADER}
        catalog.metadata["Language"] = path.parts[-3]
        catalog.metadata_is_fuzzy = False
        catalog.save(str(path))
        catalog.save_as_mofile(str(path.with_suffix(".mo")))


def _forgotten() -> Iterator[str]:
    """Texts of the source that no catalog has. Extracts, compares, and puts everything back."""
    before = {path: path.read_bytes() for path in catalogs()}
    known = {path: _texts(path) for path in before}
    try:
        _extract()
        for path, texts in known.items():
            yield from (
                f"{path.relative_to(LOCALE)}: not in it: {new}" for new in _texts(path) - texts
            )
    finally:
        for path, text in before.items():
            path.write_bytes(text)


def _texts(path: Path) -> set[str]:
    return {entry.msgid for entry in polib.pofile(str(path)) if not entry.obsolete}
