"""What looks after all connections goes on where one of them fails; descriptors are not scarce."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from testkit.running import ROOT, new_site
from tests.chatsite.door.stranger import ask, dial, request, reset, status


def test_a_connection_that_fails_in_a_check_hinders_no_other_and_no_later_check() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.chatsite.door.checked"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    after_it, kept, coming = json.loads(done.stdout)
    assert after_it == ["exception", "times"]
    assert kept == [True, True, False]
    assert coming == ["application_checker", "timeout_checker"]
    assert done.stderr.count("RuntimeError: the transport is dead") == 2, (
        "each failure is told once"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_site_takes_all_descriptors_that_it_may_have() -> None:
    few, hard = 256, resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert hard > few, "else this proves nothing"
    site = new_site()
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    resource.setrlimit(resource.RLIMIT_NOFILE, (few, hard))
    try:
        site.start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert site.process is not None
    limits = Path(f"/proc/{site.process.pid}/limits").read_text()
    [line] = [line for line in limits.splitlines() if line.startswith("Max open files")]
    assert line.split()[3:5] == [str(hard), str(hard)]
    for _ in range(few):
        link = dial(site)
        link.sendall(request(site))
        reset(link)
    assert status(ask(site, request(site))) == 200
    site.remove()
