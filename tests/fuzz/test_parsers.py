"""A short run of each parser, always with the same dice; `python -m tests.fuzz` runs longer."""

import random

import pytest

from tests.fuzz.mutate import DEEP, near
from tests.fuzz.targets import TARGETS, Target

INPUTS = 400


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_whatever_comes_is_read_or_refused(target: Target) -> None:
    dice = random.Random(target.name)
    for data in (*target.corpus, b"", b"[" * DEEP, b'"\xff"', b'{"a":' * DEEP):
        target.feed(data)
    for _ in range(INPUTS):
        target.feed(near(dice, target.corpus))
