"""I8: some seconds after the last change, what is shown is what is."""

from tests.chaos.outcome import Outcome


def is_true(outcome: Outcome) -> list[str]:
    return [
        f"{event.client} is shown {event.value['user']} as {event.value['shown']}, "
        f"who is {event.value['truth']}"
        for event in outcome.history
        if event.op == "presence" and event.value["shown"] != event.value["truth"]
    ]
