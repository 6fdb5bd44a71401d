"""A zip that is sent while it is written: it takes as much memory as one record, and no disk."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import IO, Any, cast
from zipfile import ZIP_DEFLATED, ZipFile

CHUNK = 64 * 1024  # bytes that wait to be sent, about


@dataclass(frozen=True, slots=True)
class Text:
    """A file of the archive, as it is."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Records:
    """A file of the archive: a JSON array with a line for each record."""

    name: str
    records: AsyncIterator[dict[str, Any]]


async def zipped(files: AsyncIterator[Text | Records]) -> AsyncIterator[bytes]:
    """The bytes of the archive, in pieces. Raises what `files` raises: then it has no end, and no
    program takes it for a whole one."""
    out = _Out()
    with ZipFile(cast(IO[bytes], out), "w", ZIP_DEFLATED) as archive:
        async for file in files:
            with archive.open(file.name, "w", force_zip64=True) as entry:
                async for piece in _pieces(file):
                    entry.write(piece)
                    if out.size >= CHUNK:
                        yield out.take()
    yield out.take()


async def _pieces(file: Text | Records) -> AsyncIterator[bytes]:
    if isinstance(file, Text):
        yield file.text.encode()
        return
    before = b"[\n"
    async for record in file.records:
        yield before + json.dumps(record, ensure_ascii=False).encode()
        before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


class _Out:
    """What the zip writes to: it cannot be read from or moved in, so that nothing is changed later
    that was sent already."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self.size = 0

    def write(self, data: bytes, /) -> int:
        self._waiting.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing waits elsewhere."""

    def take(self) -> bytes:
        taken = b"".join(self._waiting)
        self._waiting, self.size = [], 0
        return taken
