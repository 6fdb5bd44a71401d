"""The commands that the documents for operators name, on the distributed engine."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from testkit.cast import seeded
from testkit.running import Site, new_site
from tests import documented
from tests.documented import PEOPLE, WAITS, WHILE_IT_DOES_NOT, WHILE_IT_RUNS, Prompt
from tests.nodes.conftest import on_cassandra
from tests.services import own_postgres, own_redis

AGAIN = {'backup "$TMP/chat"'}  # the same, under another name
ELSEWHERE = "restore "  # into an empty site: test_restoring.py


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as made:
        places = {
            **made.enter_context(on_cassandra()),
            "DATABASE_URL": made.enter_context(own_postgres()),
            "REDIS_URL": made.enter_context(own_redis()).url,
            **{"NODE": "n1", "ADMIN_URL": "/admin", "MESSAGE_RETENTION_DAYS": "30"},
        }
        site = new_site(places, tmp_path)
        made.callback(site.stop)
        seeded(site, *PEOPLE, pairs=1)
        yield site


@pytest.mark.timeout(400)
def test_they_do_what_the_documents_say(site: Site, tmp_path: Path) -> None:
    prompt = Prompt(site)
    try:
        assert prompt.run("shell", "-c", WAITS).code == 0
        site.start()
        running = [step for step in WHILE_IT_RUNS if step.line not in AGAIN]
        documented.follow(prompt, running, tmp_path)
        site.stop()
        stopped = [step for step in WHILE_IT_DOES_NOT if not step.line.startswith(ELSEWHERE)]
        documented.follow(prompt, stopped, tmp_path)
    finally:
        prompt.close()
