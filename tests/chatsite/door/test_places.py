"""How many connections an address may have, and all together."""

from ipaddress import ip_network

import pytest

from chatsite.door.places import OPENED_BURST, OPENED_PER_SECOND, Places
from chatsite.door.proxies import Proxies
from tests.messaging.nodes import Moment


def test_an_address_has_so_many_and_another_its_own(caplog):
    places = Places(in_all=100, of_address=2)
    mine = [places.take("192.0.2.1") for _ in range(2)]
    assert None not in mine
    assert places.take("192.0.2.1") is None
    assert "192.0.2.1 has 2 connections" in caplog.text
    assert places.take("192.0.2.2") is not None
    assert mine[0] is not None
    mine[0].leave()
    mine[0].leave()
    assert places.take("192.0.2.1") is not None
    assert places.take("192.0.2.1") is None


def test_an_address_opens_so_many_and_another_its_own(caplog):
    moment = Moment()
    places = Places(in_all=10, ticks=moment)

    def comes_and_goes(address: str) -> bool:
        place = places.take(address)
        if place is not None:
            place.leave()
        return place is not None

    assert all(comes_and_goes("192.0.2.1") for _ in range(OPENED_BURST))
    assert not comes_and_goes("192.0.2.1")
    assert "192.0.2.1 opens connections too fast" in caplog.text
    assert comes_and_goes("192.0.2.2")
    assert all(comes_and_goes("127.0.0.1") for _ in range(OPENED_BURST + 1))
    moment.now += 5.5 / OPENED_PER_SECOND
    assert [comes_and_goes("192.0.2.1") for _ in range(6)] == [True] * 5 + [False]


def test_all_together_have_so_many(caplog):
    places = Places(in_all=2, of_address=2)
    first, second = places.take("192.0.2.1"), places.take("127.0.0.1")
    assert first is not None
    assert second is not None
    assert places.take("192.0.2.3") is None
    assert "there are 2 connections" in caplog.text
    second.leave()
    assert places.take("192.0.2.3") is not None


def test_who_turns_out_to_be_another_counts_there():
    places = Places(in_all=10, of_address=1)
    place, other = places.take("127.0.0.1"), places.take("127.0.0.1")
    assert place is not None
    assert other is not None
    assert place.move("192.0.2.1")
    assert place.move("192.0.2.1"), "again is no news"
    assert not other.move("192.0.2.1")
    assert place.move("192.0.2.2")
    assert other.move("192.0.2.1")
    place.leave()
    assert places.take("192.0.2.2") is not None


def test_a_trusted_proxy_brings_the_connections_of_others():
    proxies = Proxies([ip_network("10.0.0.0/8")])
    places = Places(in_all=10, of_address=1, proxies=proxies)
    lines = [places.take("10.0.0.1") for _ in range(3)]
    assert None not in lines
    assert lines[0] is not None
    assert lines[1] is not None
    assert lines[0].move("192.0.2.1")
    assert not lines[1].move("192.0.2.1")
    assert places.take("11.0.0.1") is not None
    assert places.take("11.0.0.1") is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::", True),
        ("2001:db8:1:2::", "2001:db8:1:3::", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("127.0.0.1", "127.0.0.1", False),
        ("::1", "::1", False),
        ("127.0.0.2", "127.0.0.2", True),
        ("::ffff:127.0.0.1", "::ffff:127.0.0.1", False),
    ],
)
def test_what_counts_as_one_address(one: str, other: str, same: bool):
    places = Places(in_all=10, of_address=1)
    assert places.take(one) is not None
    assert (places.take(other) is None) == same
