"""One checker for each invariant (docs/chaos.md). Each takes an outcome and returns what it found
wrong, in words; nothing found = []. All are O(n log n): every text and every client_id is unique.
"""

from collections.abc import Callable

from tests.chaos.checkers import deleted, epochs, files, presence, receipts, restored, sends
from tests.chaos.outcome import Outcome

Checker = Callable[[Outcome], list[str]]

CHECKERS: dict[str, Checker] = {
    "I1 nothing promised is missing, nothing appears twice": sends.kept_once,
    "I2 a client_id stands for one message": sends.names_are_unique,
    "I3 the log is dense and everybody has the same": sends.same_log,
    "I4 a device's messages stand in the order of sending": sends.in_order,
    "I5 what is promised is seen by everybody who looks later": sends.seen_at_once,
    "I6 marks never fall": receipts.marks_rise,
    "I7 unread is what a recount says": receipts.unread_is_exact,
    "I8 presence becomes the truth": presence.is_true,
    "I9 files of messages are whole, and no other is left": files.whole_or_gone,
    "I10 epochs are one chain, and the floor holds": epochs.floor_holds,
    "I11 no text lies readable on the server": sends.nothing_leaks,
    "I13 what was on a screen stays there": restored.stays_on_screen,
    "I14 a counter stands for one message": restored.counters_stand_once,
    "I15 who is suspended sends nothing": sends.none_while_suspended,
    "I16 what is deleted is gone everywhere, and nothing else is": deleted.gone_everywhere,
    "after the storm nothing waits": sends.nothing_waits,
    "everybody becomes quiet": sends.becomes_quiet,
    "an honest server alarms nobody": sends.nobody_alarmed,
}


def check(outcome: Outcome) -> dict[str, list[str]]:
    """What is wrong, by invariant; empty where all hold."""
    found = {name: checker(outcome) for name, checker in CHECKERS.items()}
    return {name: problems for name, problems in found.items() if problems}
