"""What `/metrics` is made of."""

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
