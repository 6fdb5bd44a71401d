"""The port of the store of blobs. The docstrings are the contract, tests/contracts its proof.

A blob is sealed bytes under an id of 16 bytes, in parts numbered from 0; each part is an object of
its own. The store knows neither how many parts a blob has nor whose it is: that stands in tables.
A part is written whole and appears at once: readers see all of it, or what was there before, or
nothing. After a put is answered, everybody's reads show it, and it outlives the process.

Every call may raise StoreAway: what it asked for is done, or not, or half done, and repeating the
same call is always safe.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from socket import socket

ID_BYTES = 16
PART_MAX = 4 * 1024 * 1024  # bytes of one part
CHUNK = 256 * 1024  # bytes that a reader gets at a time, at most
PAGE = 1_000  # blobs of one listing, at most
SIGNED_SECONDS = 300
RETRY_MS = 1_000  # what a StoreAway suggests when the store has no better idea


class StoreAway(Exception):
    """The store does not answer, or not in time. Repeat the call, not sooner than retry_ms."""

    def __init__(self, why: str = "the store of blobs is away", retry_ms: int = RETRY_MS) -> None:
        super().__init__(why)
        self.retry_ms = retry_ms


class StoreFull(StoreAway):
    """The store answers, and takes nothing more. What is in it can be read and deleted."""


class Undeletable(StoreAway):
    """The store answers, and keeps parts of this blob. It may delete others."""


class Missing(Exception):
    """There is no such part."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The next `count` bytes of a part: they came to `source`, and wait there to be taken, all of
    them, before the next piece is asked for. So the system can hand them on to another socket."""

    source: socket
    count: int


class Part:
    """`size`: bytes of the whole part. `pieces`: those bytes in order, for one who hands them on.
    `chunks`: the same as bytes, each at most CHUNK. One of the two is to be read, once; it raises
    StoreAway where the rest cannot be had."""

    def __init__(self, size: int, pieces: AsyncIterator[bytes | Waiting]) -> None:
        self.size, self.pieces = size, pieces
        self.chunks = _chunks(pieces)


@dataclass(frozen=True, slots=True)
class Signed:
    """A call that the store takes from anybody who makes it exactly so. `headers`: to be sent."""

    url: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Stored:
    """What a listing says of a blob. `changed`: ms since 1970 by the store's clock, when its newest
    part was written. `parts` may be 0: something was begun there, and no part came of it."""

    blob: bytes
    parts: int
    size: int  # bytes of all parts
    changed: int


class BlobStore(ABC):
    """Ids other than of ID_BYTES, numbers below 0 and parts above PART_MAX are a programmer's
    errors: ValueError."""

    @abstractmethod
    async def put(self, blob: bytes, n: int, data: bytes | bytearray | memoryview) -> None:
        """Keeps part `n`; one that is there is replaced. Of several puts of one part at the same
        time one stays, whole. Raises StoreFull where no more may be kept."""

    @abstractmethod
    def get(self, blob: bytes, n: int) -> AbstractAsyncContextManager[Part]:
        """Part `n`: `async with store.get(blob, n) as part`. Raises Missing on entering. What is
        held for a reader is bounded, however slowly they read and whatever the part's size."""

    @abstractmethod
    async def sizes(self, blob: bytes) -> dict[int, int]:
        """The parts that are there: number → bytes. Empty for a blob that nobody put."""

    @abstractmethod
    async def delete(self, blob: bytes) -> None:
        """Deletes all parts. Nothing there is no error. A put at the same time may survive it.
        Raises Undeletable where parts of this blob stay."""

    @abstractmethod
    async def blobs(self, after: bytes | None = None) -> list[Stored]:
        """The blobs with an id above `after`, in the order of ids, PAGE at most: the next page is
        after the last of them, and an empty one is the end. A blob that is put or deleted
        meanwhile may be in it or not; all others are. What is no blob is passed over."""

    @abstractmethod
    def sign_put(self, blob: bytes, n: int, size: int, sha256: bytes) -> Signed | None:
        """How somebody who has nothing else may put part `n` for SIGNED_SECONDS: exactly `size`
        bytes of this SHA-256. Whatever else comes, or only a piece of it, is refused, and what was
        there stays. None where the store has no such addresses. The first call may take a while."""

    @abstractmethod
    def sign_get(self, blob: bytes, n: int) -> Signed | None:
        """The same for GET of part `n`, which comes as bytes of no type and to be saved."""

    @abstractmethod
    async def check(self) -> None:
        """Returns where the store answers and can be used. Raises StoreAway, and for one that
        answers and cannot be used chatsite.running.needs.Unfit with one sentence."""

    @abstractmethod
    async def prepare(self) -> list[str]:
        """Makes what the store needs, where that is missing; says in a sentence each what is there
        now. Raises as `check`."""

    @abstractmethod
    async def close(self) -> None:
        """Gives back connections and threads; the next call takes new ones."""


async def _chunks(pieces: AsyncIterator[bytes | Waiting]) -> AsyncIterator[bytes]:
    async for piece in pieces:
        if isinstance(piece, bytes):
            yield piece
            continue
        left = piece.count
        while left:
            try:
                chunk = piece.source.recv(min(left, CHUNK))
            except OSError as error:
                raise StoreAway(f"a part breaks off: {type(error).__name__}") from None
            left -= len(chunk)
            yield chunk


def named(blob: bytes) -> str:
    """The id as it stands in the names of objects. Raises ValueError."""
    if len(blob) != ID_BYTES:
        raise ValueError(f"the id of a blob has {ID_BYTES} bytes, not {len(blob)}")
    return blob.hex()


def numbered(n: int) -> str:
    """The number of a part as it stands there. Raises ValueError."""
    if n < 0:
        raise ValueError(f"no part has the number {n}")
    return str(n)


def id_of(name: str) -> bytes | None:
    """The id that `named` made `name` of, or None."""
    try:
        blob = bytes.fromhex(name)
    except ValueError:
        return None
    return blob if len(blob) == ID_BYTES and blob.hex() == name else None


def number_of(name: str) -> int | None:
    """The number that `numbered` made `name` of, or None."""
    good = name.isascii() and name.isdecimal() and len(name) < 10 and str(int(name)) == name
    return int(name) if good else None


def fitting(data: bytes | bytearray | memoryview) -> None:
    """Raises ValueError for more bytes than a part may have."""
    if len(data) > PART_MAX:
        raise ValueError(f"a part has at most {PART_MAX} bytes, not {len(data)}")
