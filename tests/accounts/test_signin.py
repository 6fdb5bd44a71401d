import secrets

import pytest
from django.conf import settings

from accounts import credentials, protocol, signin
from accounts.models import Credentials, Failure, User
from chatsite.edge.refusals import Refusal
from chatsite.edge.wire import B32
from tests.accounts.people import NOW, Browser, Person

pytestmark = pytest.mark.django_db
HOUR, DAY = 3_600_000, 86_400_000


def start(name: str):
    return Browser().call("POST", "/api/start", protocol.Start(name=name), prove=False)


def sign_in(name: str, **value: B32):
    return Browser().call("POST", "/api/sign-in", protocol.SignIn(name=name, **value), prove=False)


def wrong() -> B32:
    return B32(secrets.token_bytes(32))


def test_start_gives_the_salts_of_the_account(alice: Person):
    answer = start("Alice")
    assert answer.bytes("kdf_salt") == alice.kdf_salt
    assert answer.bytes("code_salt") == alice.code_salt
    assert answer.json["kdf"] == {"m": 65536, "t": 3, "p": 1}


def test_nobody_gets_salts_just_the_same(alice: Person):
    real, fake = start("alice"), start("nobody")
    assert fake.raw == start("nobody").raw
    assert fake.raw != start("nobody2").raw
    assert fake.status == real.status
    assert fake.json.keys() == real.json.keys()
    assert fake.json["kdf"] == real.json["kdf"]
    assert len(fake.raw) == len(real.raw)
    assert fake.json["kdf_salt"] != fake.json["code_salt"]


def test_signing_in_opens_a_grant_under_a_new_session_key(alice: Person):
    browser = Browser()
    browser.call("POST", "/api/sign-up/start", protocol.SignUpStart(name="other"), prove=False)
    before = browser.session_key
    browser, answer = alice.sign_in(browser)
    assert answer.bytes("uid") == alice.uid
    assert answer.bytes("pepper") == alice.pepper
    assert (answer.json["name"], answer.json["display_name"]) == ("alice", "Alice")
    assert browser.session_key != before


def test_signing_in_by_code(alice: Person):
    browser, answer = alice.sign_in(code_auth=alice.code_auth)
    assert answer.status == 200
    assert browser.call("GET", "/api/vault").status == 200


def test_a_wrong_secret_and_nobodys_name_get_the_same_bytes(alice: Person):
    assert sign_in("alice", auth=alice.auth).status == 200
    answers = {
        (answer.status, answer.raw)
        for answer in (
            sign_in("alice", auth=wrong()),
            sign_in("alice", code_auth=wrong()),
            sign_in("alice", auth=alice.code_auth),
            sign_in("nobody", auth=alice.auth),
            sign_in("nobody", code_auth=wrong()),
            sign_in("!", auth=wrong()),
        )
    }
    assert len(answers) == 1
    assert answers.pop()[0] == 403


def test_nobodys_name_runs_out_of_tries_like_any_other(alice: Person):
    def until_refused(name: str) -> list[tuple[int, str]]:
        return [(a.status, a.code) for a in (sign_in(name, auth=wrong()) for _ in range(12))]

    tries = until_refused("alice")
    assert tries == [(403, "wrong")] * 10 + [(429, "rate")] * 2
    assert until_refused("nobody") == tries
    assert sign_in("alice", auth=alice.auth).code == "rate"


def test_tries_come_back_after_an_hour_and_end_at_fifty_a_day(alice: Person):
    def try_once(now: int) -> str:
        try:
            signin.check(protocol.SignIn(name="alice", auth=wrong()), now)
        except Refusal as refusal:
            return refusal.code
        return "right"

    for hour in range(5):
        at = NOW + hour * HOUR
        assert {try_once(at + each) for each in range(10)} == {"wrong"}
        assert try_once(at + 11) == "rate"
    assert try_once(NOW + 6 * HOUR) == "rate"
    assert try_once(NOW + DAY + 20) == "wrong"
    assert Failure.objects.filter(at__lte=NOW + 20).count() == 0


def test_wrong_passwords_do_not_shut_the_way_out_by_the_code(alice: Person):
    for _ in range(10):
        assert sign_in("alice", auth=wrong()).code == "wrong"
    refused = sign_in("alice", auth=alice.auth)
    assert refused.code == "rate"
    assert 3_500 < int(refused.headers["Retry-After"]) <= 3_600
    for _ in range(19):
        assert sign_in("alice", code_auth=wrong()).code == "wrong"
    assert sign_in("alice", code_auth=alice.code_auth).status == 200
    assert sign_in("alice", code_auth=wrong()).code == "wrong"
    assert sign_in("alice", code_auth=alice.code_auth).code == "rate"


def test_a_code_has_a_hundred_tries_a_day(alice: Person):
    def code_at(now: int) -> str:
        with pytest.raises(Refusal) as refused:
            signin.check(protocol.SignIn(name="alice", code_auth=wrong()), now)
        return refused.value.code

    for hour in range(5):
        assert {code_at(NOW + hour * HOUR + each) for each in range(20)} == {"wrong"}
    assert code_at(NOW + 6 * HOUR) == "rate"


def test_a_right_secret_costs_no_try(alice: Person):
    for _ in range(12):
        assert signin.check(protocol.SignIn(name="alice", auth=alice.auth), NOW).user.username
    assert not Failure.objects.exists()


def test_strangers_cannot_use_up_the_unlocks_of_a_listed_device(alice: Person, browser: Browser):
    for _ in range(11):
        sign_in("alice", auth=wrong())
    assert sign_in("alice", auth=alice.auth).code == "rate"
    assert browser.call("POST", "/api/unlock", protocol.Unlock(auth=alice.auth)).status == 200
    for _ in range(10):
        assert browser.call("POST", "/api/unlock", protocol.Unlock(auth=wrong())).code == "wrong"
    assert browser.call("POST", "/api/unlock", protocol.Unlock(auth=alice.auth)).code == "rate"


def test_exactly_one_secret(alice: Person):
    both = {"auth": alice.auth, "code_auth": alice.code_auth}
    assert sign_in("alice", **both).code == "bad_body"
    assert sign_in("alice").code == "bad_body"


def test_staff_have_no_chat_identity(db: None):
    User.objects.create(username="operator", display_name="operator", is_staff=True)
    assert start("operator").bytes("kdf_salt") != b""
    assert sign_in("operator", auth=wrong()).code == "wrong"


def test_a_switched_off_account_is_nobodys(alice: Person):
    real = start("alice").raw
    User.objects.update(is_active=False)
    assert start("alice").raw != real
    assert sign_in("alice", auth=alice.auth).code == "wrong"
    assert alice.browsers[0].call("GET", "/api/nonce").code == "sign_in"


def test_an_old_key_still_opens_and_is_replaced(alice: Person, settings):
    new = ("k2", secrets.token_bytes(32))
    settings.SECRETS = settings.SECRETS | {"signin": [new, *settings.SECRETS["signin"]]}
    assert sign_in("alice", auth=alice.auth).status == 200
    assert sign_in("alice", code_auth=alice.code_auth).status == 200
    row = Credentials.objects.get()
    assert "$k2$" in row.verifier
    assert "$k2$" in row.code_verifier
    settings.SECRETS = settings.SECRETS | {"signin": [new]}
    assert sign_in("alice", auth=alice.auth).status == 200


def test_the_pepper_lies_sealed(alice: Person):
    row = Credentials.objects.get()
    assert alice.pepper not in row.pepper
    assert credentials.open_pepper(row.pepper_kid, alice.uid, row.pepper) == alice.pepper
    assert settings.SECRETS["pepper"][0][0] == row.pepper_kid
