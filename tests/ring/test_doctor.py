"""What doctor says of a ring in which nodes are down, or say nothing."""

import pytest

from chatsite.running.findings import Finding, Level
from tests.chatsite.doctor.asked import expect, expect_well, found
from tests.ring.conftest import Ring

NODES_CHECK = "messaging.backends.cassandra.examining.nodes"
TABLES_CHECK = "messaging.backends.cassandra.examining.tables"
SECONDS = 60.0  # each check may take, on a busy machine

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]


def asked(ring: Ring, check: str = NODES_CHECK) -> list[Finding]:
    return found(check, ring.tables.options, seconds=SECONDS)


def address(ring: Ring, number: int) -> str:
    return str(ring.tables.options["HOSTS"][number - 1])


def test_of_a_whole_ring_nothing_is_wrong(ring: Ring) -> None:
    expect_well(asked(ring))
    expect_well(asked(ring, TABLES_CHECK))


@pytest.mark.parametrize("number", [1, 2])
def test_one_that_is_down_is_named(ring: Ring, number: int) -> None:
    """Also the first, which is asked for the others."""
    ring.kill(number)
    findings = asked(ring)
    expect(findings, Level.WARNING, f"{address(ring, number)} does not answer")
    assert any(one.text == "2 of 3 nodes answer" and one.level is Level.OK for one in findings)
    expect_well(asked(ring, TABLES_CHECK))


def test_one_that_stands_still_is_named(ring: Ring) -> None:
    ring.freeze(3)
    findings = asked(ring)
    expect(findings, Level.WARNING, f"{address(ring, 3)} does not answer")
    assert any(one.text == "2 of 3 nodes answer" for one in findings)
    expect_well(asked(ring, TABLES_CHECK))


def test_most_of_it_down_is_wrong(ring: Ring) -> None:
    ring.kill(2, 3)
    findings = asked(ring)
    expect(findings, Level.WRONG, "1 of 3 nodes answer")
    for number in (2, 3):
        expect(findings, Level.WARNING, f"{address(ring, number)} does not answer")


def test_none_of_it_is_wrong(ring: Ring) -> None:
    ring.kill(1, 2, 3)
    [finding] = asked(ring)
    assert finding.level is Level.WRONG
    assert "Cassandra is away" in finding.text
