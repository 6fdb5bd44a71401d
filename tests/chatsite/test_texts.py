"""What scripts say can be translated: the catalog of the page's language, as data."""

import json
import re
from pathlib import Path
from typing import Any

from django.utils.translation import override

from chatsite.templatetags.texts import texts


def catalog() -> dict[str, Any]:
    found = re.search(r">(.*)<", texts())
    assert found
    return json.loads(found[1])


def test_the_source_language_needs_no_catalog() -> None:
    with override("en"):
        assert catalog() == {}
    with override("en-gb"):
        assert catalog() == {}


def test_another_language_brings_texts_and_plurals() -> None:
    with override("de"):
        found = catalog()
    assert found["catalog"]["Today"] == "Heute"
    assert found["catalog"]["in {count} minute"] == ["in {count} Minute", "in {count} Minuten"]
    assert found["plural"][:3] == "101"
    assert "Choose a date" not in found["catalog"]  # of Django's admin, which is no page of ours


def test_every_string_of_a_script_is_marked_so_that_makemessages_finds_it() -> None:
    """A variable inside gettext() can never be found."""
    wrong = [
        f"{path}: {call}"
        for path in Path("static/js").rglob("*.js")
        if path.name != "text.js"
        for call in re.findall(r"\bgettext\(\s*[^\"\s)][^)]*", path.read_text())
    ]
    assert not wrong
