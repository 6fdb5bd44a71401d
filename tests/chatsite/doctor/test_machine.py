"""What doctor says of a machine that gives the site too little, or shows too much."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site

from chatsite.doctor import machine
from chatsite.make_secrets import main as make_secrets
from chatsite.running.findings import Level
from testkit.running import ROOT
from tests.chatsite.doctor.asked import expect, expect_well, found

CHECK = "chatsite.doctor.machine.examine"


@pytest.fixture
def var(tmp_path: Path, settings: Any) -> Path:
    settings.VAR = tmp_path / "var"
    make_secrets(settings.VAR / "secrets")
    return settings.VAR


def test_of_a_machine_as_it_should_be_nothing_is_wrong(var: Path) -> None:
    expect_well(found(CHECK))


@pytest.mark.parametrize("path", ["secrets/pepper", "secrets", "."])
def test_secrets_that_others_can_read_are_named(var: Path, path: str) -> None:
    (var / path).chmod(0o755)
    expect(found(CHECK), Level.WRONG, f"{var / path} can be read by others")


@pytest.mark.parametrize(
    ("limit", "level", "words"),
    [("300", "wrong", "172 connections fit"), ("2000", "warning", "1872 connections fit")],
)
def test_too_few_descriptors_are_said(limit: str, level: str, words: str) -> None:
    command = f'ulimit -n {limit}; exec "$0" -W ignore manage.py doctor --json'
    done = subprocess.run(
        ["bash", "-c", command, sys.executable],
        cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False,
    )  # fmt: skip
    [one] = [one for one in json.loads(done.stdout) if words in one["text"]]
    assert one["level"] == level


@pytest.mark.parametrize(
    ("limit", "level"), [("FREE_MIN", Level.WRONG), ("FREE_FEW", Level.WARNING)]
)
def test_a_disk_with_little_room_is_said(
    var: Path, monkeypatch: pytest.MonkeyPatch, limit: str, level: Level
) -> None:
    monkeypatch.setattr(machine, limit, 1 << 60)  # no disk is so large
    expect(found(CHECK), level, f"are free for {var}")


def without(name: str) -> Callable[[Path], None]:
    def spoil(collected: Path) -> None:
        manifest = collected / "staticfiles.json"
        known = json.loads(manifest.read_text())
        del known["paths"][name]
        manifest.write_text(json.dumps(known))

    return spoil


def other(name: str) -> Callable[[Path], None]:
    def spoil(collected: Path) -> None:
        manifest = collected / "staticfiles.json"
        known = json.loads(manifest.read_text())
        known["paths"][name] = known["paths"]["js/needs.js"]
        manifest.write_text(json.dumps(known))

    return spoil


def emptied(collected: Path) -> None:
    shutil.rmtree(collected)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (without("js/app.js"), "the static file js/app.js is not collected"),
        (other("js/app.js"), "the static file js/app.js is that of another release"),
        (emptied, "is not collected"),
    ],
)
def test_static_files_that_are_not_those_of_the_release_are_said(
    var: Path, tmp_path: Path, settings: Any, spoil: Callable[[Path], None], words: str
) -> None:
    collected = tmp_path / "static"
    shutil.copytree(site.STATIC_ROOT, collected)
    spoil(collected)
    settings.STATIC_ROOT = collected
    settings.STORAGES = {**settings.STORAGES}  # the setting that its storage is made from
    expect(found(CHECK), Level.WRONG, words)


@pytest.mark.parametrize(
    ("days", "level", "words"),
    [
        (0, Level.WRONG, "is missing, spoilt or past its time"),
        (29, Level.WARNING, "good for 28 more days"),
    ],
)
def test_a_key_of_reports_that_runs_out_is_said(
    var: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, days: int, level: Level, words: str
) -> None:
    settings.TAKES_REPORTS = True
    settings.MODERATION_KEY = var / "secrets/moderation.pub"
    expect_well(found(CHECK))
    settings.MODERATION_KEY.unlink()
    monkeypatch.setattr("chatsite.make_secrets.PUBLISHED_MS", days * 86_400_000)
    make_secrets(var / "secrets")
    expect(found(CHECK), level, words)
