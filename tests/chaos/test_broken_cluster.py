"""Broken nodes in storms, for `bin/test long`. test_broken_nodes.py finds them by single tests."""

from dataclasses import dataclass, replace

import pytest

from tests.chaos.checkers import check
from tests.chaos.plan import Plan
from tests.chaos.services import Services
from tests.chaos.storm import run
from tests.chaos.test_cluster import SHORT, services
from tests.chaos.test_storms import FULL, has_node, long

__all__ = ["services"]

QUIET = 45.0  # seconds: what is not broken is in step again by then, on a busy machine, too


@dataclass(frozen=True)
class Sought:
    faults: tuple[str, ...]  # that bring it out
    by: frozenset[str]  # the checkers that find it
    hush: str = ""
    people: tuple[tuple[str, str], ...] = SHORT.people
    nodes: int = SHORT.nodes
    fault_seconds: tuple[float, float] = SHORT.fault_seconds


LONGER = (3.5, 6.0)  # than a compare-and-set is waited for: what comes after it, gets through
ALONE = (("alice", "p"), ("bob", "n"))  # each on one node, and of three seldom on the same
NODES = {
    "no_dedupe": Sought(("lossy", "nervous"), frozenset({"I1", "I2", "I4"})),
    "unknown_is_done": Sought(
        ("shed_cassandra",), frozenset({"I1", "I3", "I5"}), fault_seconds=LONGER
    ),
    "plain_writes": Sought(("nervous",), frozenset({"I1", "I2", "I3", "I5"}), hush="end"),
    "ack_before_watermarks": Sought(("kill",), frozenset({"I7", "everybody"}), hush="begin"),
    "floor_after_the_answer": Sought(("revoke",), frozenset({"I10"})),
    "presence_by_user": Sought((), frozenset({"I8"})),
    "routes_kept": Sought(
        ("displace",), frozenset({"everybody"}), hush="end", people=ALONE, nodes=3
    ),
    "plaintext_in_the_log": Sought((), frozenset({"I11"})),
    "erase_forgotten": Sought((), frozenset({"I16"})),
    "files_forgotten": Sought((), frozenset({"I9", "I16"})),
}

pytestmark = [long, has_node, pytest.mark.timeout(1800)]
full = pytest.mark.skipif(not FULL, reason="CHAT_CHAOS=full looks for these")


@full
@pytest.mark.parametrize("hush", ["begin", "end"])
async def test_where_nothing_is_broken_nobody_has_to_ask(services: Services, hush: str) -> None:
    """The control: the same faults, and time for a busy machine."""
    faults = {fault for one in NODES.values() if one.hush == hush for fault in one.faults}
    plan = replace(SHORT, faults=tuple(sorted(faults)), hush=hush, presence=False)
    assert check((await run(plan, services)).outcome) == {}


@full
@pytest.mark.parametrize("name", NODES)
async def test_a_broken_node_is_found(services: Services, name: str) -> None:
    found = check((await run(plan_of(name), services)).outcome)
    assert {broken.split(" ")[0] for broken in found} & NODES[name].by, found


def plan_of(name: str) -> Plan:
    sought = NODES[name]
    plan = replace(SHORT, mutant=name, faults=sought.faults, hush=sought.hush, presence=False)
    plan = replace(plan, quiet_seconds=QUIET, people=sought.people, nodes=sought.nodes)
    plan = replace(plan, fault_seconds=sought.fault_seconds)
    if name == "presence_by_user":
        people = (("alice", "p"), ("bob", "np"), ("carol", "np"))
        pairs = (("alice", "bob"), ("bob", "carol"), ("alice", "carol"))
        plan = replace(plan, ops=20, people=people, pairs=pairs, presence=True)
    return plan
