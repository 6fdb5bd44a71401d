"""What the other tests of the distributed engine take for granted."""

import pytest

from testkit.browser.pages import live, ready
from testkit.cluster import ROW
from testkit.running import Site
from tests.browser.chatting import Pair, both_understand
from tests.browser.engine import DISTRIBUTED, ENGINE, NODES

TRIES = 20  # of a page to come to another node; HAProxy takes the one with the fewest connections


@pytest.mark.engine
@pytest.mark.skipif(ENGINE != DISTRIBUTED, reason="there is one node")
def test_two_people_write_from_node_to_node(pair: Pair, site: Site) -> None:
    for _ in range(TRIES):
        where = dict(ROW.findall(site.manage_says("presence")))
        if {where.get(who.name) for who in (pair.alice_is, pair.bob_is)} == set(NODES):
            break
        pair.bob.reload()
        ready(pair.bob)
        live(pair.bob)
    else:
        pytest.fail("two people are at one node, however often one of them comes")
    both_understand(pair.alice, pair.bob)
