"""After a change of password or code, what the old one opened is shut (docs/encryption.md 4.5)."""

import pytest

from accounts import devices, links, lookup, protocol, sessions, tries, vault
from accounts.models import Factor, Grant, SessionRecord
from chatsite.edge.refusals import Refusal
from chatsite.running.clock import now_ms
from e2ee import records
from testkit.client.m1.keys import DeviceKeys
from tests.accounts.changing import (
    CHANGES,
    Change,
    by_dropping,
    by_password,
    new_code,
    new_password,
    with_new_secrets,
)
from tests.accounts.people import Browser, Person, post, prepared, second_browser

pytestmark = pytest.mark.django_db


def caller(browser: Browser, *, granted: bool = False) -> sessions.Caller:
    """Who asks, as the edge admitted them."""
    found = lookup.record_of(sessions.hash_of(browser.session_key), now_ms())
    assert found
    return sessions.Caller(found.record, granted=granted)


def unlock(browser: Browser, alice: Person) -> None:
    body = protocol.Unlock(code_auth=alice.code_auth)
    assert browser.call("POST", "/api/unlock", body).status == 200


@pytest.mark.parametrize("change", CHANGES)
def test_who_signed_in_with_the_old_secret_is_out(alice: Person, browser: Browser, change: Change):
    thief, _ = alice.sign_in()
    for path in ("/api/vault", "/api/wraps"):
        assert thief.call("GET", path).status == 200
    later = [
        prepared(thief, "GET", "/api/vault"),
        prepared(thief, "GET", "/api/wraps"),
        prepared(thief, "POST", "/api/unlock", protocol.Unlock(auth=alice.auth)),
        prepared(thief, "POST", "/api/links", alice.link_adding(thief.keys)),
    ]
    assert change(alice, browser).status == 200
    assert [send().status for send in later] == [401] * 4
    assert not Grant.objects.exists()


@pytest.mark.parametrize("change", CHANGES)
def test_devices_go_on_and_lose_their_unlock(alice: Person, browser: Browser, change: Change):
    other = second_browser(alice)
    assert caller(other).unlocked(now_ms())
    assert change(alice, browser).status == 200
    assert other.call("GET", "/api/notes").status == 200
    assert other.call("POST", "/api/live-token", prove=False).status == 200
    assert post(other, alice.link_adding(DeviceKeys())).code == "unlock"
    unlock(other, alice)
    assert post(other, alice.link_adding(DeviceKeys())).status == 200


@pytest.mark.parametrize("change", CHANGES)
def test_the_page_that_changes_it_goes_on(alice: Person, browser: Browser, change: Change):
    assert change(alice, browser).status == 200
    assert browser.call("GET", "/api/notes").status == 200
    assert browser.call("PUT", "/api/code", new_code(alice)).status == 200


def test_the_old_password_unlocks_no_device(alice: Person, browser: Browser):
    other, old = second_browser(alice), protocol.Unlock(auth=alice.auth)
    assert other.call("POST", "/api/unlock", old).status == 200
    assert by_password(alice, browser).status == 200
    assert other.call("POST", "/api/unlock", old).code == "wrong"


def test_recovery_by_code_shuts_out_who_knows_the_old_password(alice: Person, browser: Browser):
    """The link comes under a grant of its own: that one is consumed, the others are deleted."""
    thief, _ = alice.sign_in()
    assert thief.call("GET", "/api/vault").status == 200
    fresh, _ = alice.sign_in(code_auth=alice.code_auth)
    answer = post(fresh, with_new_secrets(alice, alice.link_adding(fresh.keys)))
    assert answer.status == 200
    fresh.grant = None
    assert thief.call("GET", "/api/vault", prove=False).status == 401
    assert not Grant.objects.exists()
    assert browser.call("GET", "/api/notes").status == 200
    assert fresh.call("PUT", "/api/code", new_code(alice)).status == 200


def test_a_link_without_new_factors_takes_nothing_back(alice: Person, browser: Browser):
    waiting, _ = alice.sign_in()
    other = second_browser(alice)
    assert post(browser, alice.link_adding(DeviceKeys())).status == 200
    assert waiting.call("GET", "/api/vault").status == 200
    assert caller(other).unlocked(now_ms())


def test_a_refused_change_takes_nothing_back(alice: Person, browser: Browser):
    waiting, _ = alice.sign_in()
    same = protocol.NewPassword(password=alice.password_values(), factor=alice.password_factor())
    assert browser.call("PUT", "/api/password", same).code == "bad_factors"
    assert waiting.call("GET", "/api/vault").status == 200


# ---------------------------------------------------------------- a request under way


@pytest.mark.parametrize("change", CHANGES)
def test_an_enrolment_under_way_loses(alice: Person, browser: Browser, change: Change):
    """The grant was checked, and then the secret changes before the link is stored."""

    def enrol(each: Browser, meanwhile) -> protocol.LinkStored:
        body = alice.link_adding(each.keys)

        def signed_by(_key_of: links.KeyOf) -> bytes:
            meanwhile()
            return each.keys.id

        return links.store(caller(each, granted=True), body, signed_by, now_ms())

    honest, _ = alice.sign_in()
    thief, _ = alice.sign_in()
    assert enrol(honest, lambda: None).token
    alice.head = records.parse_link(_stored(alice))
    with pytest.raises(Refusal) as refused:
        enrol(thief, lambda: change(alice, browser))
    assert refused.value.code == "sign_in"


def _stored(alice: Person) -> bytes:
    return devices.newest_links([alice.uid])[alice.uid].link


def test_a_grant_that_was_deleted_under_way_enrols_nobody(alice: Person):
    thief, _ = alice.sign_in()
    who, body = caller(thief, granted=True), alice.link_adding(thief.keys)
    Grant.objects.all().delete()
    with pytest.raises(Refusal) as refused:
        links.store(who, body, lambda _key_of: thief.keys.id, now_ms())
    assert refused.value.code == "grant"


def test_a_change_under_way_on_another_device_loses(alice: Person, browser: Browser):
    other = second_browser(alice)
    factor = Factor.objects.get(type=2).factor

    def attempts(who: sessions.Caller):
        added = alice.link_adding(DeviceKeys())
        return [
            lambda: vault.new_password(who, new_password(alice), now_ms()),
            lambda: vault.new_code(who, new_code(alice), now_ms()),
            lambda: vault.drop_factor(who, factor, now_ms()),
            lambda: links.store(who, added, lambda _key_of: b"", now_ms()),
        ]

    late = caller(other)
    assert by_password(alice, browser).status == 200
    codes = []
    for attempt in attempts(late):
        with pytest.raises(Refusal) as refused:
            attempt()
        codes.append(refused.value.code)
    assert codes == ["unlock"] * 4


def test_a_sign_in_under_way_loses(alice: Person, browser: Browser, monkeypatch):
    """The old password was compared, and then it changes before the grant is opened."""
    old = alice.auth
    assert alice.sign_in(auth=old)[1].status == 200
    _once_compared(monkeypatch, lambda: by_dropping(alice, browser))
    thief, answer = alice.sign_in(auth=old)
    assert answer.code == "wrong"
    assert not Grant.objects.exists()
    assert SessionRecord.objects.count() == 1
    assert thief.call("GET", "/api/vault", prove=False).status == 401


def test_an_unlock_under_way_loses(alice: Person, browser: Browser, monkeypatch):
    other, old = second_browser(alice), protocol.Unlock(auth=alice.auth)
    assert other.call("POST", "/api/unlock", old).status == 200
    _once_compared(monkeypatch, lambda: by_password(alice, browser))
    assert other.call("POST", "/api/unlock", old).code == "wrong"
    assert not caller(other).unlocked(now_ms())


def _once_compared(monkeypatch, change) -> None:
    """The next secret that is right is changed just after it was compared."""
    succeeded = tries.succeeded

    def changing(this) -> None:
        succeeded(this)
        monkeypatch.undo()
        assert change().status == 200

    monkeypatch.setattr(tries, "succeeded", changing)


# ---------------------------------------------------------------- the outsider


@pytest.mark.parametrize("change", CHANGES)
def test_mallorys_change_touches_nobody_else(alice: Person, mallory: Person, change: Change):
    waiting, _ = alice.sign_in()
    assert change(mallory, mallory.browsers[0]).status == 200
    assert waiting.call("GET", "/api/vault").status == 200
    assert caller(alice.browsers[0]).unlocked(now_ms())


def test_mallory_cannot_make_alices_change(alice: Person, mallory: Person):
    """Signed with mallory's device, it changes mallory's account at most."""
    waiting, _ = alice.sign_in()
    old = alice.auth
    assert mallory.browsers[0].call("PUT", "/api/password", new_password(alice)).status == 200
    assert waiting.call("GET", "/api/vault").status == 200
    assert alice.sign_in(auth=old)[1].status == 200
