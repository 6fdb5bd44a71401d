from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import pytest

from accounts import devices
from accounts.models import User
from accounts.protocol import (
    LINKS_PER_ANSWER,
    LINKS_PER_PAGE,
    LISTS_MAX,
    ListWanted,
    ReadLists,
)
from chatsite.edge import limits
from chatsite.edge.wire import Id
from chatsite.running import threads
from e2ee.encoding import from_base64
from e2ee.records import parse_link
from testkit.client.m1.keys import DeviceKeys
from tests.accounts.conftest import signed_up
from tests.accounts.people import Browser, Person

pytestmark = pytest.mark.django_db

friends: set[frozenset[bytes]] = set()


def readable(me: bytes, uids: Iterable[bytes]) -> set[bytes]:
    return {uid for uid in uids if frozenset((me, uid)) in friends}


async def readable_later(me: bytes, uids: Iterable[bytes]) -> set[bytes]:
    return readable(me, uids)


@pytest.fixture(autouse=True, params=["readable", "readable_later"])
def _predicate(settings, request):
    settings.DIRECTORY_READABLE = f"tests.accounts.test_devices.{request.param}"
    friends.clear()


def own(browser: Browser, after: int = 0):
    return browser.call("GET", f"/api/links?after={after}")


def wanted(*uids: bytes, after: int = 0) -> ReadLists:
    return ReadLists(lists=[ListWanted(uid=Id(uid), after=after) for uid in uids])


def read(browser: Browser, *uids: bytes, after: int = 0):
    return browser.call("POST", "/api/links/read", wanted(*uids, after=after))


def raw(shown) -> list[bytes]:
    return [from_base64(link) for link in shown["links"]]


def grow(person: Person, to: int) -> None:
    """Links 2 to `to`, each of which changes nothing but its number."""
    user = User.objects.get(uid=person.uid)
    while person.head.k < to:
        person.head = person.next_link(list(person.head.devices))
        devices.append(user, person.head, "a browser")


def test_ones_own_list(alice: Person, browser: Browser):
    answer = own(browser).json
    assert raw(answer) == [alice.head.raw]
    assert from_base64(answer["head"][1]) == alice.head.hash
    assert own(browser, after=1).json["links"] == []
    [shown] = read(browser, alice.uid).json["lists"]
    assert (raw(shown), shown["head"]) == ([alice.head.raw], answer["head"])


def test_lists_of_those_who_are_connected_in_one_request(alice: Person, bob: Person):
    carol = signed_up("carol")
    friends.update((frozenset((alice.uid, bob.uid)), frozenset((carol.uid, bob.uid))))
    lists = read(bob.browsers[0], alice.uid, carol.uid).json["lists"]
    shown = {from_base64(one["uid"]): raw(one) for one in lists}
    assert shown == {alice.uid: [alice.head.raw], carol.uid: [carol.head.raw]}
    assert [one["links"] for one in read(bob.browsers[0], alice.uid, after=1).json["lists"]] == [[]]


def test_a_strangers_list_looks_like_nobodys(alice: Person, bob: Person, mallory: Person):
    friends.add(frozenset((alice.uid, bob.uid)))
    assert len(read(bob.browsers[0], alice.uid).json["lists"]) == 1
    stranger = read(mallory.browsers[0], alice.uid)
    nobody = read(mallory.browsers[0], b"n" * 16)
    assert (stranger.status, stranger.raw) == (nobody.status, nobody.raw)
    assert stranger.json == {"lists": []}
    both = read(mallory.browsers[0], mallory.uid, alice.uid).json["lists"]
    assert [from_base64(one["uid"]) for one in both] == [mallory.uid]


def test_the_list_of_a_closed_account_can_be_read(alice: Person, bob: Person):
    friends.add(frozenset((alice.uid, bob.uid)))
    User.objects.filter(uid=alice.uid).update(is_active=False)
    [found] = read(bob.browsers[0], alice.uid).json["lists"]  # what she wrote is verified by it
    assert found["head"][0] == 1


def test_under_a_grant_nobodys_but_ones_own(alice: Person, bob: Person):
    friends.add(frozenset((alice.uid, bob.uid)))
    browser, _ = alice.sign_in()
    assert own(browser).status == 200
    assert read(browser, bob.uid).code == "enrol"


def test_long_chains_come_in_pages(alice: Person, browser: Browser, bob: Person):
    friends.add(frozenset((alice.uid, bob.uid)))
    grow(alice, to=70)
    first, second = own(browser).json, own(browser, after=64).json
    numbers = [parse_link(link).k for page in (first, second) for link in raw(page)]
    assert numbers == list(range(1, 71))
    assert len(first["links"]) == LINKS_PER_PAGE
    assert first["head"] == second["head"]
    assert first["head"][0] == 70
    [alone] = read(bob.browsers[0], alice.uid).json["lists"]
    assert len(alone["links"]) == 70


def test_lists_of_one_request_share_its_room(alice: Person, bob: Person):
    friends.add(frozenset((alice.uid, bob.uid)))
    grow(alice, to=70)
    others = [bytes([number]) * 16 for number in range(LISTS_MAX - 1)]
    [shown] = read(bob.browsers[0], alice.uid, *others).json["lists"]
    assert len(shown["links"]) == LINKS_PER_ANSWER // LISTS_MAX
    assert shown["head"][0] == 70


def test_more_lists_than_a_request_holds(browser: Browser, alice: Person):
    too_many = [bytes([number]) * 16 for number in range(LISTS_MAX + 1)]
    assert read(browser, *too_many[:-1]).status == 200
    assert read(browser, *too_many).code == "bad_body"


@pytest.mark.parametrize("query", ["after=-1", "after=x", f"after={'9' * 11}"])
def test_questions_of_another_form(alice: Person, browser: Browser, query: str):
    assert browser.call("GET", f"/api/links?{query}").status == 400


class TestLimit:
    """docs/adr/0012."""

    LIMIT = 10

    @pytest.fixture(autouse=True)
    def _low(self, monkeypatch):
        monkeypatch.setattr(limits, "take", partial(self.take, limits.take))

    def take(self, real, limit, subject, now_ms, count=1):
        low = replace(limit, count=self.LIMIT) if limit.name == "directory" else limit
        real(low, subject, now_ms, count)

    def test_a_new_device_reads_the_lists_of_more_contacts_than_it_may_ask_times(
        self, alice: Person, bob: Person
    ):
        contacts = [alice, *(signed_up(f"peer{number}") for number in range(self.LIMIT))]
        friends.update(frozenset((bob.uid, peer.uid)) for peer in contacts)
        lists = read(bob.browsers[0], *(peer.uid for peer in contacts)).json["lists"]
        assert len(lists) > self.LIMIT
        assert read(bob.browsers[0], alice.uid).status == 200

    def test_each_stranger_counts(self, alice: Person, mallory: Person):
        strangers = [bytes([number]) * 16 for number in range(self.LIMIT - 2)]
        assert read(mallory.browsers[0], *strangers).status == 200
        refused = read(mallory.browsers[0], alice.uid)
        assert (refused.status, refused.code) == (429, "rate")


def test_heads_of_several_people_in_one_query(
    alice: Person, bob: Person, django_assert_num_queries
):
    grow(bob, to=3)
    with django_assert_num_queries(1):
        heads = devices.newest_links([alice.uid, bob.uid, b"n" * 16])
    assert heads == {
        alice.uid: devices.Newest(1, alice.head.raw, alice.head.hash, 0, 0),
        bob.uid: devices.Newest(3, bob.head.raw, bob.head.hash, 0, 0),
    }


def test_one_link_by_its_number(alice: Person):
    first = alice.head.raw
    grow(alice, to=2)
    assert devices.link_at(alice.uid, 1) == first
    assert devices.link_at(alice.uid, 2) == alice.head.raw
    assert devices.link_at(alice.uid, 3) is None
    assert devices.link_at(b"n" * 16, 1) is None


def test_finding_a_device(alice: Person, mallory: Person):
    keys = alice.browsers[0].keys
    found = devices.find_device(alice.uid, keys.id)
    assert found == devices.FoundDevice(keys.signing.public, 1, gone=False)
    assert devices.find_device(mallory.uid, keys.id) is None
    assert devices.find_device(alice.uid, DeviceKeys().id) is None


@pytest.mark.django_db(transaction=True)
async def test_from_the_event_loop():
    assert await threads.run(devices.newest_links, [b"n" * 16]) == {}
