"""The benchmarks run, in the smallest form that measures anything, and count what they say."""

import asyncio
import json
import math
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from bench import appending, steps, talk
from bench.engines import PROCESSES, opened
from bench.loops import paced
from bench.process import measured
from bench.tables import Table, put_into
from testkit.running import ROOT
from tests.services import place

SMALL = """
import json, sys
from bench import echo, live, loops
live.PAIRS, live.WARM_UP, live.CLOSED, live.IN_FLIGHT = 2, 2, 20, 2
live.ROUNDS, live.RATE, live.SECONDS = 1, 20, 1
live.DEVICES, live.CONNECTORS = 2, 2
loops.RECEIPTS_LAST = 0.2
echo.SOCKETS, echo.TIMES = 2, 3
print(json.dumps(live.run(sys.argv[1:])))
"""
SMALL_STEPS = """
import os
from bench import steps
from bench.engines import opened
steps.TIMES, steps.WARM_UP = 40, 10
with opened(["sqlite"], {}) as [engine]:
    os.environ.update(engine.site._env())
    steps.main({})
"""
BUSY = """
import sys, threading
from pathlib import Path
from bench import profiled
def deep(levels, work):
    return deep(levels - 1, work) if levels else work()
def busy():
    return sum(number * number for number in range(2_000_000))
over = threading.Lock()
over.acquire()
for _ in range(300):  # a look at all of them takes longer than the clock waits
    threading.Thread(target=deep, args=(900, over.acquire), daemon=True).start()
profiled.begin(Path(sys.argv[1]))
print(deep(100, busy))
"""
CPU = ("cpu_seconds_per_1000", "cpu_seconds_per_1000_at_100")
BURNING = "sum(number * number for number in range(1_000_000))"


def measure(*engines: str) -> dict[str, dict[str, float]]:
    """In a process of its own, as `bin/bench` has: it ends with its sockets open."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SMALL, *engines],
        cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    result: dict[str, dict[str, float]] = json.loads(done.stdout)
    assert result.pop("conditions")["envelope_bytes"] == appending.ENVELOPE
    assert result.pop("echo")["frames_per_second"] > 0
    for figures in result.values():
        assert all(math.isfinite(figure) for figure in figures.values())
        assert 0 < figures["p50_ms"] <= figures["p95_ms"] <= figures["p99_ms"]
        for key in CPU:
            parts = [figures[f"{process}_{key}"] for process in PROCESSES]
            assert figures[key] == pytest.approx(sum(parts))
            assert figures[f"server_{key}"] > 0
    return result


def test_the_live_path_gives_the_same_figures_of_every_engine() -> None:
    engines = ["sqlite", *(["postgres"] if os.environ.get("CHAT_TEST_POSTGRES_URL") else [])]
    result = measure(*engines)
    assert list(result) == engines
    assert result["sqlite"]["postgres_cpu_seconds_per_1000"] == 0
    if postgres := result.get("postgres"):
        assert postgres.keys() == result["sqlite"].keys()
        assert postgres["postgres_cpu_seconds_per_1000"] > 0


@pytest.mark.services
def test_the_services_of_the_distributed_engine_count() -> None:
    place("CHAT_TEST_POSTGRES_URL", "postgres")
    place("CHAT_TEST_REDIS_URL", "redis")
    if "," in place("CHAT_TEST_CASSANDRA_HOSTS", "cassandra"):
        pytest.skip("measured on one node of Cassandra")
    figures = measure("distributed")["distributed"]
    for service in ("redis", "cassandra"):
        for key in CPU:
            assert figures[f"{service}_{key}"] > 0, service


def test_each_step_of_a_send_costs_something() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SMALL_STEPS],
        cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    figures = json.loads(done.stdout)
    assert list(figures) == ["append", "got", "read", "presence", "push"]
    assert all(spent["server"] > 0 for spent in figures.values())
    [table] = steps.tables({"sqlite": figures})
    assert len(table.rows) == len(figures)


async def test_a_driver_that_is_held_up_hides_no_delay() -> None:
    delays: list[float] = []

    async def begin(index: int, due: float) -> None:
        if index == 10:
            time.sleep(0.1)  # noqa: ASYNC251 -- nobody else gets a turn
        delays.append(time.perf_counter() - due)

    await paced(1000, 100, begin)
    assert len(delays) == 100
    # Eighty fall due while nothing is sent: the first of them waits longest.
    assert sum(delay > 0.02 for delay in delays) > 60


async def test_receipts_are_told_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talk, "RECEIPTS_EVERY", 0.05)
    monkeypatch.setattr(talk, "SHOWN_SECONDS", 0.05)
    told: list[dict[str, object]] = []
    all_read = asyncio.get_running_loop().create_future()

    def send(frame: bytes) -> None:
        told.append(msgspec.json.decode(frame))
        if told[-1].get("ord") == 20:
            all_read.set_result(None)

    receipts = talk.Receipts(bytes(16), send)
    for number in range(1, 21):
        receipts.came(number, number)
    await asyncio.wait_for(all_read, 30)
    gots = [frame["seq"] for frame in told if frame["t"] == "got"]
    assert gots == [1, 20]
    assert len([frame for frame in told if frame["t"] == "read"]) <= 2


def test_the_cost_of_a_child_counts_while_it_lives_and_when_it_has_ended() -> None:
    burn = f"{sys.executable} -c '{BURNING}'"
    with subprocess.Popen(
        ["/bin/sh", "-c", f"{burn}; echo; {burn}; echo; read line"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as shell:  # fmt: skip
        assert shell.stdin
        assert shell.stdout
        with measured({"shell": shell.pid}) as one:
            shell.stdout.readline()
        with measured({"shell": shell.pid}) as other:
            shell.stdout.readline()
        shell.stdin.close()
    for cost in (one, other):
        assert 0.02 < cost.cpu <= cost.wall + 0.05


def test_the_profiler_lets_the_server_get_on(tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    done = subprocess.run(
        [sys.executable, "-c", BUSY, str(profile)],
        cwd=ROOT, check=True, timeout=120, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert int(done.stdout)
    assert ":busy" in profile.read_text()


def test_what_cannot_be_had_is_said_aloud(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAT_TEST_CASSANDRA_HOSTS", "127.0.0.2,127.0.0.3")  # one is measured
    with pytest.raises(SystemExit), opened(["distributed"], {}):
        pass
    assert "MISSING: distributed" in capsys.readouterr().err


def test_figures_find_their_places_in_the_document(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    shutil.copy(ROOT / "docs/performance.md", document)
    around = document.read_text().partition("<!-- bench live -->")[0]
    for name in ("live", "append", "steps", "reconnect"):
        put_into(document, name, "Taken today.", [Table(["", name], [["a", "1"]], "Below.")])
        put_into(document, name, "Taken later.", [Table(["", name], [["b", "2"]], "Below.")])
        assert f"|  | {name} |\n| --- | --- |\n| b | 2 |\n\nBelow." in document.read_text()
    text = document.read_text()
    assert text.startswith(around)
    assert "Taken today." not in text
    assert "## A hostile neighbour" in text
    with pytest.raises(ValueError, match="no place for nothing"):
        put_into(document, "nothing", "", [])
