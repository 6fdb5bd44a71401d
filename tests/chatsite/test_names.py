"""A set that is in a file where it is large, against Python's own."""

import random
import tracemalloc

import pytest

from chatsite.running import names
from chatsite.running.names import Names


def test_it_is_a_set_whatever_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "KEPT_MAX", 20)
    chance, ours, theirs = random.Random(1), Names(), set[bytes]()
    for _ in range(2_000):
        name = chance.randrange(300).to_bytes(2)
        assert (name in ours) == (name in theirs)
        ours.add(name)
        theirs.add(name)


def test_memory_does_not_grow_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite's own is bounded by its cache."""
    monkeypatch.setattr(names, "KEPT_MAX", 100)
    many = Names()
    tracemalloc.start()
    try:
        for n in range(20_000):
            many.add(n.to_bytes(16))
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()
    assert (19_999).to_bytes(16) in many
    assert (20_000).to_bytes(16) not in many
