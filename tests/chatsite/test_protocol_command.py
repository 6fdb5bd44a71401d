"""manage.py protocol: the browser's twin of the wire and its documentation."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from messaging import protocol
from testkit.running import ROOT


def test_the_browsers_twin_and_the_documentation_are_fresh(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    call_command("protocol", "--check")
    monkeypatch.setattr(protocol, "MAX_FRAME", 1)
    with pytest.raises(CommandError, match="stale"):
        call_command("protocol", "--check")


def test_the_command_writes_what_it_checks(tmp_path: Path, settings: Any, capsys: Any) -> None:
    (tmp_path / "static/js").mkdir(parents=True)
    (tmp_path / "docs").mkdir()
    settings.BASE_DIR = tmp_path
    call_command("protocol")
    call_command("protocol", "--check")
    for name in ("static/js/protocol.js", "docs/protocol.md"):
        assert (tmp_path / name).read_text() == (ROOT / name).read_text()
