"""A conversation that the server took, reports of it, and what a liar makes of them.

A mutation changes one thing of an honest report and says which items it touched. Of forged words
the commitment is made again, as a reporter can: what is left to find them is the server's own tag.
"""

import dataclasses
import json
import random
from collections.abc import Callable
from typing import Any

from e2ee import franking
from e2ee.encoding import h
from e2ee.envelope import parse_header
from e2ee.judging import Ground, Skeleton
from e2ee.reports import Item, Report
from testkit.client.m1 import envelope
from tests.vectors.scene import CONN, A, B, T

REPORTER, PEER, THIRD = A, B, b"\xcc" * 16
FOREIGN = b"\x77" * 16  # the conversation of REPORTER and THIRD
KEYS = {"k2": b"\x2f" * 32, "k1": b"\x1f" * 32}
EPOCH_HASH = b"\xe0" * 32
NOW = T + 1_000_000
LENGTH = 24  # messages of each conversation

Touched = tuple[Report, set[int]]
Mutation = Callable[[random.Random, Report], Touched]


def take(
    seq: int, sender: bytes, recipient: bytes, body: bytes, *, conv: bytes = CONN
) -> tuple[Item, Skeleton]:
    """A message as the server took it."""
    kf, digest, kid = h(b"kf%d" % seq), h(conv + b"ct%d" % seq), ("k1", "k2")[seq % 2]
    mid, device, ms = h(conv + b"mid%d" % seq)[:16], h(sender)[:16], T + seq * 1000
    raw = envelope.encode_header(
        conn=conv, n=1, epoch_hash=EPOCH_HASH, sender=sender, device=device, ctr=seq, mid=mid,
        kind=1, ttl=0,
        commitment=franking.commitment(kf, conn=conv, sender=sender, mid=mid, body=body),
    )  # fmt: skip
    tag = franking.tag(
        KEYS[kid], kid, parse_header(raw), recipient=recipient, ciphertext_hash=digest,
        server_ms=ms,
    )  # fmt: skip
    item = Item(raw, body, kf, kid, tag, ms, digest, seq, False)
    return item, Skeleton(mid, sender, device, seq, ms, 1, 1, 0, EPOCH_HASH)


def words(seq: int) -> bytes:
    """M with a file, or an edit, or text alone: what is proved is its bytes."""
    file = {"blob": "AAAAAAAAAAAAAAAAAAAAAA==", "size": seq}
    extra: tuple[dict[str, Any], ...] = ({"att": [file]}, {"t": "edit", "ref": "BBBB"}, {})
    return json.dumps({"t": "text", "body": f"words {seq}", **extra[seq % 3]}).encode()


def _conversation(peer: bytes, conv: bytes) -> list[tuple[Item, Skeleton]]:
    sides = ((peer, REPORTER), (REPORTER, peer))
    return [take(seq, *sides[seq % 2], words(seq), conv=conv) for seq in range(1, LENGTH + 1)]


TAKEN = _conversation(PEER, CONN)
ELSEWHERE = _conversation(THIRD, FOREIGN)
ROWS = {item.seq: row for item, row in TAKEN}


def honest(rng: random.Random) -> Report:
    """Some messages of the peer with some before them."""
    first = rng.randrange(LENGTH - 4)
    picked = [item for item, _ in TAKEN[first : first + rng.randrange(2, 5)]]
    theirs = [item.seq for item in picked if item.seq % 2 == 0]
    chosen = set(rng.sample(theirs, rng.randrange(1, len(theirs) + 1)))
    items = (dataclasses.replace(item, chosen=item.seq in chosen) for item in picked)
    return Report(REPORTER, PEER, "note", tuple(items))


def ground(report: Report, **changed: Any) -> Ground:
    """As the server has it for this report, before anybody changed the report."""
    announced = {parse_header(item.header).mid for item in report.items if item.chosen}
    values: dict[str, Any] = {
        "conv": CONN, "rows": ROWS, "keys": KEYS, "announced": announced, "reported": (),
        "now_ms": NOW,
    }  # fmt: skip
    return Ground(**(values | changed))


def _with(report: Report, at: int, item: Item) -> Touched:
    items = (*report.items[:at], item, *report.items[at + 1 :])
    return dataclasses.replace(report, items=items), {at}


def _forged(rng: random.Random, report: Report, body: bytes) -> Touched:
    """Other words under a commitment that fits them."""
    at = rng.randrange(len(report.items))
    item = report.items[at]
    header = parse_header(item.header)
    return _with(report, at, _again(item, body=body, header=header))


def _again(item: Item, *, body: bytes, header: object, **changed: object) -> Item:
    """The item with its header made again: commitment and all."""
    fields: dict[str, Any] = {
        name: changed.get(name, getattr(header, name))
        for name in ("conn", "n", "epoch_hash", "sender", "device", "ctr", "mid", "kind", "ttl")
    }
    commitment = franking.commitment(
        item.franking_key, conn=fields["conn"], sender=fields["sender"], mid=fields["mid"],
        body=body,
    )  # fmt: skip
    raw = envelope.encode_header(**fields, commitment=commitment)
    return dataclasses.replace(item, header=raw, body=body)


def _flip(rng: random.Random, raw: bytes) -> bytes:
    at = rng.randrange(len(raw))
    return raw[:at] + bytes([raw[at] ^ (1 << rng.randrange(8))]) + raw[at + 1 :]


def text(rng: random.Random, report: Report) -> Touched:
    at = rng.randrange(len(report.items))
    item = report.items[at]
    return _with(report, at, dataclasses.replace(item, body=_flip(rng, item.body)))


def forged_text(rng: random.Random, report: Report) -> Touched:
    return _forged(rng, report, json.dumps({"t": "text", "body": str(rng.random())}).encode())


def file(rng: random.Random, report: Report) -> Touched:
    entry = {"blob": str(rng.random()), "size": 1}
    return _forged(rng, report, json.dumps({"t": "text", "body": "", "att": [entry]}).encode())


def edit(rng: random.Random, report: Report) -> Touched:
    body = {"t": "edit", "body": "other", "ref": str(rng.random())}
    return _forged(rng, report, json.dumps(body).encode())


def _field(name: str) -> Mutation:
    """One field of an item: a bit of bytes, another number, another kid."""

    def change(rng: random.Random, report: Report) -> Touched:
        at = rng.randrange(len(report.items))
        item = report.items[at]
        value = getattr(item, name)
        other: object
        if isinstance(value, bytes):
            other = _flip(rng, value)
        elif isinstance(value, str):
            other = rng.choice([kid for kid in ("k1", "k2", "k3") if kid != value])
        else:
            other = not value if isinstance(value, bool) else value + rng.choice((-1, 1))
        changes: dict[str, Any] = {name: other}
        return _with(report, at, dataclasses.replace(item, **changes))

    return change


def _header_field(name: str) -> Mutation:
    """One field of the header, with a commitment that fits."""

    def change(rng: random.Random, report: Report) -> Touched:
        at = rng.randrange(len(report.items))
        item = report.items[at]
        header = parse_header(item.header)
        value = getattr(header, name)
        other = _flip(rng, value) if isinstance(value, bytes) else value % 2 + 1
        if name == "sender":
            other = PEER if value == REPORTER else REPORTER
        if other == value:
            other = value + 2
        item = _again(item, body=item.body, header=header, **{name: other})
        return _with(report, at, item)

    return change


def order(rng: random.Random, report: Report) -> Touched:
    a, b = sorted(rng.sample(range(len(report.items)), 2))
    items = list(report.items)
    items[a], items[b] = items[b], items[a]
    return dataclasses.replace(report, items=tuple(items)), {a, b}


def foreign(rng: random.Random, report: Report) -> Touched:
    """A true message of the reporter's conversation with somebody else."""
    at = rng.randrange(len(report.items))
    item = ELSEWHERE[report.items[at].seq - 1][0]
    return _with(report, at, dataclasses.replace(item, chosen=report.items[at].chosen))


def duplicate(rng: random.Random, report: Report) -> Touched:
    at = rng.randrange(len(report.items))
    items = (*report.items[: at + 1], *report.items[at:])
    return dataclasses.replace(report, items=items), {at + 1}


def own_as_chosen(rng: random.Random, report: Report) -> Touched:
    own = [at for at, item in enumerate(report.items) if item.seq % 2]
    at = rng.choice(own)
    return _with(report, at, dataclasses.replace(report.items[at], chosen=True))


MUTATIONS: dict[str, Mutation] = {
    "text": text,
    "forged text": forged_text,
    "file": file,
    "edit": edit,
    "order": order,
    "foreign conversation": foreign,
    "duplicate": duplicate,
    "own as chosen": own_as_chosen,
    **{
        name: _field(name)
        for name in (
            "header", "franking_key", "kid", "tag", "server_ms", "ciphertext_hash", "seq", "chosen",
        )
    },
    **{
        f"header: {name}": _header_field(name)
        for name in ("n", "epoch_hash", "sender", "device", "ctr", "mid", "kind", "ttl", "conn")
    },
}  # fmt: skip
