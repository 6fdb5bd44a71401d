"""The site that browsers meet: one process of the embedded engine or, with
CHAT_TEST_ENGINE=distributed, two nodes behind HAProxy on the real services of the run. Files go
through it or, with CHAT_TEST_TRANSFER=direct, past it to a real S3 server. Tests know neither."""

import http.client
import os
import signal
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from testkit import running
from testkit.running import START_SECONDS, Site, free_port
from tests.keyspace import drop, own_keyspace
from tests.nodes.balancer import balancer
from tests.services import own_bucket, own_postgres, own_redis

DISTRIBUTED = "distributed"
ENGINES = ("embedded", DISTRIBUTED)
ENGINE = os.environ.get("CHAT_TEST_ENGINE", "embedded")
DIRECT = "direct"
TRANSFERS = ("node", DIRECT)
TRANSFER = os.environ.get("CHAT_TEST_TRANSFER", "node")
NODES = ("N1", "N2")
assert ENGINE in ENGINES, f"CHAT_TEST_ENGINE is {ENGINE}, and may be {' or '.join(ENGINES)}"
assert TRANSFER in TRANSFERS, (
    f"CHAT_TEST_TRANSFER is {TRANSFER}, and may be {' or '.join(TRANSFERS)}"
)


def new_site(env: Mapping[str, str] | None = None, transfer: str = TRANSFER) -> Site:
    """A prepared site, not started. Its bucket, where it has one, goes with it."""
    own = {"LIVE_RATE_FACTOR": "1000", **(env or {})}  # one address signs up many
    with ExitStack() as made:
        if ENGINE == DISTRIBUTED or transfer == DIRECT:
            own = {**made.enter_context(own_bucket()), **own}
        if transfer == DIRECT:
            direct = {"MEDIA_TRANSFER": DIRECT, "S3_PUBLIC_ENDPOINT": own["S3_ENDPOINT_URL"]}
            own = {**direct, **own}
        site = several(own) if ENGINE == DISTRIBUTED else running.new_site(own)
        site.belongings.push(made.pop_all())
        return site


@dataclass
class Several(Site):
    """Nodes behind HAProxy, which listens on `port` from the first start until the site goes."""

    nodes: list[Site] = field(default_factory=list)
    cassandra: dict[str, Any] = field(default_factory=dict)
    balanced: bool = False

    def start(self) -> Site:
        self._each(Site.start)
        if not self.balanced:
            ports = {node.env["NODE"]: node.port for node in self.nodes}
            self.belongings.enter_context(balancer(self.port, ports, self.var / "haproxy.log"))
            self.balanced = True
        deadline = time.monotonic() + START_SECONDS
        while not self._leads_somewhere():
            assert time.monotonic() < deadline, "HAProxy leads to no node"
            time.sleep(0.05)  # it asks them twice a second, and tells nobody
        return self

    def _each(self, act: Callable[[Site], object]) -> None:
        with ThreadPoolExecutor() as pool:
            list(pool.map(act, self.nodes))

    def _end(self, number: signal.Signals) -> None:
        self._each(lambda node: node._end(number))

    def _leads_somewhere(self) -> bool:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_SECONDS)
        try:
            link.request("GET", "/help", headers={"Host": self.url.removeprefix("http://")})
            return link.getresponse().status == HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            link.close()


def several(env: Mapping[str, str]) -> Several:
    with ExitStack() as made:
        options = own_keyspace()
        made.callback(drop, options)
        common = {
            "CHAT_ENGINE": DISTRIBUTED,
            "CASSANDRA_HOSTS": ",".join(options["HOSTS"]),
            "CASSANDRA_KEYSPACE": options["KEYSPACE"],
            "DATABASE_URL": made.enter_context(own_postgres()),
            "REDIS_URL": made.enter_context(own_redis()).url,
            "TRUSTED_PROXIES": "127.0.0.1",
            **env,
        }
        site = running.new_site(common)
        common["SITE_URL"] = site.url
        nodes = [_node(site, {**common, "NODE": name}) for name in NODES]
        site = Several(site.var, site.port, common, nodes=nodes, cassandra=options)
        site.belongings = made.pop_all()
        return site


def _node(site: Site, env: Mapping[str, str]) -> Site:
    var = Path(site.var / env["NODE"])
    var.mkdir(mode=0o700)
    for folder in ("secrets", "static"):
        (var / folder).symlink_to(site.var / folder)
    return Site(var, free_port(), env)
