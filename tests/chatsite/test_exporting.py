"""What ends a backup of a site whose data is in servers. Whole ones: tests/nodes/test_restoring.py
and test_importing.py."""

import io
from pathlib import Path
from typing import Any

import pytest

from chatsite.backup import Failed, exporting, manifest, stored
from chatsite.backup.manifest import File, Manifest
from chatsite.copying import several
from chatsite.running.progress import Progress
from media.backends import store

WHOLE = "mark_gap: 0 records\nconversations: 1, messages: 2, faults: 1\n"


def test_a_check_counts_that_came_to_its_end() -> None:
    exporting.require_checked(0, WHOLE, "")
    exporting.require_checked(1, WHOLE, "")
    for code, said, errors in (
        (1, "", "settings: there is no such secret"),
        (1, "connection: 7 records\n", "Traceback"),
        (2, "", "A store does not answer"),
        (-9, "conversations: 1 of 9\n", ""),
    ):
        with pytest.raises(Failed, match=errors or "it ended with -9"):
            exporting.require_checked(code, said, errors)


def test_a_store_of_files_that_takes_no_more_is_a_failure_and_no_refusal(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(several, "PAUSES", ())
    folder, blob = tmp_path / "backup", b"b" * 16
    part = Path(manifest.BLOBS, blob.hex()[:2], blob.hex(), "0")
    (folder / part).parent.mkdir(parents=True)
    (folder / part).write_bytes(b"data")
    said = Manifest(manifest.FORMAT, "", {part.as_posix(): File(4, "0" * 64)})
    settings.BLOB_FOLDER = tmp_path / "blobs"
    settings.BLOB_FOLDER.write_text("no folder")
    store.cache_clear()
    try:
        with pytest.raises(Failed, match="takes no more"):
            stored.put_back(folder, said, Progress(io.StringIO()))
    finally:
        store.cache_clear()
