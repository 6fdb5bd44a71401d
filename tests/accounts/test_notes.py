import pytest

from accounts import notes, protocol
from accounts.models import User
from chatsite.edge.wire import Id
from e2ee.encoding import from_base64, to_base64
from testkit.client.m1 import userkeys
from tests.accounts.people import Browser, Person

pytestmark = pytest.mark.django_db


def note(alice: Person, peer: bytes, version: int = 1, text: bytes = b'{"name":"Bea"}'):
    sealed = userkeys.seal_note(
        alice.user_keys[-1].seed, text, uid=alice.uid, g=1, peer=peer, version=version
    )
    return protocol.Note(peer=Id(peer), g=1, version=version, note=sealed)


def put(browser: Browser, body: protocol.Note):
    return browser.call("PUT", "/api/notes", body)


def test_a_note_comes_back_to_its_owner_alone(alice: Person, bob: Person, mallory: Person):
    assert put(alice.browsers[0], note(alice, bob.uid)).status == 200
    stored = alice.browsers[0].call("GET", "/api/notes").json["notes"]
    assert [from_base64(each["peer"]) for each in stored] == [bob.uid]
    opened = userkeys.open_note(
        alice.user_keys[-1].seed, from_base64(stored[0]["note"]), uid=alice.uid, g=1,
        peer=bob.uid, version=1,
    )  # fmt: skip
    assert opened == {"name": "Bea"}
    for other in (bob, mallory):
        assert other.browsers[0].call("GET", "/api/notes").json == {"notes": []}


def test_two_devices_write_the_same_note(alice: Person, browser: Browser):
    first, second = note(alice, b"p" * 16), note(alice, b"p" * 16)
    assert put(browser, first).status == 200
    assert put(browser, first).status == 200
    lost = put(browser, second)
    assert lost.status == 409
    assert lost.json["note"]["note"] == to_base64(first.note)
    assert put(browser, note(alice, b"p" * 16, version=3)).status == 409
    assert put(browser, note(alice, b"p" * 16, version=2)).status == 200


def test_a_note_starts_at_version_one(alice: Person, browser: Browser):
    assert put(browser, note(alice, b"p" * 16, version=2)).status == 404


def test_a_note_tells_nothing_about_who_exists(alice: Person, bob: Person):
    known, unknown = note(alice, bob.uid), note(alice, b"n" * 16)
    assert put(alice.browsers[0], known).raw == put(alice.browsers[0], unknown).raw


def test_notes_have_an_end(alice: Person, monkeypatch):
    monkeypatch.setattr(notes, "NOTES_MAX", 1)
    browser = alice.browsers[0]
    assert put(browser, note(alice, b"p" * 16)).status == 200
    assert put(browser, note(alice, b"q" * 16)).code == "too_many"
    assert len(notes.read(User.objects.get(uid=alice.uid)).notes) == 1
