"""python -m tests.chaos --seed N --ops M: one storm, its history in a file, what was found."""

import argparse
import asyncio
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from tests.chaos.checkers import check
from tests.chaos.checkers.sends import settled_by
from tests.chaos.mutants import NAMES
from tests.chaos.plan import FAULTS, Plan
from tests.chaos.scene import template
from tests.chaos.storm import Result, run

SHOWN = 10  # problems of one invariant


def main() -> int:
    wanted = _arguments()
    plan = Plan(
        seed=wanted.seed, ops=wanted.ops, faults=tuple(wanted.faults), mutant=wanted.mutant,
        browser_mutant=wanted.browser_mutant, ops_a_second=wanted.rate,
        presence=not wanted.no_presence, quiet_seconds=wanted.quiet,
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        prepared = template(Path(folder))
        bad = 0
        for seed in range(plan.seed, plan.seed + wanted.runs):
            path = wanted.history and Path(wanted.history.format(seed=seed))
            result = asyncio.run(run(replace(plan, seed=seed), prepared, path))
            bad += _tell(seed, result)
    return 1 if bad else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=1, help="seeds, one after the other")
    parser.add_argument("--ops", type=int, default=1500)
    parser.add_argument("--rate", type=float, default=60, help="operations a second")
    parser.add_argument("--faults", nargs="*", choices=FAULTS, default=FAULTS)
    parser.add_argument("--mutant", choices=NAMES, default="none", help="break the server")
    parser.add_argument("--browser-mutant", default="", help="break the browsers")
    parser.add_argument("--quiet", type=float, default=60, help="seconds to settle, at most")
    parser.add_argument("--no-presence", action="store_true")
    parser.add_argument("--history", help="file for the history; {seed} is filled in")
    return parser.parse_args()


def _tell(seed: int, result: Result) -> bool:
    found = check(result.outcome)
    rows, devices = len(result.outcome.store.rows), len(result.outcome.holdings)
    _say(f"seed {seed}: {sum(result.ops.values())} operations {dict(result.ops)}")
    _say(f"  sends {dict(settled_by(result.outcome.history))}, {rows} rows, {devices} devices")
    _say(f"  faults {dict(result.faults)}")
    _say(f"  seconds {result.seconds}")
    for name, problems in found.items():
        _say(f"  BROKEN: {name}: {len(problems)}")
        for problem in problems[:SHOWN]:
            _say(f"    {problem}")
    if not found:
        _say("  all invariants hold")
    return bool(found)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
