"""The scale model: points computed by hand, more is never less, and nothing is asked in vain."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as some

from chatsite.capacity import measured, model, sheet
from chatsite.capacity.measured import Engine, Measured, NotMeasured
from chatsite.capacity.model import Load, operations, plan
from testkit.running import ROOT

PAGE, SCALE = ROOT / "docs/performance.md", ROOT / "docs/scale.md"
NOTHING = {"server": 0.0, "postgres": 0.0, "redis": 0.0, "cassandra": 0.0}
COSTS = Measured(
    Engine(NOTHING | {"server": 0.3}, start=0.6, call=4.0, idle_kib=30),
    Engine(NOTHING | {"server": 1.3, "redis": 0.03, "cassandra": 2.0}, 1.5, 9.0, 30),
    call_of_postgres=2.5,
)
MILLION = Load(3_000_000, online=1 / 3, days=1)  # are there at the same time


def test_a_thousand_people_need_one_process() -> None:
    one = plan(Load(1_000), COSTS)
    assert (one.engine, sum(one.nodes.values())) == ("embedded", 1)
    assert one.load.messages_a_second == pytest.approx(1_000 * 40 * 3 / 86_400)
    assert one.disk_a_day == 1_000 * 40 * 950


def test_a_million_who_are_there_at_once_as_by_hand() -> None:
    many = plan(MILLION, COSTS)
    assert many.engine == "distributed"
    assert many.load.messages_a_second == pytest.approx(4_166.7, rel=1e-4)
    assert many.load.connections == pytest.approx(1_300_000)
    assert operations(MILLION) == pytest.approx(108_333, rel=1e-4)  # 26 a message
    assert many.nodes["cassandra"] == 6  # by operations, 20,000 each
    # 5.417 of messages, 4.16 of pings, 1.083 of starts, 25 of calls
    assert many.cores["app"] == pytest.approx(35.66, rel=1e-3)
    assert many.nodes["app"] == 72
    assert many.cores["cassandra"] == pytest.approx(37.5, rel=1e-3)
    assert many.cores["redis"] == pytest.approx(0.125 + 0.06 + 0.108, rel=1e-2)
    assert many.breaks_first == "core of Redis"
    assert many.disk_a_day == 3_000_000 * 40 * 950 * 3
    assert many.late_seconds == pytest.approx(1_300_000 / 72 / 200)


def test_what_is_kept_sizes_cassandra_in_the_end() -> None:
    """342 GB a day, and room to compact them."""
    assert plan(replace(MILLION, days=365), COSTS).nodes["cassandra"] == 41
    assert plan(replace(MILLION, replication=1, days=1), COSTS).nodes["cassandra"] == 3
    assert plan(replace(MILLION, replication=7, days=1), COSTS).nodes["cassandra"] >= 7


MORE: dict[str, Callable[[Any], Any]] = {
    "users": lambda users: 2 * users,
    "messages": lambda messages: 2 * messages,
    "online": lambda share: min(1.0, 2 * share),
    "replication": lambda copies: copies + 1,
    "days": lambda days: 2 * days,
}


@given(
    some.builds(
        Load,
        users=some.integers(1, 10**8),
        messages=some.floats(0.01, 1000),
        online=some.floats(0.0001, 1),
        replication=some.integers(1, 8),
        days=some.integers(1, 3650),
    ),
    some.sampled_from(sorted(MORE)),
)
def test_more_of_anything_never_takes_less(load: Load, what: str) -> None:
    less = plan(load, COSTS)
    more = plan(replace(load, **{what: MORE[what](getattr(load, what))}), COSTS)
    for kind, count in less.nodes.items():
        assert more.nodes[kind] >= count
    assert sum(more.cores.values()) >= sum(less.cores.values())
    for figure in ("disk_a_day", "disk_kept", "network"):
        assert getattr(more, figure) >= getattr(less, figure)


# ---------------------------------------------------------------- where its figures come from


def test_the_page_of_the_benchmarks_has_all_that_is_asked_of_it() -> None:
    costs = measured.read(PAGE)
    for engine in (costs.embedded, costs.distributed):
        assert engine.message["server"] > 0
        assert min(engine.start, engine.call, engine.idle_kib) > 0
    assert costs.embedded.message["cassandra"] == 0
    assert costs.distributed.message["cassandra"] > costs.distributed.message["redis"] > 0


def test_the_figures_of_the_busy_site_are_read(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    rows = [("closed loop, 8 in flight: messages a second", 3_286, 449)]
    for number, part in enumerate(NOTHING):
        rows.insert(0, (f"of it: {part}", 100, 100))  # of the quiet one
        rows.append((f"of it: {part}", number, 10 + number))
    rows += [(name, 1_000, 2) for name in (measured.START, measured.CALL, measured.IDLE)]
    table = [f"| {name} | {one:,} | aim | {one} |  | {other} |  |" for name, one, other in rows]
    head = "| 100 pairs | SQLite | aim | PostgreSQL | aim | distributed | aim |"
    page.write_text("\n".join([measured.BEGIN, head, "| --- |", *table, measured.END]))
    costs = measured.read(page)
    assert list(costs.embedded.message.values()) == [0, 1, 2, 3]
    assert list(costs.distributed.message.values()) == [10, 11, 12, 13]
    assert costs.embedded.start == 1_000
    lines = page.read_text().replace(measured.IDLE, "another name")
    page.write_text(lines)
    with pytest.raises(NotMeasured, match="no figure for 'memory of an idle connection, KiB'"):
        measured.read(page)


def test_the_document_lists_what_is_assumed() -> None:
    names = {
        name: value
        for name, value in vars(model).items()
        if name.isupper() and isinstance(value, int | float)
        if name not in ("PING_SECONDS", "COMPARED_PER_SECOND", "DAY")
    }
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| ([0-9.,]+) \|", SCALE.read_text(), re.M))
    assert {name: float(value.replace(",", "")) for name, value in rows.items()} == names


def test_the_document_has_the_rows_of_the_command() -> None:
    said = [name for name, *_ in sheet.rows([plan(Load(1), COSTS)])]
    found = re.findall(r"^\| ([^|`]+?) \| .* \| .* \| .* \| .* \|$", SCALE.read_text(), re.M)
    assert found == said


# ---------------------------------------------------------------- the command


def test_it_says_the_same_to_people_and_to_programs(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("capacity", users=[1_000, 1_000_000])
    lines = capsys.readouterr().out.splitlines()
    assert re.split(r" {2,}", lines[0]) == ["people a day", "1,000", "1,000,000"]
    call_command("capacity", users=[1_000, 1_000_000], json=True)
    small, large = json.loads(capsys.readouterr().out)
    assert (small["engine"], large["engine"]) == ("embedded", "distributed")
    [cassandra] = (line for line in lines if line.startswith("Cassandra nodes"))
    assert cassandra.split()[-1] == str(large["nodes"]["cassandra"])


def test_without_a_number_it_shows_four_sites(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("capacity", json=True)
    users = [site["load"]["users"] for site in json.loads(capsys.readouterr().out)]
    assert users == [1_000, 100_000, 1_000_000, 10_000_000]


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("--users", "0", "'0' is not a whole number from 1 to 10,000,000,000"),
        ("--users", "1e6", "'1e6' is not a whole number"),
        ("--users", "-5", "'-5' is not a whole number"),
        ("--messages", "nan", "'nan' is not a number from 0.01 to 10,000"),
        ("--messages", "inf", "'inf' is not a number"),
        ("--online", "3", "'3' is not a number from 0.0001 to 1"),
        ("--online", "half", "'half' is not a number"),
        ("--replication", "0", "'0' is not a whole number from 1 to 9"),
        ("--days", "0.5", "'0.5' is not a whole number from 1 to 36,500"),
    ],
)
def test_a_bad_number_is_refused_by_name(option: str, value: str, why: str) -> None:
    with pytest.raises(Exception, match=re.escape(f"argument {option}: {why}")):
        call_command("capacity", f"{option}={value}")
