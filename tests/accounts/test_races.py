"""Two requests in the same instant, in two threads with connections of their own."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from accounts import notes, protocol, signin, signup
from accounts.models import Device, Grant, Note, SessionRecord, User
from chatsite.edge.refusals import Conflict, Refusal
from chatsite.edge.wire import B32, Id
from testkit.client.m1.keys import DeviceKeys
from tests.accounts.changing import by_password
from tests.accounts.people import NOW, Person, prepared

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def at_once(*works):
    barrier = Barrier(len(works))

    def run(work):
        barrier.wait()
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def outcome(work):
    def run():
        try:
            return work()
        except (Refusal, Conflict) as error:
            return type(error)

    return run


def test_two_links_at_once_leave_one():
    alice = Person("alice")
    assert alice.sign_up().status == 200
    browser = alice.browsers[0]
    bodies = [alice.link_adding(DeviceKeys()) for _ in range(3)]
    answers = at_once(*(lambda b=b: browser.call("POST", "/api/links", b) for b in bodies))
    assert sorted(answer.status for answer in answers) == [200, 409, 409]
    winner = next(
        body for body, answer in zip(bodies, answers, strict=True) if answer.status == 200
    )
    for answer in answers:
        assert answer.status == 200 or answer.bytes("link") == winner.link
    assert Device.objects.count() == 2


def test_a_new_password_and_an_enrolment_at_once():
    """Whichever is first: nothing is left that the old password opened, but a listed device."""
    alice = Person("alice")
    assert alice.sign_up().status == 200
    thief, _ = alice.sign_in()
    enrol = prepared(thief, "POST", "/api/links", alice.link_adding(thief.keys))
    change, enrolment = at_once(lambda: by_password(alice, alice.browsers[0]), enrol)
    assert change.status == 200
    assert enrolment.status in (200, 401, 403)
    assert Device.objects.count() == (2 if enrolment.status == 200 else 1)
    assert not Grant.objects.exists()
    assert not SessionRecord.objects.filter(device=None).exists()
    assert SessionRecord.objects.filter(unlocked__gt=0).count() == 1


def test_two_reservations_of_one_name_at_once():
    works = [outcome(lambda s=s: signup.reserve("carol", s, NOW)) for s in (b"1" * 16, b"2" * 16)]
    assert [each is Refusal for each in sorted(at_once(*works), key=repr)].count(True) == 1


def test_two_first_notes_at_once():
    user = User.objects.create(username="alice", display_name="Alice")
    made = [
        protocol.Note(peer=Id(b"p" * 16), g=1, version=1, note=bytes([n]) * 284) for n in (1, 2)
    ]
    results = at_once(*(outcome(lambda n=n: notes.put(user, n)) for n in made))
    assert sorted(results, key=str) == [Conflict, None]
    assert Note.objects.count() == 1


def test_twenty_guesses_at_once_get_ten_looks():
    alice = Person("alice")
    assert alice.sign_up().status == 200

    def guess():
        try:
            signin.check(protocol.SignIn(name="alice", auth=B32(b"x" * 32)), NOW)
        except Refusal as refusal:
            return refusal.code

    codes = at_once(*([guess] * 20))
    assert codes.count("wrong") <= 10
    assert set(codes) <= {"wrong", "rate"}
