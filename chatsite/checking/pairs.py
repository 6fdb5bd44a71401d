"""One pair: what stands beside its log, against the log. Pure."""

from collections.abc import Iterator

from chatsite.checking import SIDES, WATERMARKS, Finding
from chatsite.checking.log import Log
from messaging.backends.tables import Held


def faults(held: Held, log: Log) -> Iterator[Finding]:
    """`log`: of the rows up to where the head of `held` says that they end."""
    yield from map(Finding, log.faults)
    yield from map(Finding, _head(held, log))
    yield from _sides(held)
    yield from _watermarks(held, log)
    yield from map(Finding, _marks(held, log))
    yield from map(Finding, _epochs(held, log))
    yield from map(Finding, _salts(held, log))
    yield from map(Finding, _content(held, log))


def _head(held: Held, log: Log) -> Iterator[str]:
    head, pair = held.head, held.pair
    if log.last != head.last_seq:
        yield f"the log ends with message {log.last}, and its head says {head.last_seq}"
        return
    counted = (
        *(log.ords[pair.user1], log.ords[pair.user2]),
        *(log.hids[pair.user1], log.hids[pair.user2], log.run),
    )
    if counted != (head.ord1, head.ord2, head.hid1, head.hid2, head.run):
        yield "the head counts otherwise than the log"
    if log.last and head.last_time != log.time:
        yield "the head has another time than the last message"


def _sides(held: Held) -> Iterator[Finding]:
    for side in held.shown:
        owner, right = side.owner.hex(), (SIDES, (held.pair,))
        if side.state is not held.pair.seen_by(side.owner):
            yield Finding(f"{owner} sees another state than the pair has", *right)
        if side.withheld != held.pair.blocked_by(side.peer):
            yield Finding(f"{owner}: the block by the other stands otherwise in the pair", *right)
        if side.cleared > held.head.last_seq:
            yield Finding(f"{owner} cleared more than there is")


def _watermarks(held: Held, log: Log) -> Iterator[Finding]:
    """Of a log with holes nothing follows."""
    there = {(sent.owner, sent.sender): sent for sent in held.sent}
    whole = not log.faults and log.last == held.head.last_seq
    for key in {*there, *log.sent}:
        sent, newest = there.get(key), log.sent.get(key, [])
        behind = sent is None and len(newest) < 2
        if sent in newest or behind:
            continue
        owner, sender = key
        text = f"{owner.hex()} has a wrong watermark of what {sender.hex()} sent"
        lower = bool(newest) and (sent is None or sent.last_seq < newest[-1].last_seq)
        yield Finding(text, WATERMARKS, (newest[-1],)) if lower and whole else Finding(text)


def _marks(held: Held, log: Log) -> Iterator[str]:
    for mark in held.marks:
        way = f"{mark.reader.hex()} of {mark.sender.hex()}"
        if max(mark.read_seq, mark.got_seq) > log.last:
            yield f"a mark is above the log: {way}"
        if mark.read_ord > log.ords[mark.sender] - log.hids[mark.sender]:
            yield f"a mark counts more than was sent: {way}"
    for gap in held.gaps:
        if not 1 <= gap.first <= gap.last <= log.last:
            yield f"a gap in marks is outside the log: {gap.first} to {gap.last}"


def _epochs(held: Held, log: Log) -> Iterator[str]:
    known = sorted(key.epoch for key in held.keys)
    if known != list(range(len(known))):
        yield "an epoch is missing"
    newest = known[-1] if known else -1
    if log.epoch > newest:
        yield f"a message names epoch {log.epoch}, and the newest is {newest}"
    if held.head.floor > max(newest, 0):
        yield f"the oldest epoch in use is {held.head.floor}, and the newest {newest}"
    if any(box.epoch not in known for box in held.boxes):
        yield "a box is of an epoch that is not there"


def _salts(held: Held, log: Log) -> Iterator[str]:
    if lost := log.unsalted:
        yield f"{lost} messages that disappear later have lost their salt already"
    if stray := sum(salt.client_id not in log.named for salt in held.salts):
        yield f"{stray} salts are of no message"


def _content(held: Held, log: Log) -> Iterator[str]:
    """The site takes away old messages once neither of the two is shown them."""
    if log.emptied > min(side.cleared for side in held.sides):
        yield f"message {log.emptied} has lost what it says"
