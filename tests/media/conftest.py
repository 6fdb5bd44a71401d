"""People with rows on disk, and a store of blobs of each test's own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from media import backends
from media.backends.files import FileStore
from tests.messaging import conftest as messaging

alice, bob, mallory, conv = messaging.alice, messaging.bob, messaging.mallory, messaging.conv
ann, ben, eve = messaging.ann, messaging.ben, messaging.eve
enrol, fresh_limits, moment = messaging.enrol, messaging.fresh_limits, messaging.moment
database_access = messaging.database_access
hellos_wait_for_nobody = messaging.hellos_wait_for_nobody


@pytest.fixture(autouse=True)
def blob_store(tmp_path: Path, settings: Any) -> Iterator[FileStore]:
    settings.BLOB_FOLDER = tmp_path / "blobs"
    backends.store.cache_clear()
    yield backends.store()  # type: ignore[misc]  # of the embedded engine
    backends.store.cache_clear()
