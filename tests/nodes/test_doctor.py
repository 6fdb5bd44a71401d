"""manage.py doctor on a site of two processes with one thing that is wrong."""

import asyncio
import http.client
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest

from chatsite.edge.wire import Id, encoder
from messaging.http import PollCall
from messaging.protocol import CLOSE_RESTART
from presence.backends.redis import RedisPresence
from presence.registry import wall_clock
from testkit.running import ROOT, Site
from tests.nodes.conftest import Nodes

SECONDS = "60"  # a busy machine takes its time
TRIES = 10
Said = list[dict[str, str]]


def doctor(site: Site, *words: str, **env: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", "doctor", "--seconds", SECONDS, *words],
        cwd=ROOT, env={**site._env(), **env}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


def found(nodes: Nodes, **env: str) -> Said:
    ports = {"n1": nodes.first.port, "n2": nodes.second.port}
    named = [f"--node={name}=127.0.0.1:{port}" for name, port in ports.items()]
    code, said = doctor(nodes.first, "--json", *named, **env)
    findings: Said = json.loads(said)
    assert code == (1 if "wrong" in {one["level"] for one in findings} else 0)
    return findings


def expect(findings: Said, level: str, words: str) -> None:
    said = [one for one in findings if words in one["text"]]
    assert [one["level"] for one in said] == [level], findings
    assert said[0]["todo"]


def presence(nodes: Nodes, tell: Callable[[RedisPresence], Awaitable[Any]]) -> None:
    async def told() -> None:
        site = urlsplit(nodes.first.env["SITE_URL"]).netloc
        registry = RedisPresence(nodes.redis.url, site)
        await tell(registry)
        await registry.close()

    asyncio.run(told())


def test_of_a_site_as_it_should_be_nothing_is_wrong(nodes: Nodes) -> None:
    for _ in range(TRIES):  # a node of a machine that stalls is late now and then
        findings = found(nodes)
        if {one["level"] for one in findings} == {"ok"}:
            break
    else:
        pytest.fail(str(findings))
    assert [one["text"] for one in findings if one["check"] == "Nodes"] == [
        "n1 is ready, 0 live sessions",
        "n2 is ready, 0 live sessions",
    ]
    code, said = doctor(nodes.first)
    assert code == 0
    assert "ok       Nodes: n1 lives; --node n1=HOST:PORT asks it for its numbers" in said
    assert said.splitlines()[-1] == f"{len(findings)} ok"


def refused_login(url: str) -> str:
    return url.replace(str(urlsplit(url).password), "not-this-one")


def nowhere(url: str) -> str:
    return url.replace(f":{urlsplit(url).port}/", ":1/")


def without_tables(url: str) -> str:
    return urlsplit(url)._replace(path="/postgres").geturl()


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (refused_login, "PostgreSQL refuses DATABASE_URL"),
        (nowhere, "does not answer: connection failed"),
        (without_tables, "the database has not the tables of this release: run manage.py migrate"),
    ],
)
def test_a_database_that_cannot_be_used_is_said(
    nodes: Nodes, other: Callable[[str], str], words: str
) -> None:
    url = nodes.first.env["DATABASE_URL"]
    findings = found(nodes, DATABASE_URL=other(url))
    said = [one for one in findings if one["check"] == "Accounts"]
    expect(said, "wrong", words)
    for secret in ("not-this-one", str(urlsplit(url).password)):
        assert secret not in str(findings)


def test_more_processes_than_the_database_takes_are_said(nodes: Nodes) -> None:
    names = [f"more{number}" for number in range(20)]

    async def live(registry: RedisPresence) -> None:
        for name in names:
            await registry.lease(name, "a", wall_clock() + 600_000)

    async def end(registry: RedisPresence) -> None:
        for name in names:
            await registry.release(name, "a")

    presence(nodes, live)
    try:
        findings = found(nodes)
    finally:
        presence(nodes, end)
    expect([one for one in findings if one["check"] == "Accounts"], "wrong", "max_connections is")
    expect([one for one in findings if "more0 " in one["text"]], "wrong", "s ahead of this one")


def test_a_redis_that_is_away_is_said(nodes: Nodes) -> None:
    nodes.redis.kill()
    expect([one for one in found(nodes) if one["check"] == "Nodes"], "wrong", "does not answer")


def test_a_node_that_was_killed_is_said(nodes: Nodes) -> None:
    """Until its lease ends, which here is long after it."""
    nodes.second.kill()
    presence(nodes, lambda registry: registry.lease("n2", "a", wall_clock() + 600_000))
    expect(found(nodes), "wrong", "n2 does not answer at 127.0.0.1:")


def test_a_node_that_went_without_a_word_is_said(nodes: Nodes) -> None:
    presence(nodes, lambda registry: registry.lease("n9", "a", wall_clock() - 20_000))
    expect(found(nodes), "warning", "n9 went without a word; its lease ended ")
    presence(nodes, lambda registry: registry.release("n9", "a"))


def test_a_node_that_does_not_run_is_said(nodes: Nodes) -> None:
    nodes.second.stop()
    expect(found(nodes), "warning", "n2 does not run")


def test_that_nobody_serves_is_said(nodes: Nodes) -> None:
    nodes.first.stop()
    nodes.second.kill()
    presence(nodes, lambda registry: registry.lease("n2", "a", wall_clock()))
    presence(nodes, lambda registry: registry.release("n2", "a"))
    expect(found(nodes), "wrong", "no node of this site runs")


def test_a_balancer_that_leads_polls_astray_is_said(nodes: Nodes) -> None:
    call = PollCall(rid=1, ack=0, frames=[], sid=Id(bytes(16)))
    link = http.client.HTTPConnection("127.0.0.1", nodes.first.port)
    headers = {
        "Host": urlsplit(nodes.first.env["SITE_URL"]).netloc,
        "Origin": nodes.first.env["SITE_URL"],
        "Cookie": "session=somebody",
    }
    with closing(link):
        link.request("POST", "/live?n=n2", encoder.encode(call), headers)
        assert json.loads(link.getresponse().read())["close"] == CLOSE_RESTART
    expect(found(nodes), "warning", "1 calls of the long poll came to n1 and were meant for")
