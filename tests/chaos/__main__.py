"""python -m tests.chaos --seed N --ops M: one storm, its history in a file, what was found."""

import argparse
import asyncio
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from tests.chaos import report
from tests.chaos.checkers import check
from tests.chaos.mutants import NAMES
from tests.chaos.plan import CLUSTER_FAULTS, DIRECT_FAULTS, FAULTS, RING_FAULTS, Plan
from tests.chaos.server import template
from tests.chaos.services import NODES_MAX, Services, own_services
from tests.chaos.storm import run

CLUSTER_RATE = 20.0  # operations a second: an append to three replicas costs several ms of CPU
CLUSTER_QUIET = 180.0  # a lease ends, a service comes back, and then a client's pause does
LONGER = (0.5, 8.0)  # seconds of a fault, where leases and time limits of seconds are at work


def main() -> int:
    wanted = _arguments()
    several = wanted.engine == "distributed"
    every = (*CLUSTER_FAULTS, *(RING_FAULTS if wanted.cassandra > 2 else ()))
    every += DIRECT_FAULTS if wanted.direct else ()
    plan = Plan(
        seed=wanted.seed, ops=wanted.ops, mutant=wanted.mutant, strikes=wanted.strikes,
        faults=tuple(wanted.faults or (every if several else FAULTS)),
        browser_mutant=wanted.browser_mutant,
        ops_a_second=wanted.rate or (CLUSTER_RATE if several else Plan.ops_a_second),
        storm_seconds=wanted.minutes * 60,
        presence=not wanted.no_presence,
        quiet_seconds=wanted.quiet or (CLUSTER_QUIET if several else Plan.quiet_seconds),
        nodes=wanted.nodes if several else 1,
        direct=wanted.direct,
        fault_seconds=LONGER if several else Plan.fault_seconds,
    )  # fmt: skip
    with ExitStack() as ended:
        prepared = _prepared(wanted, ended)
        runs = []
        for seed in range(plan.seed, plan.seed + wanted.runs):
            path = wanted.history and Path(wanted.history.format(seed=seed))
            result = asyncio.run(run(replace(plan, seed=seed), prepared, path))
            _say(report.told(seed, result))
            runs.append(result)
    if wanted.report:
        Path(wanted.report).write_text(report.page(plan, wanted.cassandra, runs))
    return 1 if any(check(result.outcome) for result in runs) else 0


def _prepared(wanted: argparse.Namespace, ended: ExitStack) -> Path | Services:
    if wanted.engine == "embedded":
        return template(Path(ended.enter_context(tempfile.TemporaryDirectory(prefix="chaos-"))))
    services = own_services(wanted.cassandra)
    ended.callback(services.remove)
    return services.start()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--engine", choices=("embedded", "distributed"), default="embedded")
    parser.add_argument("--nodes", type=int, choices=range(1, NODES_MAX + 1), default=NODES_MAX)
    parser.add_argument("--cassandra", type=int, choices=(1, 3), default=1, help="nodes of it")
    parser.add_argument("--direct", action="store_true", help="files pass the nodes by")
    parser.add_argument("--report", help="file for the page that docs/failures.md is")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=1, help="seeds, one after the other")
    parser.add_argument("--ops", type=int, default=1500)
    parser.add_argument("--strikes", type=int, default=Plan.strikes, help="faults, at least")
    parser.add_argument("--rate", type=float, help="operations a second")
    parser.add_argument("--minutes", type=float, default=60, help="of storm, at most")
    parser.add_argument(
        "--faults",
        nargs="*",
        choices=sorted({*FAULTS, *CLUSTER_FAULTS, *RING_FAULTS, *DIRECT_FAULTS}),
    )
    parser.add_argument("--mutant", choices=NAMES, default="none", help="break the server")
    parser.add_argument("--browser-mutant", default="", help="break the browsers")
    parser.add_argument("--quiet", type=float, help="seconds to settle, at most")
    parser.add_argument("--no-presence", action="store_true")
    parser.add_argument("--history", help="file for the history; {seed} is filled in")
    return parser.parse_args()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
