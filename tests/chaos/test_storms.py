"""Whole storms: the real server, real browsers' modules and clients, and the faults of a seed.

Two small ones are part of every run of the tests, and one over several nodes (test_cluster.py).
CHAT_CHAOS=full takes longer storms and every broken server and browser; without it `bin/test chaos`
takes a few of them.
"""

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from testkit.running import ROOT
from tests.chaos.checkers import check
from tests.chaos.plan import Plan
from tests.chaos.server import template
from tests.chaos.storm import run

FULL = os.environ.get("CHAT_CHAOS") == "full"
SEEDS = (11, 12, 13)
STORM = Plan(seed=0, ops=1500 if FULL else 500)
FEW = {
    "no_dedupe",
    "push_without_store",
    "erase_forgotten",
    "deletes_for_others",
    "forgets_names",
    "forgets_what_was_lost",
}  # of the broken, without FULL
SMALL = Plan(
    seed=1, ops=150, strikes=4, people=(("alice", "np"), ("bob", "np")), pairs=(("alice", "bob"),),
    faults=(), ops_a_second=30, fault_seconds=(0.3, 1.0), quiet_seconds=10, presence=False,
    fresh="p", clocks_differ=False,
)  # fmt: skip
QUIET = 60.0  # seconds: what is not broken becomes quiet on a busy machine, too
# what is broken → the faults that bring it out
SERVERS = {
    "no_dedupe": ("lossy", "nervous", "cut"),
    "ack_before_commit": ("kill",),
    "last_writer_wins": ("stall",),
    "unread_by_counting": ("nervous", "lossy"),
    "push_without_store": ("cut",),
    "floor_ignored": ("revoke",),
    "seq_not_dense": ("cut",),
    "presence_by_user": (),
    "plaintext_in_the_log": (),
    "whole_unseen": ("cut_parts",),
    "erase_forgotten": ("cut",),
    "files_forgotten": ("cut",),
}
BROWSERS = {
    "forgets_names": ("lossy", "cut"),
    "takes_what_comes": ("lossy",),
    "believes_vectors": ("mute",),
    "forgets_what_was_lost": ("restore",),
    "stays_ahead": ("restore",),
    "deletes_for_others": ("cut",),
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
    "whole_unseen": ("I9",),
    "erase_forgotten": ("I16",),
    "files_forgotten": ("I9", "I16"),
    "forgets_names": ("I1",),
    "takes_what_comes": ("I3",),
    "believes_vectors": ("I6", "I7"),
    "forgets_what_was_lost": ("I13",),
    "stays_ahead": ("I1", "I3"),
    "deletes_for_others": ("I1",),
}

HAS_NODE = shutil.which("node") and (ROOT / "node_modules/hash-wasm").exists()
DEMANDED = os.environ.get("CHAT_REQUIRE_SERVICES") == "1"

has_node = pytest.mark.skipif(
    not (HAS_NODE or DEMANDED), reason="MISSING: Node and its tools; bin/test js installs them"
)
pytestmark = [pytest.mark.timeout(1800), has_node]
long = pytest.mark.chaos


def _chosen(broken: dict[str, tuple[str, ...]]) -> list[Any]:
    skip = pytest.mark.skip(reason="CHAT_CHAOS=full looks for this one, too")
    return [
        pytest.param(name, marks=() if FULL or name in FEW else skip) for name in sorted(broken)
    ]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return template(tmp_path_factory.mktemp("chaos"))


@long
@pytest.mark.parametrize("seed", SEEDS)
async def test_nothing_is_lost_in_a_storm(prepared: Path, tmp_path: Path, seed: int) -> None:
    result = await run(replace(STORM, seed=seed), prepared, tmp_path / "history.jsonl")
    assert check(result.outcome) == {}
    assert len(result.outcome.store.rows) > STORM.ops / 3  # it was a storm, not a lull
    assert sum(result.faults.values()) >= STORM.strikes


async def test_a_lull_leaves_nothing_to_find(prepared: Path) -> None:
    """The small plan of the mutants, with nothing broken."""
    assert check((await run(replace(SMALL, quiet_seconds=QUIET), prepared)).outcome) == {}


async def test_an_older_backup_is_put_back(prepared: Path) -> None:
    """Twice, while people write."""
    plan = replace(SMALL, faults=("restore",), strikes=2, quiet_seconds=QUIET)
    result = await run(plan, prepared)
    assert check(result.outcome) == {}
    only = [chat.only for holding in result.outcome.holdings for chat in holding.chats.values()]
    assert any(only)  # something was lost, and is kept


@long
@pytest.mark.parametrize("name", _chosen(SERVERS))
async def test_a_broken_server_is_found(prepared: Path, name: str) -> None:
    plan = replace(SMALL, mutant=name, faults=SERVERS[name])
    if name == "last_writer_wins":  # a device reads, its line stands, and another one reads more
        plan = replace(plan, strikes=8, fault_seconds=(1.0, 3.0))
    if name == "presence_by_user":
        people = (("alice", "p"), ("bob", "np"), ("carol", "np"))
        pairs = (("alice", "bob"), ("bob", "carol"), ("alice", "carol"))
        plan = replace(plan, ops=20, people=people, pairs=pairs, presence=True)
    await _found(plan, prepared, name)


@long
@pytest.mark.parametrize("name", _chosen(BROWSERS))
async def test_a_broken_browser_is_found(prepared: Path, name: str) -> None:
    # longer faults: a browser that was cut off takes up to three seconds to come back
    plan = replace(SMALL, browser_mutant=name, faults=BROWSERS[name], fault_seconds=(1.0, 3.0))
    plan = replace(plan, strikes=2 if BROWSERS[name] == ("restore",) else 8)
    await _found(plan, prepared, name)


async def _found(plan: Plan, prepared: Path, name: str) -> None:
    found = check((await run(plan, prepared)).outcome)
    assert {broken.split(" ")[0] for broken in found} & set(FOUND_BY[name]), found
