"""Watermarks and what is counted from them: I6, I7."""

from collections import defaultdict

from tests.chaos.checkers import restored
from tests.chaos.outcome import Chat, Outcome, Store

NOTIFIES = 1  # the kind that counts as unread


def marks_rise(outcome: Outcome) -> list[str]:
    """For each observer by itself, in the order in which it observed."""
    highest: dict[tuple[str, str, str], int] = {}
    problems = []
    for event in restored.in_steady_state(outcome.history):
        if event is None:
            highest.clear()
        if event is None or event.op != "marks":
            continue
        for name, value in event.value["marks"].items():
            place = (event.client, event.value["conv"], name)
            if value < highest.get(place, 0):
                problems.append(
                    f"{event.client} saw {name} of {event.value['conv']} fall "
                    f"from {highest[place]} to {value} at {event.t}"
                )
            highest[place] = max(value, highest.get(place, 0))
    return problems


def unread_is_exact(outcome: Outcome) -> list[str]:
    """On each device by its own messages, in the store by its rows, alike on all of a user's."""
    problems = []
    read_ord = {(m.conv, m.reader): m.read_ord for m in outcome.store.marks}
    badges: dict[tuple[str, str], set[int]] = defaultdict(set)
    for holding in outcome.holdings:
        for conv, chat in holding.chats.items():
            badges[holding.user, conv].add(chat.unread)
            if chat.unread != _recount(chat):
                problems.append(
                    f"{holding.name} says {chat.unread} unread in {conv}, "
                    f"but it holds {_recount(chat)}"
                )
            stored = read_ord.get((conv, holding.user), 0)
            if chat.read_ord != stored:
                problems.append(
                    f"{holding.name} has read {chat.read_ord} of {conv}, the store says {stored}"
                )
    problems += [
        f"the devices of {user} disagree on {conv}: {sorted(counts)}"
        for (user, conv), counts in badges.items()
        if len(counts) > 1
    ]
    return problems + _ords(outcome.store)


def _recount(chat: Chat) -> int:
    return sum(
        not message.mine and message.kind == NOTIFIES and message.ord > chat.read_ord
        for message in chat.messages
    )


def _ords(store: Store) -> list[str]:
    """ord is the number of the sender's counted messages up to there."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    problems = []
    for row in sorted(store.rows, key=lambda row: (row.conv, row.seq)):
        counts[row.conv, row.sender] += row.kind == NOTIFIES
        if row.ord != counts[row.conv, row.sender]:
            problems.append(f"ord of {row.seq} in {row.conv} is {row.ord}")
    return problems
