"""I10: one linear history of epochs, and nothing below the floor once the floor was seen."""

from bisect import bisect_left
from collections import defaultdict

from tests.chaos.checkers import restored
from tests.chaos.outcome import EpochRow, Outcome

NO_PREVIOUS = "00" * 32


def floor_holds(outcome: Outcome) -> list[str]:
    return _chain(outcome) + _floor(outcome) + _promised(outcome)


def _chain(outcome: Outcome) -> list[str]:
    chains: dict[str, list[EpochRow]] = defaultdict(list)
    for row in outcome.store.epochs:
        chains[row.conv].append(row)
    problems = []
    for conv, chain in chains.items():
        before = NO_PREVIOUS
        for place, row in enumerate(sorted(chain, key=lambda row: row.n)):
            if row.n != place or row.previous != before:
                problems.append(f"epoch {row.n} of {conv} does not follow the one before it")
            before = row.hash
    return problems


def _floor(outcome: Outcome) -> list[str]:
    """An observer of the store saw floor m when the newest row was s: whatever is above s was
    accepted later."""
    floors: dict[str, list[tuple[int, int]]] = defaultdict(list)  # last_seq, floor
    problems = []
    for event in restored.in_steady_state(outcome.history):
        if event is None:
            floors.clear()
        elif event.op == "floor":
            seen = floors[event.value["conv"]]
            if seen and event.value["floor"] < seen[-1][1]:
                problems.append(f"the floor of {event.value['conv']} fell at {event.t}")
            seen.append((event.value["last_seq"], event.value["floor"]))
    for row in sorted(outcome.store.rows, key=lambda row: (row.conv, -row.seq)):
        seen = floors[row.conv]
        while seen and seen[-1][0] >= row.seq:
            seen.pop()
        if seen and row.epoch < seen[-1][1]:
            problems.append(
                f"row {row.seq} of {row.conv} is under epoch {row.epoch}, below {seen[-1][1]}"
            )
    return problems


def _promised(outcome: Outcome) -> list[str]:
    """Who looks after a floor was promised sees it."""
    floors: dict[str, list[tuple[float, int]]] = defaultdict(list)  # when, the highest by then
    problems = []
    for event in restored.in_steady_state(outcome.history):
        if event is None:
            floors.clear()
        elif event.op == "floor raised":
            known = floors[event.value["conv"]]
            known.append((event.t, max(event.value["epoch"], known[-1][1] if known else 0)))
        elif event.op == "floor":
            conv, floor = event.value["conv"], event.value["floor"]
            before = bisect_left(floors[conv], (event.value["asked"], 0))
            if before and floor < floors[conv][before - 1][1]:
                problems.append(f"a look at {event.value['asked']} saw floor {floor} of {conv}")
    return problems
