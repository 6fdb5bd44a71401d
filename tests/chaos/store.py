"""The store seen from outside: a reader beside the running site, and the dump at the end."""

import asyncio
import base64
import json
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Protocol

from e2ee.epochs import parse_record
from messaging.backends.tables import Table
from testkit.running import ROOT, Site
from tests.chaos.history import History
from tests.chaos.outcome import EpochRow, Files, Mark, Row, Store
from tests.chaos.reader import Told


class StoreAway(Exception):
    """Nobody can look now."""


class Place(Protocol):
    """Where a store can be read."""

    def ask(self, *tables: Table) -> Told: ...


class Reader:
    """The store of a site, read by a process of its own (reader.py). Any thread may ask."""

    def __init__(self, site: Site) -> None:
        """`site`: one whose settings lead to the store; it need not run."""
        self._site = site
        self._log = site.var / "reader.log"
        self._turn = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def ask(self, *tables: Table) -> Told:
        """Raises StoreAway."""
        with self._turn:
            process = self._process = self._process or self._started()
            assert process.stdin
            assert process.stdout
            with suppress(BrokenPipeError):
                process.stdin.write(" ".join(tables) + "\n")
                process.stdin.flush()
            line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the reader ended:\n{self._log.read_text()}")
        answer: Told | None = json.loads(line)
        if answer is None:
            raise StoreAway
        return answer

    @asynccontextmanager
    async def aside(self) -> AsyncIterator[None]:
        """Nobody looks meanwhile: files take the place of others."""
        await asyncio.to_thread(self._turn.acquire)
        try:
            yield
        finally:
            self._turn.release()

    def close(self) -> None:
        """Repeating has no effect."""
        with self._turn:
            self._end()

    def _started(self) -> "subprocess.Popen[str]":
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "tests.chaos.reader"],
                cwd=ROOT, env=self._site._env(), text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.communicate()  # its input ends, and so does it


def heads(place: Place) -> dict[str, int]:
    """By conversation."""
    return {conv: last_seq for conv, last_seq, _ in place.ask(Table.HEAD)[Table.HEAD]}


def read_ords(place: Place) -> dict[tuple[str, str], int]:
    """By conversation and reader."""
    return {(mark.conv, mark.reader): mark.read_ord for mark in _marks(place.ask(*MARKS))}


def observe(place: Place, history: History) -> None:
    """One look at every register, as an observer of its own."""
    asked = history.now
    told = place.ask(Table.HEAD, *MARKS)
    for conv, last_seq, floor in told[Table.HEAD]:
        seen = {"conv": conv, "last_seq": last_seq, "floor": floor}
        history.add("store", "floor", "ok", **seen, asked=asked)
    convs = _convs(told)
    for owner, sender, reader, *marks in told[Table.READ]:
        way = f"{sender[:6]}>{reader[:6]} of {owner[:6]}"
        named = dict(zip(("read_seq", "read_ord", "got_seq"), marks, strict=True))
        history.add("store", "marks", "ok", conv=f"{convs[sender, reader]} {way}", marks=named)


def dump(place: Place) -> Store:
    told = place.ask(Table.HEAD, Table.CONVERSATION, Table.CONNECTION_KEY, *MARKS)
    epochs = [
        EpochRow(conv, n, record.hash.hex(), record.header.previous_hash.hex())
        for conv, n, raw in sorted(told[Table.CONNECTION_KEY])
        for record in [parse_record(bytes.fromhex(raw))]
    ]
    return Store(
        tuple(Row(*values) for values in sorted(told[Table.CONVERSATION])),
        {conv: last_seq for conv, last_seq, _ in told[Table.HEAD]},
        tuple(_marks(told)),
        tuple(epochs),
    )


def swept(site: Site) -> Files:
    """What is left of files after a sweep; the site does not run."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.chaos.swept"],
        cwd=ROOT, env=site._env(), check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return Files(**{name: frozenset(blobs) for name, blobs in json.loads(done.stdout).items()})


MARKS = (Table.READ, Table.CONNECTION)


def _marks(told: Told) -> list[Mark]:
    """As their readers have them."""
    convs = _convs(told)
    return [
        Mark(convs[sender, reader], sender, reader, *marks)
        for owner, sender, reader, *marks in told[Table.READ]
        if owner == reader
    ]


def _convs(told: Told) -> dict[tuple[str, str], str]:
    """By sender and reader."""
    pairs = told[Table.CONNECTION]
    return {way: conv for a, b, conv in pairs for way in ((a, b), (b, a))}


def leaks(folder: Path, word: str) -> list[str]:
    """Files below `folder` in which the word can be read, in any spelling that is no encryption."""
    spellings = _spellings(word)
    return [
        f"{path.relative_to(folder)} holds a text"
        for path in sorted(folder.rglob("*"))
        if path.is_file() and any(spelling in path.read_bytes() for spelling in spellings)
    ]


def _spellings(word: str) -> set[bytes]:
    plain = word.encode()
    found = {plain, plain.hex().encode(), plain.hex().upper().encode(), word.encode("utf-16-le")}
    for shift in range(3):  # base64 of the word anywhere within longer text
        encoded = base64.b64encode(b"\0" * shift + plain)
        found.add(encoded[4 if shift else 0 : -4])
    return found
