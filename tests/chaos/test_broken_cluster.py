"""Broken nodes in a storm, for `bin/test long`. test_broken_nodes.py finds every one of them."""

from dataclasses import replace

import pytest

from tests.chaos.checkers import check
from tests.chaos.services import Services
from tests.chaos.storm import run
from tests.chaos.test_cluster import SHORT, services
from tests.chaos.test_storms import FULL, has_node, long

__all__ = ["services"]

# what is broken → the faults that bring it out, and the checkers that find it
NODES = {
    "no_dedupe": (("lossy", "nervous"), {"I1", "I2", "I4"}),
}

pytestmark = [long, has_node, pytest.mark.timeout(1800)]


@pytest.mark.skipif(not FULL, reason="CHAT_CHAOS=full looks for these")
@pytest.mark.parametrize("name", NODES)
async def test_a_broken_node_is_found(services: Services, name: str) -> None:
    faults, checkers = NODES[name]
    plan = replace(SHORT, mutant=name, faults=faults, quiet_seconds=30.0, presence=False)
    found = check((await run(plan, services)).outcome)
    assert {broken.split(" ")[0] for broken in found} & checkers, found
