import unicodedata

import pytest
from django.conf import settings

from accounts import names, protocol, rates, signup, tokens
from accounts.models import NameReservation, User
from chatsite.edge import limits
from chatsite.edge.refusals import Refusal
from chatsite.running.clock import now_ms
from e2ee.encoding import MAX_UINT
from e2ee.records import RECOVERY_DEVICE
from testkit.client.m1 import devicelist
from testkit.client.m1.keys import DeviceKeys
from tests.accounts.people import NOW, Browser, Person

pytestmark = pytest.mark.django_db
MINUTE = 60_000


def reserve(browser: Browser, name: str):
    return browser.call("POST", "/api/sign-up/start", protocol.SignUpStart(name=name), prove=False)


def test_a_new_account_is_signed_in_on_its_device(alice: Person, browser: Browser):
    link = alice.head
    sessions = browser.call("GET", "/api/sessions").json["sessions"]
    assert [session["current"] for session in sessions] == [True]
    assert sessions[0]["agent"] == "Firefox on Linux"
    links = browser.call("GET", "/api/links?after=0").json
    assert links["head"][0] == 1
    assert link is not None


def test_sign_up_answers_a_live_token_for_the_device():
    carol = Person("carol")
    answer = carol.sign_up()
    claims = tokens.check(settings.SECRETS["live"], answer.json["token"], now_ms())
    keys = carol.browsers[0].keys
    assert (claims.uid, claims.device) == (carol.uid, keys.id)
    assert claims.signing_key == keys.signing.public


@pytest.mark.parametrize("number", [MAX_UINT + 1, 2**63, 2**64 - 1])
@pytest.mark.parametrize("member", ["added", "ms"])
def test_a_list_with_a_time_that_no_client_reads_is_refused(member: str, number: int):
    carol, browser = Person("carol"), Browser()
    started = reserve(browser, "carol")
    carol.uid, carol.pepper = started.bytes("uid"), started.bytes("pepper")
    body = carol.sign_up_body(browser)
    for value, status in ((number, 400), (MAX_UINT, 200)):
        times = {"added": NOW, "ms": NOW, member: value}
        body.link = devicelist.first_link(
            uid=carol.uid, aik=carol.aik, user_key=carol.user_keys[-1].public,
            devices=[devicelist.listed(browser.keys, times["added"])],
            recovery_key=carol.recovery.public, ms=times["ms"],
        )  # fmt: skip
        answer = browser.call("POST", "/api/sign-up", body, prove=False)
        assert answer.status == status, answer.raw


def test_the_session_key_changes_at_sign_up():
    browser = Browser()
    reserve(browser, "carol")
    before = browser.session_key
    Person("dora").sign_up(browser)
    assert browser.session_key != before


def test_a_taken_name_is_taken_in_every_spelling(alice: Person):
    for spelling in ("alice", "ALICE", "Ａｌｉｃｅ", " alice "):
        answer = reserve(Browser(), spelling)
        assert (answer.status, answer.code) == (409, "taken")
    assert reserve(Browser(), "alicia").status == 200


def test_a_reserved_name_is_kept_for_its_session_alone():
    first, second = Browser(), Browser()
    kept = reserve(first, "carol")
    assert reserve(second, "Carol").code == "taken"
    assert reserve(first, "carol").json == kept.json
    reserve(first, "dora")
    assert reserve(second, "carol").status == 200


def test_a_reservation_lapses_after_ten_minutes():
    first = signup.reserve("carol", b"1" * 16, NOW)
    with pytest.raises(Refusal):
        signup.reserve("carol", b"2" * 16, NOW + 9 * MINUTE)
    second = signup.reserve("carol", b"2" * 16, NOW + 10 * MINUTE)
    assert second.uid != first.uid


def test_signing_up_too_late_is_refused():
    carol, browser = Person("carol"), Browser()
    started = reserve(browser, "carol")
    carol.uid, carol.pepper = started.bytes("uid"), started.bytes("pepper")
    NameReservation.objects.update(expires=now_ms() - 1)
    answer = browser.call("POST", "/api/sign-up", carol.sign_up_body(browser), prove=False)
    assert answer.code == "reservation"
    assert not User.objects.filter(username="carol").exists()


def test_a_name_that_staff_took_in_between():
    carol, browser = Person("carol"), Browser()
    started = reserve(browser, "carol")
    carol.uid, carol.pepper = started.bytes("uid"), started.bytes("pepper")
    User.objects.create(username="carol", display_name="carol", is_staff=True)
    answer = browser.call("POST", "/api/sign-up", carol.sign_up_body(browser), prove=False)
    assert (answer.status, answer.code) == (409, "taken")


def test_another_session_cannot_finish_a_sign_up():
    carol, browser, mallory = Person("carol"), Browser(), Browser()
    started = reserve(browser, "carol")
    carol.uid, carol.pepper = started.bytes("uid"), started.bytes("pepper")
    body = carol.sign_up_body(browser)
    reserve(mallory, "mallory")
    assert mallory.call("POST", "/api/sign-up", body, prove=False).status == 400
    assert Browser().call("POST", "/api/sign-up", body, prove=False).code == "reservation"
    assert browser.call("POST", "/api/sign-up", body, prove=False).status == 200


@pytest.mark.parametrize("broken", ["signature", "wraps", "vault", "factors", "devices"])
def test_a_broken_account_is_not_made(broken: str):
    carol, browser = Person("carol"), Browser()
    started = reserve(browser, "carol")
    carol.uid, carol.pepper = started.bytes("uid"), started.bytes("pepper")
    good = carol.sign_up_body(browser)
    answer = browser.call(
        "POST", "/api/sign-up", _broken(carol, browser, good, broken), prove=False
    )
    assert answer.status == 400
    assert not User.objects.filter(username="carol").exists()
    assert browser.call("POST", "/api/sign-up", good, prove=False).status == 200


def _broken(carol: Person, browser: Browser, good: protocol.SignUp, what: str) -> protocol.SignUp:
    members = {name: getattr(good, name) for name in good.__struct_fields__}
    if what == "signature":
        members["link"] = good.link[:-1] + bytes([good.link[-1] ^ 1])
    elif what == "wraps":
        members["wraps"] = [good.wraps[0], good.wraps[0]]
    elif what == "vault":
        members["vault"] = protocol.Vault(version=2, box=good.vault.box)
    elif what == "factors":
        members["factors"] = [good.factors[0], good.factors[0]]
    else:
        two = sorted([browser.keys, DeviceKeys()], key=lambda keys: keys.id)
        members["link"] = devicelist.first_link(
            uid=carol.uid, aik=carol.aik, user_key=carol.user_keys[-1].public, ms=NOW,
            devices=[devicelist.listed(keys, NOW) for keys in two],
            recovery_key=carol.recovery.public,
        )  # fmt: skip
        members["wraps"] = carol.wraps(carol.head, browser.keys.id, RECOVERY_DEVICE)
    return protocol.SignUp(**members)


NOT_NAMES = ["ab", "a b", "a/b", "pаypal", "-dash", "x" * 33, "ali\u200dce", "q" + "\u0323" * 5, ""]


@pytest.mark.parametrize("name", NOT_NAMES)
def test_names_that_nobody_may_have(name: str):
    answer = reserve(Browser(), name)
    assert (answer.status, answer.code) == (400, "bad_name")


@pytest.mark.parametrize("name", ["bob", "анна", "ゆきカナ漢字", "zoë.müller-1_2"])
def test_names_in_many_scripts(name: str):
    assert names.username(name) == name


HIDDEN = ["\u202eecila", "\n", "", "x" * 61]
BLANK = ["\u2800", "\u2800 \u2800", "\u3164", "\U0001d159", "\ufffc", "\u0301", " \u0301a"]
HEAPED = ["Z" + "\u0323" * 20, "Aliq" + "\u0323" * 5 + "ce", "a \u0301b"]


@pytest.mark.parametrize("text", [*HIDDEN, *BLANK, *HEAPED])
def test_display_names_that_hide_something(text: str):
    with pytest.raises(Refusal):
        names.display_name(text)
    assert names.display_name(" Alice  👋 ") == "Alice 👋"


@pytest.mark.parametrize(
    "text", ["श्रीमती क्ष्म्या", "ကြွေးကြော်သံ", "Nguyễn", "שָׁלוֹם", "ที่รัก", "👋", "(:", "\u2800a"]
)
def test_display_names_in_many_scripts(text: str):
    assert names.display_name(text) == unicodedata.normalize("NFKC", text)


def test_twenty_sign_ups_an_hour_from_one_address():
    for _ in range(rates.SIGN_UP.count - 1):
        limits.take(rates.SIGN_UP, "127.0.0.1", now_ms())
    assert Person("carol").sign_up().status == 200
    answer = Person("dora").sign_up()
    assert (answer.status, answer.code) == (429, "rate")
    assert 0 < answer.json["retry_ms"] <= 3_600_000
