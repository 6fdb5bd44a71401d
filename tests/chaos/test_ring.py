"""A long storm over three nodes on three of Cassandra: part of `bin/test long`."""

from pathlib import Path

import pytest

from tests.chaos.checkers import check
from tests.chaos.plan import CLUSTER_FAULTS, RING_FAULTS, Plan
from tests.chaos.storm import run
from tests.chaos.test_cluster import running
from tests.chaos.test_storms import FULL, has_node, long

STORM = Plan(
    seed=21, ops=1500, strikes=35, nodes=3, ops_a_second=20, quiet_seconds=180, storm_seconds=2400,
    fault_seconds=(0.5, 8.0), faults=(*CLUSTER_FAULTS, *RING_FAULTS),
)  # fmt: skip

pytestmark = [long, has_node, pytest.mark.timeout(3600)]


@pytest.mark.skipif(not FULL, reason="CHAT_CHAOS=full has it")
async def test_nothing_is_lost_in_a_ring(tmp_path: Path) -> None:
    with running(3) as ring:
        result = await run(STORM, ring, tmp_path / "history.jsonl")
    assert check(result.outcome) == {}
