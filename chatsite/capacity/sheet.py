"""Plans as rows: one for each question, one column for each plan."""

from dataclasses import asdict
from math import ceil
from typing import Any

from chatsite.capacity.model import MACHINE_CORES, Plan, operations

NAMES = {
    "app": "app processes, one a core",
    "redis": "Redis",
    "cassandra": "Cassandra nodes",
    "postgres": "PostgreSQL",
    "haproxy": "HAProxy",
}


def rows(plans: list[Plan]) -> list[list[str]]:
    """Head first."""
    made = [("people a day", [f"{plan.load.users:,}" for plan in plans])]

    def row(name: str, figure: Any) -> None:
        made.append((name, [figure(plan) for plan in plans]))

    row("engine", lambda plan: plan.engine)
    row("live connections", lambda plan: f"{plan.load.connections:,.0f}")
    row("messages a second, at the peak", lambda plan: _figure(plan.load.messages_a_second))
    for kind, name in NAMES.items():
        row(name, lambda plan, kind=kind: f"{plan.nodes[kind]:,}")
    row(f"machines of {MACHINE_CORES} cores for the app", _machines)
    row("object storage", lambda plan: "0")
    for kind in ("app", "redis", "cassandra", "postgres"):
        row(f"busy cores: {kind}", lambda plan, kind=kind: _figure(plan.cores.get(kind, 0)))
    row("Cassandra: operations a second", lambda plan: _operations(plan))
    for kind in ("app", "redis"):
        row(f"memory: {kind}", lambda plan, kind=kind: _size(plan.memory.get(kind, 0)))
    row("disk a day, all copies", lambda plan: _size(plan.disk_a_day))
    row("disk, with all the days that are kept", lambda plan: _size(plan.disk_kept))
    row("network, at the peak", lambda plan: f"{_size(plan.network)}/s")
    row("while Redis is away, late by", lambda plan: f"{_figure(plan.late_seconds)} s")
    row("all back after a break, CPU alone", lambda plan: f"{_figure(plan.back_seconds)} s")
    row("breaks first", lambda plan: plan.breaks_first)
    row("of what it can, that takes", lambda plan: f"{plan.used[plan.breaks_first]:.0%}")
    return [[name, *cells] for name, cells in made]


def as_data(plans: list[Plan]) -> list[dict[str, Any]]:
    return [
        {**asdict(plan), "machines": int(_machines(plan)), "breaks_first": plan.breaks_first,
         "object_storage": 0}
        for plan in plans
    ]  # fmt: skip


def _machines(plan: Plan) -> str:
    least = 1 if plan.engine == "embedded" else 2
    return f"{max(least, ceil(plan.nodes['app'] / MACHINE_CORES))}"


def _operations(plan: Plan) -> str:
    return f"{operations(plan.load):,.0f}" if plan.nodes["cassandra"] else "0"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == 0 else f"{value:.2g}"


def _size(value: float) -> str:
    units = ["B", "kB", "MB", "GB", "TB", "PB"]
    while value >= 1000 and len(units) > 1:
        value /= 1000
        units.pop(0)
    return f"{value:,.3g} {units[0]}"
