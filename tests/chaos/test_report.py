"""What a run tells of itself."""

from collections import Counter
from dataclasses import replace

from tests.chaos import report
from tests.chaos.good import event, good
from tests.chaos.outcome import Outcome
from tests.chaos.plan import Plan
from tests.chaos.storm import Result

PLAN = Plan(seed=7, nodes=3)
STEPS = [
    event(5, "nemesis", "in step", "ok", what="kill", s=1.0, late=[]),
    event(6, "nemesis", "in step", "ok", what="kill", s=3.0, late=[]),
    event(7, "nemesis", "in step", "info", what="pause", s=120.0, late=["bob/p1"]),
]


def result(outcome: Outcome) -> Result:
    faults, ops = Counter({"kill": 2, "pause": 1}), Counter({"send": 3})
    return Result(outcome, faults, ops, {"storm": 9.0})


def stepped() -> Outcome:
    outcome = good()
    return replace(outcome, history=(*outcome.history, *STEPS))


def test_a_page_has_the_numbers_of_all_its_runs() -> None:
    page = report.page(PLAN, 3, [result(stepped()), result(stepped())])
    for line in (
        "| faults | 6 |",
        "| messages sent | 6 |",
        "| acknowledged | 6 |",
        "| lost or doubled | 0 |",
        "| `kill` | 4 | 2.0, 3.0 s (4 measured) |",
        "| `pause` | 2 | not measured |",
    ):
        assert line in page.splitlines()
    assert "All invariants" in page


def test_what_broke_is_counted_and_told() -> None:
    outcome = stepped()
    lost = replace(outcome, holdings=outcome.holdings[:1], store=replace(outcome.store, rows=()))
    page = report.page(PLAN, 1, [result(lost)])
    assert "| lost or doubled | 0 |" not in page
    assert "the store has not kept text 1" in page
    assert "BROKEN: I1" in report.told(7, result(lost))


def test_a_send_waits_until_its_promise() -> None:
    assert [round(seconds, 3) for seconds in report.waits(good().history)] == [0.1, 0.1, 0.1]
