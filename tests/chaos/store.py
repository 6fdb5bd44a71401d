"""The store seen from outside: a reader beside the running server, and the dump at the end."""

import base64
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from e2ee.epochs import parse_record
from tests.chaos.history import History
from tests.chaos.outcome import EpochRow, Mark, Row, Store

HEADS = "SELECT conversation_id, last_seq, min_epoch FROM conversation_head"
READ = """
SELECT u.conversation_id, r.from_user, r.to_user, r.read_seq, r.read_ord, r.got_seq, r.shown_seq
FROM read r JOIN unread u ON u.from_user = r.from_user AND u.to_user = r.to_user
"""
ROWS = """
SELECT conversation_id, seq, client_id, sender, device, ctr, ord, kind, epoch FROM conversation
ORDER BY conversation_id, seq
"""
EPOCHS = "SELECT connection_id, epoch, record FROM connection_key ORDER BY connection_id, epoch"


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as database:
        yield database


def heads(path: Path) -> dict[str, int]:
    with reading(path) as database:
        return {conv.hex(): last for conv, last, _ in database.execute(HEADS)}


def read_ords(path: Path) -> dict[tuple[str, str], int]:
    """By conversation and reader."""
    with reading(path) as database:
        found = database.execute(READ).fetchall()
    return {(conv.hex(), reader.hex()): ord_ for conv, _, reader, _, ord_, *_ in found}


def observe(path: Path, history: History) -> None:
    """One look at every register, as an observer of its own."""
    with reading(path) as database:
        for conv, last_seq, floor in database.execute(HEADS).fetchall():
            history.add("store", "floor", "ok", conv=conv.hex(), last_seq=last_seq, floor=floor)
        for conv, sender, reader, *marks in database.execute(READ).fetchall():
            names = ("read_seq", "read_ord", "got_seq", "shown_seq")
            place = f"{conv.hex()} {sender.hex()[:6]}>{reader.hex()[:6]}"
            named = dict(zip(names, marks, strict=True))
            history.add("store", "marks", "ok", conv=place, marks=named)


def dump(path: Path) -> Store:
    with reading(path) as database:
        rows = [
            Row(conv.hex(), seq, mid.hex(), sender.hex(), device.hex(), *rest)
            for conv, seq, mid, sender, device, *rest in database.execute(ROWS)
        ]
        marks = [
            Mark(conv.hex(), sender.hex(), reader.hex(), read_seq, read_ord, got_seq)
            for conv, sender, reader, read_seq, read_ord, got_seq, _ in database.execute(READ)
        ]
        epochs = [
            EpochRow(conv.hex(), n, record.hash.hex(), record.header.previous_hash.hex())
            for conv, n, record in (
                (conv, n, parse_record(raw)) for conv, n, raw in database.execute(EPOCHS)
            )
        ]
    return Store(tuple(rows), heads(path), tuple(marks), tuple(epochs))


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
