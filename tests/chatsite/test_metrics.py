"""What `/metrics` is made of."""

import json
import re

from chatsite.running import metrics
from chatsite.running.metrics import Metric
from testkit.running import ROOT

LINE = re.compile(r'# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="[a-z0-9_]*"\})? [0-9.e+-]+')


def fresh(*how: object) -> Metric:
    """One that no page shows."""
    metric = Metric(*how)  # type: ignore[arg-type]
    metrics._all.remove(metric)
    return metric


def test_a_count_is_there_before_anything_happened() -> None:
    metric = fresh("x_total", "Things.", "counter")
    assert metric.lines() == ["# HELP x_total Things.", "# TYPE x_total counter", "x_total 0"]
    metric.add()
    metric.add(n=2)
    assert metric.lines()[-1] == "x_total 3"


def test_what_is_told_apart_has_a_line_each() -> None:
    metric = fresh("x_total", "Things.", "counter", "way")
    metric.add("out")
    metric.add("in", n=1_000_000)
    assert metric.lines()[2:] == ['x_total{way="in"} 1000000', 'x_total{way="out"} 1']


def test_a_gauge_is_read_when_it_is_asked_for() -> None:
    metric = fresh("x", "Now.", "gauge")
    metric.read_by(lambda: 0.25)
    assert metric.lines()[-1] == "x 0.25"


def test_every_line_is_one_that_prometheus_takes() -> None:
    lines = metrics.text().splitlines()
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert len(set(lines)) == len(lines) > 30


def test_the_document_names_them_all() -> None:
    text = (ROOT / "docs/operations.md").read_text()
    rows = {f"| `{each.name}` | {each.kind} | {each.about} |" for each in metrics._all}
    assert rows == set(re.findall(r"^\| `(?:chat|process)_.*$", text, re.M))


def test_grafana_is_asked_for_names_that_there_are() -> None:
    board = json.loads((ROOT / "docs/grafana.json").read_text())
    asked = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    named = {name for expr in asked for name in re.findall(r"\b(?:chat|process)_[a-z_]+", expr)}
    there = {each.name: each for each in metrics._all}
    assert named <= there.keys()
    assert {name for name in there if name.startswith(MODERATION)} <= named
    labels = {(name, label) for expr in asked for label, name in GROUPED.findall(expr)}
    assert [each for each in labels if each[1] not in (there[each[0]].label, "instance")] == []
    assert labels


MODERATION = ("chat_reports", "chat_appeals", "chat_decisions", "chat_waiting", "chat_errors")
GROUPED = re.compile(r"by \((\w+)\) \((?:\w+\()?([a-z_]+)")
