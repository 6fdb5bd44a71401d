"""The append alone: what it costs through the port, beside its bare SQL in the same run.

Each commit survives power loss. Each figure comes from a process of its own (bench/appending.py),
whose settings are those of a site, and the engines take turns.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from bench.appending import APPENDS, ENVELOPE, IN_FLIGHT
from bench.engines import ENGINES, TITLES, Engine, opened
from bench.tables import Table, number
from testkit.running import ROOT


def run(engines: Sequence[str] = tuple(ENGINES)) -> dict[str, Any]:
    """{engine: {in_flight: {"port": {cpu_us, database_cpu_us, wall_us}, "bare": {…}}}}; only SQL is
    measured bare."""
    with opened(engines, {}) as found:
        result: dict[str, Any] = {engine.name: {} for engine in found}
        for in_flight in IN_FLIGHT:
            for engine in found:
                result[engine.name][str(in_flight)] = _figures(engine, in_flight)
    return result


def tables(result: dict[str, Any]) -> list[Table]:
    head = ["one append, µs: CPU (the database's own) / wall"]
    columns = [
        (name, what)
        for name in result
        for what in COLUMNS
        if what in result[name][str(IN_FLIGHT[0])]
    ]
    head += [TITLES[name] + COLUMNS[what] for name, what in columns]
    rows = [
        [
            f"{in_flight} in flight",
            *(_cell(result[name][str(in_flight)][what]) for name, what in columns),
        ]
        for in_flight in IN_FLIGHT
    ]
    below = (
        f"Envelopes of {ENVELOPE} bytes; {APPENDS:,} appends of each; commits survive power loss."
    )
    return [Table(head, rows, below)]


COLUMNS = {"port": "", "bare": ", bare SQL"}


def _cell(cost: dict[str, float]) -> str:
    """SQLite is a part of the process that uses it."""
    database = cost["database_cpu_us"]
    of_it = f" ({number(database)})" if database else ""
    return f"{number(cost['cpu_us'])}{of_it} / {number(cost['wall_us'])}"


def _figures(engine: Engine, in_flight: int) -> dict[str, Any]:
    services = [f"{name}={pid}" for name, pid in engine.services.items()]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "bench.appending", str(in_flight), *services],
        cwd=ROOT, env=engine.site._env(), check=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    return dict(json.loads(done.stdout))
