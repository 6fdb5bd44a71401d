"""What runs found, in words: for the terminal, and as the page docs/failures.md."""

import datetime
import os
import platform
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

from tests.chaos.checkers import check
from tests.chaos.checkers.sends import settled_by
from tests.chaos.history import Event
from tests.chaos.plan import Plan
from tests.chaos.storm import Result

CHAOS = "chaos.md"  # beside the page
SHOWN = 10  # problems of one invariant
KIB_A_GIB = 1024 * 1024
# What each line of the table counts: problems of these invariants.
COUNTED = {
    "lost or doubled": ("I1 ", "I2 "),
    "out of order, or not the same for all": ("I3 ", "I4 ", "I5 "),
    "wrong marks, counts, presence or epochs": ("I6 ", "I7 ", "I8 ", "I10 "),
    "files lost, or left of nobody": ("I9 ",),
    "readable texts": ("I11 ",),
    "never became quiet, or alarmed somebody": ("after ", "everybody ", "an honest "),
}


def told(seed: int, result: Result) -> str:
    """Lines for the terminal."""
    found, history = check(result.outcome), result.outcome.history
    rows, devices = len(result.outcome.store.rows), len(result.outcome.holdings)
    lines = [
        f"seed {seed}: {sum(result.ops.values())} operations {dict(result.ops)}",
        f"  sends {dict(settled_by(history))}, {rows} rows, {devices} devices",
        f"  faults {dict(result.faults)}",
        f"  seconds {result.seconds}",
        f"  longest wait of a send {max(waits(history), default=0):.1f} s",
    ]
    for fault, took in recoveries(history).items():
        lines.append(f"  in step again after {fault}: {_spread(took)}")
    for name, problems in found.items():
        lines.append(f"  BROKEN: {name}: {len(problems)}")
        lines += [f"    {problem}" for problem in problems[:SHOWN]]
    return "\n".join(lines if found else [*lines, "  all invariants hold"])


def page(plan: Plan, cassandras: int, results: Sequence[Result]) -> str:
    """A whole page of Markdown."""
    histories = [result.outcome.history for result in results]
    faults = sum((result.faults for result in results), Counter())
    times: dict[str, list[float]] = defaultdict(list)
    for history in histories:
        for fault, took in recoveries(history).items():
            times[fault] += took
    rows = [
        f"| `{fault}` | {count} | {_spread(times[fault]) if times[fault] else 'not measured'} |"
        for fault, count in sorted(faults.items())
    ]
    return "\n".join(
        [
            "# What a storm over several nodes found",
            "",
            f"Written by `python -m tests.chaos --report`. What a storm is: [{CHAOS}]({CHAOS}).",
            "",
            f"{datetime.datetime.now(datetime.UTC):%d %B %Y}, {_machine()}. "
            f"{plan.nodes} nodes behind HAProxy, {cassandras} of Cassandra, seeds from {plan.seed} "
            f"on: {len(results)}, everything on this one machine.",
            "",
            *_numbers(results),
            "",
            "| fault | times | until everybody was in step again, from its end: median, longest |",
            "|---|---|---|",
            *rows,
            "",
            *_problems(results),
        ]
    )


def recoveries(history: Iterable[Event]) -> dict[str, list[float]]:
    """Seconds from the end of a fault until everybody was in step again, by fault."""
    found: dict[str, list[float]] = defaultdict(list)
    for event in history:
        if (event.op, event.type) == ("in step", "ok"):
            found[event.value["what"]].append(event.value["s"])
    return dict(sorted(found.items()))


def waits(history: Iterable[Event]) -> list[float]:
    """Seconds between a send and its promise, for each that was promised."""
    began, found = {}, []
    for event in history:
        if event.op == "send" and event.type == "invoke":
            began[event.value["text"]] = event.t
        elif event.op == "send" and event.type == "ok":
            found.append(event.t - began[event.value["text"]])
    return found


def _numbers(results: Sequence[Result]) -> list[str]:
    settled = sum((settled_by(result.outcome.history) for result in results), Counter())
    late = sorted(wait for result in results for wait in waits(result.outcome.history))
    checked = [check(result.outcome) for result in results]
    lines = {
        "operations": sum(result.ops.total() for result in results),
        "faults": sum(result.faults.total() for result in results),
        "seconds of storm": round(sum(result.seconds["storm"] for result in results)),
        "messages sent": settled["invoke"],
        "acknowledged": settled["ok"],
        "nobody knows (the device was lost)": settled["info"],
        "refused": settled["fail"],
        "from sending to the promise: median, 99 of 100, longest": _percentiles(late),
    }
    for name, invariants in COUNTED.items():
        lines[name] = sum(
            len(problems)
            for found in checked
            for invariant, problems in found.items()
            if invariant.startswith(invariants)
        )
    return ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in lines.items())]


def _problems(results: Sequence[Result]) -> list[str]:
    lines = [
        f"- {name}: {problem}"
        for result in results
        for name, problems in check(result.outcome).items()
        for problem in problems[:SHOWN]
    ]
    return [*(lines or [f"All invariants of [{CHAOS}]({CHAOS}) held."]), ""]


def _percentiles(late: Sequence[float]) -> str:
    if not late:
        return "none"
    return f"{median(late):.2f}, {late[len(late) * 99 // 100]:.1f}, {late[-1]:.1f} s"


def _spread(seconds: Sequence[float]) -> str:
    return f"{median(seconds):.1f}, {max(seconds):.1f} s ({len(seconds)} measured)"


def _machine() -> str:
    kib = int(Path("/proc/meminfo").read_text().split()[1])
    size = f"{os.cpu_count()} cores, {kib / KIB_A_GIB:.0f} GiB, {platform.system()}"
    return f"{size}, a load of {os.getloadavg()[2]:.0f} in the last quarter of an hour"
