"""What machines ask a node, and who may read how much."""

import re
from ipaddress import ip_network

import pytest
from twisted.web.http_headers import Headers

from chatsite.door.probes import Probes
from chatsite.door.proxies import Proxies
from chatsite.door.readiness import FULL_PERCENT, LAG_SECONDS, WATCHED_SECONDS, Readiness
from testkit.running import Site
from tests.chatsite.door.stranger import ask, dial, eventually, read_all, request, status
from tests.messaging.nodes import Moment

METRICS = b"# HELP chat_sessions "


class Node:
    """What readiness sees of a node."""

    def __init__(self) -> None:
        self.lag, self.taken, self.ticks = 0.0, 0.0, Moment()
        self.readiness = Readiness(lambda: self.lag, lambda: self.taken, self.ticks)
        self.readiness.connected = True
        self.probes = Probes(
            self.readiness,
            Proxies([ip_network("127.0.0.1"), ip_network("10.0.0.1")]),
            [ip_network("192.0.2.0/28")],
        )

    def ready(self) -> tuple[int, bytes]:
        answer = self.probes.answer(b"GET", b"/readyz", "127.0.0.1", Headers())
        assert answer is not None
        return status(answer), answer.partition(b"\r\n\r\n")[2]

    def shows_metrics(self, peer: str, *said: str) -> bool:
        headers = Headers({"X-Forwarded-For": list(said)} if said else {})
        answer = self.probes.answer(b"GET", b"/metrics", peer, headers)
        assert answer is None or METRICS in answer
        return answer is not None


def test_a_node_says_why_it_takes_nobody() -> None:
    node = Node()
    assert node.ready() == (200, b"ready\n")
    node.taken = FULL_PERCENT
    assert node.ready() == (404, b"full\n")
    node.taken, node.lag = 0, LAG_SECONDS
    assert node.ready() == (404, b"slow\n")
    node.readiness.clock_is_wrong = lambda: True
    assert node.ready() == (404, b"clock\n")
    node.readiness.connected = False
    assert node.ready() == (404, b"starting\n")
    node.readiness.draining = True
    assert node.ready() == (404, b"draining\n")


def test_who_asks_all_the_time_is_a_balancer() -> None:
    node = Node()
    assert not node.readiness.is_watched()
    node.ready()
    node.ticks.now += WATCHED_SECONDS
    assert node.readiness.is_watched()
    node.ticks.now += 1
    assert not node.readiness.is_watched()


@pytest.mark.parametrize(
    ("peer", "said", "shown"),
    [
        ("127.0.0.1", [], True),
        ("::1", [], True),
        ("::ffff:127.0.0.1", [], True),
        ("192.0.2.9", [], True),  # METRICS_FROM
        ("192.0.2.99", [], False),
        ("10.0.0.1", [], False),  # a proxy has no right of its own
        ("127.0.0.1", ["198.51.100.1"], False),  # a proxy on this machine brings a stranger
        ("10.0.0.1", ["192.0.2.9"], True),
        ("10.0.0.1", ["127.0.0.1, 198.51.100.1"], False),
        ("198.51.100.1", ["127.0.0.1"], False),  # its own invention
        ("192.0.2.9", ["192.0.2.9"], False),  # a proxy that nobody named
    ],
)
def test_metrics_are_for_this_machine_and_whom_the_operator_names(
    peer: str, said: list[str], shown: bool
) -> None:
    assert Node().shows_metrics(peer, *said) is shown


def test_only_questions_are_answered() -> None:
    probes = Node().probes
    for method, target in (
        (b"POST", b"/livez"), (b"GET", b"/livez/"), (b"GET", b"/live"), (b"GET", b"/"),
    ):  # fmt: skip
        assert probes.answer(method, target, "127.0.0.1", Headers()) is None


def test_the_site_answers_before_anything_that_is_shared(site: Site) -> None:
    assert eventually(site, lambda: status(ask(site, request(site, "/readyz"))) == 200)
    for path in ("/livez", "/readyz?verbose=1"):
        head, _, body = ask(site, request(site, path)).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        assert body in {b"alive\n", b"ready\n"}
        assert b"Set-Cookie" not in head
        empty = ask(site, request(site, path, method="HEAD"))
        assert empty.partition(b"\r\n\r\n")[0] == head
        assert empty.endswith(b"\r\n\r\n")


def test_a_balancer_asks_as_it_does_by_default(site: Site) -> None:
    """HTTP/1.0, without a host, and no client to name."""
    with dial(site) as link:
        link.sendall(b"GET /livez HTTP/1.0\r\n\r\n")
        assert read_all(link).endswith(b"alive\n")


def test_metrics_name_everything_from_the_start(site: Site) -> None:
    page = ask(site, request(site, "/metrics")).partition(b"\r\n\r\n")[2].decode()
    rows = dict(line.rsplit(" ", 1) for line in page.splitlines() if not line.startswith("#"))
    assert rows["chat_ready"] in {"0", "1"}
    assert int(rows["chat_connections"]) >= 1
    assert rows["chat_sessions"] == rows["chat_polls"] == rows["chat_streams"] == "0"
    assert rows["chat_appends_total"] == rows["chat_gaps_total"] == "0"
    assert 0 < int(rows["process_open_fds"]) < int(rows["process_max_fds"])
    assert 0 <= float(rows["chat_loop_lag_seconds"]) < 60


def test_what_the_door_refuses_is_counted(site: Site) -> None:
    def refused() -> int:
        page = ask(site, request(site, "/metrics")).decode()
        found = re.search(r'^chat_door_refusals_total\{code="404"\} (\d+)$', page, re.M)
        return int(found[1]) if found else 0

    before = refused()
    ask(site, request(site, "/elsewhere", "Upgrade: websocket"))
    assert refused() == before + 1


def test_a_stranger_by_a_proxy_finds_no_metrics(site: Site) -> None:
    answer = ask(site, request(site, "/metrics", "X-Forwarded-For: 192.0.2.1"))
    assert status(answer) == 404
    assert METRICS not in answer
