import pytest

from accounts import protocol
from accounts.models import Factor, SessionRecord, User
from chatsite.edge.wire import B32
from chatsite.running.clock import now_ms
from e2ee.records import RECOVERY_DEVICE
from testkit.client.m1.keys import KemKey
from tests.accounts.changing import new_code, new_password
from tests.accounts.people import Browser, Person, changed, post

pytestmark = pytest.mark.django_db


def sign_in(**value: B32):
    body = protocol.SignIn(name="alice", **value)
    return Browser().call("POST", "/api/sign-in", body, prove=False)


def test_unlocking_hands_out_pepper_vault_and_factors(alice: Person, browser: Browser):
    for value in ({"auth": alice.auth}, {"code_auth": alice.code_auth}):
        answer = browser.call("POST", "/api/unlock", protocol.Unlock(**value))
        assert answer.bytes("pepper") == alice.pepper
        assert answer.json["vault"]["version"] == 1
        assert sorted(factor["type"] for factor in answer.json["factors"]) == [1, 2]


def test_unlocking_with_a_wrong_or_a_foreign_secret(
    alice: Person, browser: Browser, mallory: Person
):
    wrong = browser.call("POST", "/api/unlock", protocol.Unlock(auth=mallory.auth))
    assert (wrong.status, wrong.code) == (403, "wrong")
    theirs = mallory.browsers[0].call("POST", "/api/unlock", protocol.Unlock(auth=alice.auth))
    assert theirs.raw == wrong.raw
    assert browser.call("POST", "/api/unlock", protocol.Unlock()).code == "bad_body"


def test_an_unlock_lasts_ten_minutes(alice: Person, browser: Browser):
    SessionRecord.objects.update(unlocked=now_ms() - 590_000)
    assert browser.call("PUT", "/api/password", new_password(alice)).status == 200
    SessionRecord.objects.update(unlocked=now_ms() - 600_000)
    assert browser.call("PUT", "/api/password", new_password(alice)).code == "unlock"


def test_a_new_password_replaces_the_old_one(alice: Person, browser: Browser):
    old = alice.auth
    assert browser.call("PUT", "/api/password", new_password(alice)).status == 200
    assert sign_in(auth=old).code == "wrong"
    assert sign_in(auth=alice.auth).status == 200
    assert sign_in(code_auth=alice.code_auth).status == 200
    start = Browser().call("POST", "/api/start", protocol.Start(name="alice"), prove=False)
    assert start.bytes("kdf_salt") == alice.kdf_salt
    assert Factor.objects.count() == 2


def test_a_new_password_comes_with_a_new_salt(alice: Person, browser: Browser):
    body = protocol.NewPassword(password=alice.password_values(), factor=alice.password_factor())
    assert browser.call("PUT", "/api/password", body).code == "bad_factors"


def test_a_new_code_replaces_the_old_one(alice: Person, browser: Browser):
    old = alice.code_auth
    assert browser.call("PUT", "/api/code", new_code(alice)).status == 200
    assert sign_in(code_auth=old).code == "wrong"
    assert sign_in(code_auth=alice.code_auth).status == 200
    same = protocol.NewCode(code=alice.code_values(), factor=alice.code_factor())
    assert browser.call("PUT", "/api/code", same).code == "bad_factors"


def test_a_factor_of_another_type(alice: Person, browser: Browser):
    password, code = new_password(alice), new_code(alice)
    mixed = protocol.NewPassword(password=password.password, factor=code.factor)
    assert browser.call("PUT", "/api/password", mixed).code == "bad_factors"
    mixed_code = protocol.NewCode(code=code.code, factor=password.factor)
    assert browser.call("PUT", "/api/code", mixed_code).code == "bad_factors"
    taken = Factor.objects.get(type=1).factor
    factor = protocol.Factor(type=2, id=type(code.factor.id)(taken), wrap=password.factor.wrap)
    body = protocol.NewPassword(password=password.password, factor=factor)
    assert browser.call("PUT", "/api/password", body).code == "bad_factors"
    assert Factor.objects.count() == 2


def test_the_password_can_be_switched_off_and_on(alice: Person, browser: Browser):
    factor = Factor.objects.get(type=2)
    path = f"/api/factors/{factor.factor.hex()}"
    nobody = Browser().call("POST", "/api/start", protocol.Start(name="nobody"), prove=False)
    assert browser.call("DELETE", path).status == 200
    assert browser.call("DELETE", path).status == 404
    assert sign_in(auth=alice.auth).code == "wrong"
    start = Browser().call("POST", "/api/start", protocol.Start(name="alice"), prove=False)
    assert start.bytes("kdf_salt") != alice.kdf_salt
    assert start.bytes("code_salt") == alice.code_salt
    assert start.json["kdf"] == nobody.json["kdf"]
    assert browser.call("PUT", "/api/password", new_password(alice)).status == 200
    assert sign_in(auth=alice.auth).status == 200


def test_the_code_cannot_be_switched_off(alice: Person, browser: Browser):
    code = Factor.objects.get(type=1)
    assert browser.call("DELETE", f"/api/factors/{code.factor.hex()}").code == "bad_factors"


def test_mallory_cannot_drop_alices_factors(alice: Person, mallory: Person):
    theirs = Factor.objects.get(user__uid=alice.uid, type=2).factor
    foreign = mallory.browsers[0].call("DELETE", f"/api/factors/{theirs.hex()}")
    absent = mallory.browsers[0].call("DELETE", f"/api/factors/{'0' * 32}")
    assert foreign.raw == absent.raw
    assert foreign.status == 404
    assert alice.browsers[0].call("DELETE", f"/api/factors/{theirs.hex()}").status == 200


def test_the_vault_is_not_served_to_a_listed_device_without_unlock(alice: Person, browser: Browser):
    answer = browser.call("GET", "/api/vault")
    assert (answer.status, answer.code) == (403, "grant")


def test_dropping_a_passkey_leaves_the_password(alice: Person, browser: Browser):
    user = User.objects.get(uid=alice.uid)
    Factor.objects.create(user=user, factor=b"k" * 16, type=3, wrap=b"w" * 60)
    assert browser.call("DELETE", f"/api/factors/{(b'k' * 16).hex()}").status == 200
    assert sign_in(auth=alice.auth).status == 200


def test_a_vault_can_change_under_the_same_root(alice: Person, browser: Browser):
    """A new recovery key alone: the factors still open the root."""
    alice.recovery, alice.vault_version = KemKey(), 2
    link = alice.next_link(list(alice.head.devices), recovery_key=alice.recovery.public)
    body = protocol.NewLink(link=link.raw, wraps=alice.wraps(link, RECOVERY_DEVICE))
    assert post(browser, body).code == "bad_link"
    assert post(browser, changed(body, vault=alice.sealed_vault())).status == 200
    assert Factor.objects.count() == 2
    assert browser.call("POST", "/api/unlock", protocol.Unlock(auth=alice.auth)).status == 200
