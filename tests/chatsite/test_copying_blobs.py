"""Pictures and files of a site that moves to another engine."""

import io
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatsite.copying import Interrupted, blobs, several
from chatsite.running.progress import Progress
from media.backends.files import FileStore
from media.models import Blob, State
from media.stores import StoreAway


@pytest.fixture
async def stores(tmp_path: Path) -> AsyncIterator[tuple[FileStore, FileStore]]:
    pair = FileStore(tmp_path / "here", free_min=0), FileStore(tmp_path / "there", free_min=0)
    yield pair
    for store in pair:
        await store.close()


async def test_every_part_is_copied_once_and_compared(
    stores: tuple[FileStore, FileStore],
) -> None:
    here, there = stores
    every = [secrets.token_bytes(16) for _ in range(9)]
    for count, blob in enumerate(every):
        for n in range(count):
            await here.put(blob, n, secrets.token_bytes(100 + n))
    await there.put(every[5], 0, b"torn")  # of a copy that was interrupted
    said = Progress(io.StringIO())
    await blobs.copy(here, there, every, said)
    assert await blobs.differences(here, there, every, said) == []
    for blob in every:
        for n in await here.sizes(blob):
            async with here.get(blob, n) as ours, there.get(blob, n) as theirs:
                assert [c async for c in ours.chunks] == [c async for c in theirs.chunks]
    await there.delete(every[3])
    [found] = await blobs.differences(here, there, every, said)
    assert found == f"file {every[3].hex()}: 3 parts here, 0 there, or others"


async def test_a_store_that_stays_away_interrupts_the_copy(
    stores: tuple[FileStore, FileStore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(several, "PAUSES", (0.0,))
    here, _ = stores
    blob = secrets.token_bytes(16)
    await here.put(blob, 0, b"x")
    (tmp_path / "file").touch()
    full = FileStore(tmp_path / "file", free_min=0)
    with pytest.raises(StoreAway):
        await full.put(blob, 0, b"x")
    with pytest.raises(Interrupted, match="A store of files takes no more"):
        await blobs.copy(here, full, [blob], Progress(io.StringIO()))
    await full.close()


@pytest.mark.django_db
def test_what_no_message_can_have_stays_behind() -> None:
    made = {}
    for state in State:
        made[state] = secrets.token_bytes(16)
        ends = {"owner": bytes(16), "conv": bytes(16), "size": 1, "part": 1, "changed": 1}
        Blob.objects.create(blob=made[state], state=state, **ends)
    assert blobs.wanted() == sorted([made[State.WHOLE], made[State.LINKED]])
