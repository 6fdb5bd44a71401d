"""Reports (docs/encryption.md 4.10): what is sealed to the moderation key, and how it is opened.
What each of its messages is worth is for e2ee/judging.py.

    plain = cat("m1:report", u8 1, reporter, peer, note, items)
    items = lp(item) ‖ lp(item) ‖ …, oldest first
    item  = cat("m1:report-item", hdr, M, kf, kid, R, server_ms, H(ct), seq, chosen)
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from e2ee import kem
from e2ee.encoding import cat, lp, parse, u8, u64, uint
from e2ee.errors import BadReport
from e2ee.moderation import kid_from
from e2ee.padding import MAX_BODY

VERSION: Final = 1
LABEL: Final = "m1:report"
ITEM_LABEL: Final = "m1:report-item"
CHOSEN_MAX: Final = 10
"""Messages that a report is about."""
BEFORE_MAX: Final = 20
"""Messages before them, shown so that they can be understood."""
NOTE_MAX: Final = 2_000
"""Bytes of UTF-8."""
PLAIN_MAX: Final = 1024 * 1024
SEALED_MAX: Final = PLAIN_MAX + 1120 + 16
"""enc ‖ ct of the largest plain text."""


@dataclass(frozen=True, slots=True)
class Item:
    """One message as its reader can show it, with what the server said when it took it."""

    header: bytes
    body: bytes = field(repr=False)
    franking_key: bytes = field(repr=False)
    kid: str
    tag: bytes
    server_ms: int
    ciphertext_hash: bytes
    seq: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Report:
    reporter: bytes
    peer: bytes
    note: str = field(repr=False)
    items: tuple[Item, ...]


def encode(report: Report) -> bytes:
    """The plain text of a report. Raises BadReport where it is too much for one."""
    if len(report.note.encode()) > NOTE_MAX:
        raise BadReport(f"a note has at most {NOTE_MAX} bytes")
    _count(report.items)
    items = b"".join(lp(encode_item(item)) for item in report.items)
    plain = cat(LABEL, u8(VERSION), report.reporter, report.peer, report.note.encode(), items)
    if len(plain) > PLAIN_MAX:
        raise BadReport(f"a report has at most {PLAIN_MAX} bytes")
    return plain


def encode_item(item: Item) -> bytes:
    return cat(
        ITEM_LABEL, item.header, item.body, item.franking_key, item.kid.encode(), item.tag,
        u64(item.server_ms), item.ciphertext_hash, u64(item.seq), u8(item.chosen),
    )  # fmt: skip


def info(kid: str, report_id: bytes, reporter: bytes) -> bytes:
    """Of HPKE: a report opens under its own id and for its own reporter alone."""
    return cat(LABEL, kid.encode(), report_id, reporter)


def open_report(
    seed: bytes, sealed: bytes, *, kid: str, report_id: bytes, reporter: bytes, peer: bytes
) -> Report:
    """The report that was sealed. Raises an M1Error where it is none, or is about somebody else
    than it was sent for."""
    report = decode(kem.open_sealed(seed, sealed, info(kid, report_id, reporter)))
    if (report.reporter, report.peer) != (reporter, peer):
        raise BadReport("the report names other people than it was sent with")
    return report


def decode(plain: bytes) -> Report:
    """Shape and bounds; what each item is worth is for `judge`. Linear in the bytes."""
    if len(plain) > PLAIN_MAX:
        raise BadReport(f"a report has at most {PLAIN_MAX} bytes")
    version, reporter, peer, note, items = parse(plain, LABEL, (1, 16, 16, None, None))
    if version[0] != VERSION:
        raise BadReport("unknown version of a report")
    if len(note) > NOTE_MAX:
        raise BadReport(f"a note has at most {NOTE_MAX} bytes")
    try:
        text = note.decode()
    except UnicodeDecodeError:
        raise BadReport("the note is not UTF-8") from None
    found = tuple(map(_item, _split(items)))
    _count(found)
    return Report(reporter, peer, text, found)


def _split(items: bytes) -> list[bytes]:
    """Fields of lp(…) ‖ lp(…) ‖ …, so many as a report may have."""
    found: list[bytes] = []
    at = 0
    while at < len(items):
        if len(found) == CHOSEN_MAX + BEFORE_MAX:
            raise BadReport("too many messages in a report")
        start = at + 4
        at = start + int.from_bytes(items[at:start])
        if at > len(items):
            raise BadReport("a message of the report is cut")
        found.append(items[start:at])
    return found


def _item(raw: bytes) -> Item:
    widths = (None, None, 32, None, 32, 8, 32, 8, 1)
    header, body, key, kid, tag, ms, digest, seq, chosen = parse(raw, ITEM_LABEL, widths)
    if len(body) > MAX_BODY:
        raise BadReport(f"a message has at most {MAX_BODY} bytes")
    if chosen[0] > 1:
        raise BadReport("a message is chosen or not")
    name = kid_from(kid)
    return Item(header, body, key, name, tag, uint(ms), digest, uint(seq), bool(chosen[0]))


def _count(items: Sequence[Item]) -> None:
    chosen = sum(item.chosen for item in items)
    if chosen > CHOSEN_MAX or len(items) - chosen > BEFORE_MAX:
        raise BadReport(f"a report has at most {CHOSEN_MAX} messages and {BEFORE_MAX} before them")
