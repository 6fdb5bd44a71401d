import pytest

from accounts import devices, threads
from accounts.models import User
from e2ee.encoding import from_base64
from e2ee.records import parse_link
from tests.accounts.people import Browser, Person
from tests.client.m1.keys import DeviceKeys

pytestmark = pytest.mark.django_db

friends: set[frozenset[bytes]] = set()


def may_read(me: bytes, other: bytes) -> bool:
    return frozenset((me, other)) in friends


async def may_read_later(me: bytes, other: bytes) -> bool:
    return may_read(me, other)


@pytest.fixture(autouse=True, params=["may_read", "may_read_later"])
def _predicate(settings, request):
    settings.DIRECTORY_MAY_READ = f"tests.accounts.test_devices.{request.param}"
    friends.clear()


def read(browser: Browser, uid: bytes, after: int = 0):
    return browser.call("GET", f"/api/links?uid={uid.hex()}&after={after}")


def grow(person: Person, to: int) -> None:
    """Links 2 to `to`, each of which changes nothing but its number."""
    user = User.objects.get(uid=person.uid)
    while person.head.k < to:
        person.head = person.next_link(list(person.head.devices))
        devices.append(user, person.head, "a browser")


def test_ones_own_list(alice: Person, browser: Browser):
    answer = read(browser, alice.uid).json
    assert [from_base64(link) for link in answer["links"]] == [alice.head.raw]
    assert from_base64(answer["head"][1]) == alice.head.hash
    assert read(browser, alice.uid, after=1).json["links"] == []


def test_lists_of_others_are_for_those_who_are_connected(alice: Person, bob: Person):
    friends.add(frozenset((alice.uid, bob.uid)))
    answer = read(bob.browsers[0], alice.uid)
    assert [from_base64(link) for link in answer.json["links"]] == [alice.head.raw]
    assert "gone" not in answer.json


def test_a_strangers_list_looks_like_nobodys(alice: Person, bob: Person, mallory: Person):
    friends.add(frozenset((alice.uid, bob.uid)))
    assert read(bob.browsers[0], alice.uid).status == 200
    stranger = read(mallory.browsers[0], alice.uid)
    nobody = read(mallory.browsers[0], b"n" * 16)
    assert (stranger.status, stranger.raw) == (nobody.status, nobody.raw)
    assert stranger.status == 404


def test_under_a_grant_only_ones_own(alice: Person, bob: Person):
    friends.add(frozenset((alice.uid, bob.uid)))
    browser, _ = alice.sign_in()
    assert read(browser, alice.uid).status == 200
    assert read(browser, bob.uid).status == 404


def test_long_chains_come_in_pages_of_64(alice: Person, browser: Browser):
    grow(alice, to=70)
    first, second = read(browser, alice.uid).json, read(browser, alice.uid, after=64).json
    numbers = [
        parse_link(from_base64(link)).k for page in (first, second) for link in page["links"]
    ]
    assert numbers == list(range(1, 71))
    assert len(first["links"]) == 64
    assert first["head"] == second["head"]
    assert first["head"][0] == 70


@pytest.mark.parametrize("query", ["uid=xyz", "uid=AA", "after=-1", "after=x", f"after={'9' * 11}"])
def test_questions_of_another_form(alice: Person, browser: Browser, query: str):
    assert browser.call("GET", f"/api/links?{query}").status == 400


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
