"""A mutant whose place in the source has moved breaks nothing: it would be missed in the storms."""

import json

import pytest

from testkit.running import ROOT
from tests.chaos import mutants
from tests.chaos.test_broken_cluster import NODES
from tests.chaos.test_storms import BROWSERS, FOUND_BY, SERVERS

# What is broken between nodes and no storm sees: the next message or comparison makes it good. A
# node that no longer hears itself compares at once.
MADE_GOOD = {"gaps_ignored", "caches_kept", "core_layer"}
MUTANTS = json.loads((ROOT / "tests/chaos/browser/mutants.json").read_text())


def test_each_mutant_has_its_faults_and_its_checkers() -> None:
    assert set(MUTANTS) == set(BROWSERS)
    assert set(FOUND_BY) == {*BROWSERS, *SERVERS}
    assert {"none", *NODES, *MADE_GOOD} == set(mutants.MUTANTS["distributed"])


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_a_broken_browser_fits_the_source(name: str) -> None:
    mutant = MUTANTS[name]
    source = (ROOT / "static/js" / mutant["file"]).read_text()
    assert source.count(mutant["before"]) == 1
