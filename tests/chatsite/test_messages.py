"""Every text of the site has words in every language of the site."""

from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from chatsite.management.commands import messages

GERMAN = messages.LOCALE / "de/LC_MESSAGES/django.po"


def test_all_languages_are_complete_and_compiled() -> None:
    languages = {path.parts[-3] for path in messages.catalogs()}
    assert languages == {code for code, _ in settings.LANGUAGES} - {settings.LANGUAGE_CODE}
    call_command("messages", check=True)


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A complete catalog that a test may spoil."""
    monkeypatch.setattr(messages, "LOCALE", tmp_path)
    path = tmp_path / "de/LC_MESSAGES/django.po"
    path.parent.mkdir(parents=True)
    path.write_bytes(GERMAN.read_bytes())
    compile_again(path)
    return path


def compile_again(path: Path) -> None:
    polib.pofile(str(path)).save_as_mofile(str(path.with_suffix(".mo")))


def spoil(path: Path, before: str, after: str) -> list[str]:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    compile_again(path)
    return list(messages.faults(path))


def test_a_complete_catalog_has_no_faults(copy: Path) -> None:
    assert not list(messages.faults(copy))


def test_a_missing_translation_is_named(copy: Path) -> None:
    (fault,) = spoil(copy, '"Abbrechen"', '""')
    assert "not translated: Cancel" in fault


def test_a_guess_of_the_tool_is_no_translation(copy: Path) -> None:
    (fault,) = spoil(copy, 'msgid "Cancel"', '#, fuzzy\nmsgid "Cancel"')
    assert "not translated: Cancel" in fault


def test_a_lost_place_is_named(copy: Path) -> None:
    (fault,) = spoil(copy, 'Wiederherstellungscode für %(site)s"', 'Wiederherstellungscode"')
    assert "places differ" in fault


def test_a_stale_compiled_catalog_is_named(copy: Path) -> None:
    copy.write_text(copy.read_text().replace('"Abbrechen"', '"Nein"', 1))
    (fault,) = messages.faults(copy)
    assert "out of date" in fault


def test_a_fault_fails_the_command(copy: Path) -> None:
    spoil(copy, '"Abbrechen"', '""')
    with pytest.raises(CommandError, match="Cancel"):
        call_command("messages", check=True)
