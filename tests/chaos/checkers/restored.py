"""After an older backup was put back: what was on a screen, and counters."""

from collections.abc import Iterator
from itertools import pairwise

from tests.chaos import deletions
from tests.chaos.history import Event
from tests.chaos.outcome import Outcome

BACKUP, RESTORED, BACK = "backup", "restored", "back"


def stays_on_screen(outcome: Outcome) -> list[str]:
    """Every text that a device showed before it still shows, in the log or as being there alone,
    unless who sent it deletes it."""
    held = {
        (holding.name, conv): {message.text for message in (*chat.messages, *chat.only)}
        for holding in outcome.holdings
        for conv, chat in holding.chats.items()
    }
    problems, undone = [], deletions.texts(outcome.history)
    for event in outcome.history:
        there = held.get((event.client, str(event.value.get("conv"))))
        if event.op == "shown" and there is not None:
            gone = [text for text in event.value["texts"] if text not in there | undone]
            problems += [f"{event.client} showed {text}, and does not any more" for text in gone]
    return problems


def counters_stand_once(outcome: Outcome) -> list[str]:
    """No device ever gave a counter to two messages, counting those that the server lost."""
    names = {tuple(row) for event in _of(outcome, RESTORED) for row in event.value["rows"]}
    names |= {(row.conv, row.device, row.ctr, row.mid) for row in outcome.store.rows}
    return [
        f"counter {a[2]} of {a[1]} in {a[0]} is two messages: {a[3]} and {b[3]}"
        for a, b in pairwise(sorted(names))
        if a[:3] == b[:3]
    ]


def happened(outcome: Outcome) -> bool:
    return any(True for _ in _of(outcome, RESTORED))


def windows(outcome: Outcome) -> list[tuple[float, float]]:
    """From each backup until it was put back: what was promised in between may be lost."""
    made = [event.t for event in _of(outcome, BACKUP)]
    return list(zip(made, [event.t for event in _of(outcome, RESTORED)], strict=False))


def in_steady_state(history: tuple[Event, ...]) -> Iterator[Event | None]:
    """None where registers may have fallen: from there all is compared again."""
    falling = False
    for event in history:
        if event.op == RESTORED:
            falling = True
        elif event.op == BACK:
            falling = False
            yield None
        elif not falling:
            yield event


def _of(outcome: Outcome, op: str) -> Iterator[Event]:
    return (event for event in outcome.history if event.op == op)
