"""A small outcome in which every invariant holds, to be spoilt in one place at a time."""

from dataclasses import replace
from typing import Any

from tests.chaos.history import Event
from tests.chaos.outcome import (
    Chat,
    EpochRow,
    Holding,
    Mark,
    Message,
    Outcome,
    Row,
    Store,
)

CONV, ALICE, BOB, PHONE, LAPTOP = "c0", "aa", "bb", "d1", "d2"


def event(t: float, client: str, op: str, kind: str, **value: Any) -> Event:
    return Event(t, client, op, kind, value)


def sent(t: float, client: str, text: str, mid: str, how: str = "ok") -> list[Event]:
    return [
        event(t, client, "send", "invoke", conv=CONV, text=text),
        event(t + 0.1, client, "send", how, conv=CONV, text=text, mid=mid),
    ]


def message(seq: int, ord_: int, *, mine: bool) -> Message:
    return Message(seq, f"m{seq}", mine, 1, ord_, f"text {seq}")


def holding(name: str, user: str, *, unread: int, read_ord: int, mine: set[int]) -> Holding:
    ords = {1: 1, 2: 1, 3: 2}
    messages = tuple(message(seq, ords[seq], mine=seq in mine) for seq in (1, 2, 3))
    return Holding(name, user, {CONV: Chat(messages, unread, read_ord)})


def good() -> Outcome:
    """Alice sends 1 and 3, bob 2; bob has read 1; then a forced epoch, under which nobody wrote."""
    store = Store(
        rows=(
            Row(CONV, 1, "m1", ALICE, PHONE, 1, 1, 1, 0),
            Row(CONV, 2, "m2", BOB, LAPTOP, 1, 1, 1, 0),
            Row(CONV, 3, "m3", ALICE, PHONE, 2, 2, 1, 1),
        ),
        heads={CONV: 3},
        marks=(Mark(CONV, ALICE, BOB, 1, 1, 3),),
        epochs=(EpochRow(CONV, 0, "e0", "00" * 32), EpochRow(CONV, 1, "e1", "e0")),
    )
    history = [
        *sent(1, "alice/p1", "text 1", "m1"),
        event(2, "bob/p1", "look", "invoke", number=1),
        event(2.1, "bob/p1", "look", "ok", number=1, heads={CONV: 1}),
        *sent(3, "bob/p1", "text 2", "m2"),
        event(3.2, "alice/p1", "floor raised", "ok", conv=CONV, epoch=1),
        event(3.5, "store", "floor", "ok", conv=CONV, last_seq=2, floor=1, asked=3.3),
        event(4, "alice/p1", "marks", "ok", conv=CONV, marks={"peer_read": 1}),
        *sent(5, "alice/p1", "text 3", "m3"),
        event(6, "alice/p1", "marks", "ok", conv=CONV, marks={"peer_read": 1, "peer_got": 3}),
        event(9, "alice/p1", "presence", "ok", user=BOB, shown="online", truth="online"),
    ]
    devices = (
        holding("alice/p1", ALICE, unread=1, read_ord=0, mine={1, 3}),
        holding("bob/p1", BOB, unread=1, read_ord=1, mine={2}),
        replace(holding("bob/fresh", BOB, unread=1, read_ord=1, mine={2}), fresh=True),
    )
    return Outcome(tuple(history), store, devices)
