"""Files of messages: I9."""

from tests.chaos.outcome import Outcome


def whole_or_gone(outcome: Outcome) -> list[str]:
    """Every file that a message names is there, whole, and everybody reads what was sent; no other
    one is left after a sweep."""
    files = outcome.files
    problems = [
        f"{blob} is named by a message, and not whole" for blob in files.named - files.whole
    ]
    problems += [f"{blob} is of no message, and still there" for blob in files.stored - files.named]
    return problems + [
        f"{event.client} cannot read {event.value['file']}: {event.value['why']}"
        for event in outcome.history
        if (event.op, event.type) == ("file", "fail")
    ]
