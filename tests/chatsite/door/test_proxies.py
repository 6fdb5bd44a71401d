"""What a proxy says of its client counts where the operator trusts the proxy, and nowhere else."""

import contextlib
import json
import logging
import socket
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from twisted.web.http_headers import Headers

from chatsite.door.places import OF_ADDRESS
from chatsite.door.proxies import Proxies
from chatsite.logs import Seldom
from testkit.running import Site, new_site
from tests.chatsite.door.stranger import ask, dial, read_head, request, status, upgrade

PROXIES = Proxies(map(ip_network, ("127.0.0.1", "10.0.0.0/8", "2001:db8:f::/48")))
ECHO = ("-W", "ignore", "-m", "tests.chatsite.door.echo")


def unnamed(peer: str, *said: bytes) -> bool:
    """Whether the request is marked; a stranger's own mark counts for nothing."""
    headers = Headers({b"X-Forwarded-For": list(said), b"X-Forwarded-Proto": [b"https"]})
    headers.setRawHeaders(b"X-Client-Unnamed", [b"0"])
    PROXIES.settle(peer, headers)
    mark = headers.getRawHeaders(b"X-Client-Unnamed", [])
    assert mark in ([], [b"1"])
    return bool(mark)


def settle(peer: str, *said: bytes, proto: tuple[bytes, ...] = (b"https",)) -> tuple[str, Any]:
    headers = Headers({b"X-Forwarded-For": list(said), b"X-Forwarded-Proto": list(proto)})
    return PROXIES.settle(peer, headers), headers.getRawHeaders(b"X-Forwarded-Proto")


@pytest.mark.parametrize(
    ("said", "client"),
    [
        ([b"192.0.2.1"], "192.0.2.1"),
        ([b"198.51.100.9, 192.0.2.1"], "192.0.2.1"),  # the first is the client's own words
        ([b"198.51.100.9", b"192.0.2.1"], "192.0.2.1"),
        ([b"127.0.0.1, 192.0.2.1"], "192.0.2.1"),
        ([b"192.0.2.1, 10.1.2.3,10.9.9.9"], "192.0.2.1"),  # a chain
        ([b"198.51.100.9,192.0.2.1, 2001:db8:f::1"], "192.0.2.1"),
        ([b"garbage, \xff\x00, 192.0.2.1"], "192.0.2.1"),
        ([b"192.0.2.1:50000"], "192.0.2.1"),
        ([b"[2001:db8::7]:50000"], "2001:db8::7"),
        ([b"[2001:db8::7]"], "2001:db8::7"),
        ([b"2001:DB8:0::7"], "2001:db8::7"),
        ([b"::ffff:192.0.2.1"], "192.0.2.1"),
        ([b"10.1.2.3, 10.9.9.9"], "10.1.2.3"),  # a proxy asks for itself
    ],
)
def test_the_last_entry_that_is_no_proxy(said: list[bytes], client: str, caplog) -> None:
    for proxy in ("127.0.0.1", "::ffff:127.0.0.1", "10.200.0.1", "2001:db8:f:1::1"):
        assert settle(proxy, *said) == (client, [b"https"])
    for stranger in ("192.0.2.66", "11.0.0.1", "2001:db8:e::1"):
        assert settle(stranger, *said) == (stranger, None)
    assert not unnamed("127.0.0.1", *said)
    assert not unnamed("192.0.2.66", *said)
    assert not caplog.records


@pytest.mark.parametrize(
    ("said", "client"),
    [
        ([], "10.0.0.1"),
        ([b""], "10.0.0.1"),
        ([b"unknown"], "10.0.0.1"),
        ([b"192.0.2.1, _hidden"], "10.0.0.1"),
        ([b"192.0.2.1, 1.2.3.4.5"], "10.0.0.1"),
        ([b"192.0.2.1,"], "10.0.0.1"),
        ([b"192.0.2.1, [::1, 10.2.2.2"], "::1"),
        ([b"192.0.2.1, x, 10.2.2.2"], "10.2.2.2"),  # the one that the nearest speaks for
        ([b"\xff" * 10_000], "10.0.0.1"),
        ([b"9" * 10_000], "10.0.0.1"),
        ([b"," * 10_000], "10.0.0.1"),
    ],
)
def test_what_is_no_address_is_not_guessed(said: list[bytes], client: str, caplog) -> None:
    assert settle("10.0.0.1", *said)[0] == client
    assert unnamed("10.0.0.1", *said) == (client != "::1")
    assert not unnamed("192.0.2.66", *said)
    if client != "::1":
        assert f"the proxy {client} does not name its client in X-Forwarded-For" in caplog.text


@pytest.mark.parametrize("proto", [(), (b"",), (b"https, http",), (b"https", b"http"), (b"wss",)])
def test_only_one_scheme_is_a_scheme(proto: tuple[bytes, ...], caplog) -> None:
    assert settle("10.0.0.1", b"192.0.2.1", proto=(b"HTTPS",))[1] == [b"https"]
    assert settle("10.0.0.1", b"192.0.2.1", proto=(b"http",))[1] == [b"http"]
    assert not caplog.records
    assert settle("10.0.0.1", b"192.0.2.1", proto=proto)[1] is None
    assert "the proxy 10.0.0.1 does not say http or https in X-Forwarded-Proto" in caplog.text


def test_a_proxy_that_is_not_set_up_is_told_of_once_a_minute(caplog) -> None:
    for _ in range(3):
        settle("10.0.0.1", proto=())
    assert len(caplog.records) == 6
    now = [0.0]
    seldom = Seldom(clock=lambda: now[0])
    assert [seldom.filter(each) for each in caplog.records] == [True, True] + [False] * 4
    now[0] = 61.0
    assert seldom.filter(caplog.records[0])
    assert caplog.records[0].levelno == logging.WARNING


@contextlib.contextmanager
def echoing(**env: str) -> Iterator[Site]:
    site = new_site(env)
    site.command = ECHO
    try:
        yield site.start()
    finally:
        site.remove()


@pytest.fixture(scope="module")
def behind() -> Iterator[Site]:
    with echoing(TRUSTED_PROXIES="127.0.0.0/8") as site:
        yield site


@pytest.fixture(scope="module")
def alone() -> Iterator[Site]:
    with echoing() as site:
        yield site


SAYS = ("X-Forwarded-For: 192.0.2.9, 192.0.2.1", "X-Forwarded-Proto: https")
SPOOFS = ("X-Real-IP: 192.0.2.8", "X_Forwarded_For: 192.0.2.8", "X-Forwarded-Port: 7")


def told(site: Site, *headers: str) -> Any:
    return json.loads(ask(site, request(site, "/", *headers)).partition(b"\r\n\r\n")[2])


def told_by_socket(site: Site, *headers: str) -> Any:
    with dial(site) as link:
        link.sendall(upgrade(site, "/live", *headers))
        assert status(read_head(link)) == 101
        first, length = link.recv(1, socket.MSG_WAITALL), link.recv(1, socket.MSG_WAITALL)[0]
        assert first == b"\x81"
        if length == 126:
            length = int.from_bytes(link.recv(2, socket.MSG_WAITALL))
        return json.loads(link.recv(length, socket.MSG_WAITALL))


def test_the_site_takes_a_client_for_what_its_proxy_says(behind: Site) -> None:
    assert told(behind, *SAYS, *SPOOFS)[:2] == ["192.0.2.1", "https"]
    assert told(behind, "X-Forwarded-For: [2001:db8::7]:443")[:2] == ["2001:db8::7", "http"]
    assert told(behind, *SPOOFS)[:2] == ["127.0.0.1", "http"]
    assert told_by_socket(behind, *SAYS, *SPOOFS)[0] == "192.0.2.1"
    assert told_by_socket(behind, *SPOOFS)[0] == "127.0.0.1"
    log = behind.log.read_text()
    assert log.count("does not name its client in X-Forwarded-For") == 1


def test_nobody_else_says_who_they_are(alone: Site) -> None:
    assert told(alone)[:2] == ["127.0.0.1", "http"]
    client, scheme, forwarded = told(alone, *SAYS, *SPOOFS)
    assert (client, scheme) == ("127.0.0.1", "http")
    assert "x-forwarded-proto" not in forwarded
    client, _, forwarded = told_by_socket(alone, *SAYS, *SPOOFS)
    assert client == "127.0.0.1"
    assert "x-forwarded-proto" not in forwarded


def test_connections_through_a_proxy_count_for_its_clients(behind: Site) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(OF_ADDRESS):
            link = stack.enter_context(dial(behind))
            link.sendall(upgrade(behind, "/live", "X-Forwarded-For: 203.0.113.5"))
            assert status(read_head(link)) == 101
        for wanted in (request, upgrade):
            data = wanted(behind, "/live", "X-Forwarded-For: 192.0.2.1, 203.0.113.5")
            with dial(behind) as link:
                link.sendall(data)
                assert status(read_head(link)) == 429
        assert told_by_socket(behind, "X-Forwarded-For: 203.0.113.6")[0] == "203.0.113.6"
        assert "203.0.113.5 has 256 connections" in behind.log.read_text()


def test_the_site_knows_by_which_scheme_it_is_used() -> None:
    site = new_site({"SITE_URL": "https://localhost", "TRUSTED_PROXIES": "127.0.0.1"})
    try:
        site.start()
        for said, answered in (("https", 200), ("http", 301)):
            answer = ask(site, request(site, "/help", f"X-Forwarded-Proto: {said}"))
            assert status(answer) == answered
        assert "TRUSTED_PROXIES" not in site.log.read_text()
        site.stop()
        site.env = {"SITE_URL": "https://localhost"}
        site.start()
        answer = ask(site, request(site, "/help", "X-Forwarded-Proto: https"))
        assert status(answer) == 301, "anybody may say so"
        assert site.log.read_text().count("but TRUSTED_PROXIES is empty") == 1
    finally:
        site.remove()
