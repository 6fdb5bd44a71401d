"""The scan for readable texts finds them in every spelling: else its silence would say nothing."""

import base64
from pathlib import Path

import pytest

from tests.chaos.store import leaks

WORD = "zebra-0f3c"


@pytest.mark.parametrize(
    "content",
    [
        f"…{WORD}…".encode(),
        WORD.encode("utf-16-le"),
        WORD.encode().hex().encode(),
        *(base64.b64encode(b"x" * before + WORD.encode() + b"yz") for before in range(3)),
    ],
)
def test_a_readable_text_is_found(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/messages.sqlite3-wal").write_bytes(b"\0" * 100 + content)
    assert leaks(tmp_path, WORD) == ["deep/messages.sqlite3-wal holds a text"]


def test_another_word_is_not(tmp_path: Path) -> None:
    (tmp_path / "server.log").write_text("zebra-ffff")
    assert leaks(tmp_path, WORD) == []
