"""Whole storms: the real server, real browsers' modules and clients, and the faults of a seed.

CHAT_CHAOS=full takes longer storms and every broken server and browser; without it a few of them.
"""

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.checkers import check
from tests.chaos.plan import Plan
from tests.chaos.scene import template
from tests.chaos.storm import run
from tests.running import ROOT

FULL = os.environ.get("CHAT_CHAOS") == "full"
SEEDS = (11, 12, 13)
STORM = Plan(seed=0, ops=1500 if FULL else 500)
FEW = {"no_dedupe", "push_without_store", "forgets_names"}  # of the broken, without FULL
SMALL = Plan(
    seed=1, ops=150, strikes=4, people=(("alice", "np"), ("bob", "np")), pairs=(("alice", "bob"),),
    faults=(), ops_a_second=30, fault_seconds=(0.3, 1.0), quiet_seconds=10, presence=False,
    fresh="p", clocks_differ=False,
)  # fmt: skip
# what is broken → the faults that bring it out
SERVERS = {
    "no_dedupe": ("lossy", "nervous", "cut"),
    "ack_before_commit": ("kill",),
    "last_writer_wins": ("late", "stall"),
    "unread_by_counting": ("nervous", "lossy"),
    "push_without_store": ("cut",),
    "floor_ignored": ("revoke",),
    "seq_not_dense": ("cut",),
    "presence_by_user": (),
    "plaintext_in_the_log": (),
}
BROWSERS = {
    "forgets_names": ("lossy", "cut"),
    "takes_what_comes": ("lossy",),
    "believes_vectors": ("mute",),
}
FOUND_BY = {
    "no_dedupe": ("I1", "I2", "I4"),
    "ack_before_commit": ("I1", "I3", "I5"),
    "last_writer_wins": ("I6",),
    "unread_by_counting": ("I7",),
    "push_without_store": ("I1", "I3"),
    "floor_ignored": ("I10",),
    "seq_not_dense": ("I3",),
    "presence_by_user": ("I8",),
    "plaintext_in_the_log": ("I11",),
    "forgets_names": ("I1",),
    "takes_what_comes": ("I3",),
    "believes_vectors": ("I6", "I7"),
}

HAS_NODE = shutil.which("node") and (ROOT / "node_modules/hash-wasm").exists()
DEMANDED = os.environ.get("CHAT_REQUIRE_SERVICES") == "1"

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.skipif(
        not (HAS_NODE or DEMANDED), reason="MISSING: Node and its tools; bin/test js installs them"
    ),
]


def _chosen(broken: dict[str, tuple[str, ...]]) -> list[Any]:
    skip = pytest.mark.skip(reason="CHAT_CHAOS=full looks for this one, too")
    return [
        pytest.param(name, marks=() if FULL or name in FEW else skip) for name in sorted(broken)
    ]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return template(tmp_path_factory.mktemp("chaos"))


@pytest.mark.parametrize("seed", SEEDS)
async def test_nothing_is_lost_in_a_storm(prepared: Path, tmp_path: Path, seed: int) -> None:
    result = await run(replace(STORM, seed=seed), prepared, tmp_path / "history.jsonl")
    assert check(result.outcome) == {}
    assert len(result.outcome.store.rows) > STORM.ops / 3  # it was a storm, not a lull
    assert sum(result.faults.values()) >= STORM.strikes


async def test_a_lull_leaves_nothing_to_find(prepared: Path) -> None:
    """The small plan of the mutants, with nothing broken."""
    assert check((await run(SMALL, prepared)).outcome) == {}


@pytest.mark.parametrize("name", _chosen(SERVERS))
async def test_a_broken_server_is_found(prepared: Path, name: str) -> None:
    plan = replace(SMALL, mutant=name, faults=SERVERS[name])
    if name == "presence_by_user":
        people = (("alice", "p"), ("bob", "np"), ("carol", "np"))
        pairs = (("alice", "bob"), ("bob", "carol"), ("alice", "carol"))
        plan = replace(plan, ops=20, people=people, pairs=pairs, presence=True)
    await _found(plan, prepared, name)


@pytest.mark.parametrize("name", _chosen(BROWSERS))
async def test_a_broken_browser_is_found(prepared: Path, name: str) -> None:
    # longer faults: a browser that was cut off takes up to three seconds to come back
    plan = replace(SMALL, browser_mutant=name, faults=BROWSERS[name], fault_seconds=(1.0, 3.0))
    plan = replace(plan, strikes=8)
    await _found(plan, prepared, name)


async def _found(plan: Plan, prepared: Path, name: str) -> None:
    found = check((await run(plan, prepared)).outcome)
    assert {broken.split(" ")[0] for broken in found} & set(FOUND_BY[name]), found
