"""The processes of the site: who holds a lease, and what each counts of itself."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from http.client import HTTPException

from django.conf import settings

from chatsite import control
from chatsite.doctor import web
from chatsite.running import away, metrics
from chatsite.running.findings import FAR_APART_SECONDS, Finding, ok, warning, wrong
from presence.backends import registry
from presence.backends.base import LEASE_MS
from presence.registry import wall_clock

ADDRESS = re.compile(r"[\w.-]+:\d+|\[[0-9a-f:]+\]:\d+")  # a name that is one: the default
SAMPLE = re.compile(r"^(\w+)(?:\{.*\})? (\S+)$", re.MULTILINE)
NEARLY = 0.8  # of the descriptors
LATE_SECONDS = 1.0

START = "start manage.py serve"


def examine(addresses: Mapping[str, str], seconds: float) -> Iterator[Finding]:
    """`addresses`: where a node listens, by its name, for those whose name does not say it."""
    if settings.RELAY:
        yield from _alone(seconds)
        return
    nodes, now = asyncio.run(leases(seconds)), wall_clock()
    if not any(now < ends for ends in nodes.values()):
        yield wrong("no node of this site runs", START)
    for name in sorted(addresses.keys() - nodes.keys()):
        yield warning(f"{name} does not run, or is not of this site", START)
    for name, ends in sorted(nodes.items()):
        if ends <= now:
            ago = (now - ends) // 1000
            yield warning(f"{name} went without a word; its lease ended {ago} s ago", START)
            continue
        yield from _leased(name, ends - now)
        if name in addresses or ADDRESS.fullmatch(name):
            yield from _counted(name, addresses.get(name, name), seconds)
        else:
            yield ok(f"{name} lives; --node {name}=HOST:PORT asks it for its numbers as well")


async def leases(seconds: float) -> dict[str, int]:
    """When that of each ends, or ended."""
    try:
        async with asyncio.timeout(seconds):
            return await registry().nodes(wall_clock())
    finally:
        await registry().close()


def _alone(seconds: float) -> Iterator[Finding]:
    """The one process of the embedded engine."""
    if not control.is_running():
        yield warning(f"the site does not run here: nobody listens at {control.path()}", START)
        return
    ours = f"{settings.HOST}:{settings.PORT}"
    address = _listens() or ours
    if address != ours:
        yield warning(
            f"the site listens at {address}, and by the settings of this command at {ours}",
            "give both the same HOST, PORT and SITE_URL; till then *Address* is of another",
        )
    yield from _counted("it", address, seconds)


def _listens() -> str | None:
    """Where, as it says itself; None where it does not answer, or is of an earlier version."""
    try:
        said = control.ask("address")
    except control.NotRunning:
        return None
    return said if isinstance(said, str) else None


def _leased(name: str, left: int) -> Iterator[Finding]:
    """Of a lease that begins with the clock of its node."""
    ahead = (left - LEASE_MS) / 1000
    if ahead > FAR_APART_SECONDS:
        yield wrong(
            f"the clock of {name} is {ahead:.1f} s ahead of this one",
            "set both clocks by NTP: others take a node for dead by its clock",
        )


def _counted(name: str, address: str, seconds: float) -> Iterator[Finding]:
    try:
        answer = web.get(f"http://{address}/metrics", seconds)
    except (OSError, HTTPException) as error:
        yield wrong(
            f"{name} does not answer at {address}: {away.reason(error)}",
            "see its log; --node names another address",
        )
        return
    if answer.status != HTTPStatus.OK:
        yield ok(f"{name} answers, and shows its numbers to METRICS_FROM alone")
        return
    numbers: dict[str, float] = {}
    for metric, value in SAMPLE.findall(answer.text):
        numbers[metric] = numbers.get(metric, 0.0) + float(value)
    bad = list(_complaints(name, numbers))
    yield from bad
    if not bad:
        sessions = numbers.get(metrics.SESSIONS.name, 0)
        yield ok(f"{name} is ready, {sessions:.0f} live sessions")


def _complaints(name: str, numbers: Mapping[str, float]) -> Iterator[Finding]:
    def of(metric: metrics.Metric) -> float:
        return numbers.get(metric.name, 0.0)

    if not of(metrics.READY):
        yield warning(f"{name} takes nobody new", "its /readyz says why")
    if not of(metrics.REACH):
        yield wrong(f"{name} does not reach the other nodes", "see whether it reaches Redis")
    if wrong_node := of(metrics.WRONG_NODE):
        yield warning(
            f"{wrong_node:.0f} calls of the long poll came to {name} and were meant for another "
            "node: each costs its client a new session. A few after a node ended are no fault",
            "let the balancer lead ?n=NAME to the node whose NODE that is (services/haproxy.cfg)",
        )
    if of(metrics.DESCRIPTORS) > NEARLY * (of(metrics.DESCRIPTORS_MAX) or 1):
        yield warning(
            f"{name} has {of(metrics.DESCRIPTORS):.0f} of {of(metrics.DESCRIPTORS_MAX):.0f} "
            "descriptors open",
            "raise its limit (LimitNOFILE), or run one node more",
        )
    if (late := of(metrics.LOOP_LAG)) > LATE_SECONDS:
        yield warning(f"the event loop of {name} is {late:.1f} s late", "run one node more")
