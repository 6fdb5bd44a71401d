"""A reader of an answer who does not read costs the site no memory, and does not stop others."""

import json
import subprocess
import sys

import pytest

from testkit.running import ROOT


@pytest.mark.parametrize("way", ["written", "spliced"])
def test_an_application_waits_for_its_reader(way: str) -> None:
    """In a process of its own: an application there gives 64 MB, piece by piece."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.chatsite.door.long_answer", way],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    given_unread, held, whole, after_a_reset = json.loads(done.stdout.splitlines()[-1])
    assert given_unread < 16, "pieces of a megabyte, most of them in the buffers of the system"
    assert held < 4 * 1024 * 1024
    assert whole == 64
    assert after_a_reset, "what nobody waits for is not made"
