import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.forms import model_to_dict

from accounts import devices, lookup, sessions, tokens
from accounts.models import Device, SessionRecord, User
from accounts.sessions import Bound
from accounts.signals import device_revoked, session_ended
from chatsite.running.clock import now_ms
from e2ee.encoding import from_base64, to_base64
from testkit.client.m1.keys import DeviceKeys
from tests.accounts.people import Browser, Person, second_browser

pytestmark = pytest.mark.django_db
DAYS_90 = 90 * 86_400_000


@pytest.fixture
def ended():
    """Hashes of the sessions whose end was told."""
    told: list[bytes] = []

    def hear(session: bytes, **_):
        told.append(session)

    session_ended.connect(hear)
    yield told
    session_ended.disconnect(hear)


def hash_of(browser: Browser) -> bytes:
    return sessions.hash_of(browser.session_key)


def listed(browser: Browser) -> dict[bytes, dict]:
    rows = browser.call("GET", "/api/sessions").json["sessions"]
    return {from_base64(row["id"]): row for row in rows}


def test_the_list_names_browsers_and_marks_this_one(alice: Person, browser: Browser):
    second = second_browser(alice)
    rows = listed(second)
    assert rows[hash_of(second)]["current"]
    assert not rows[hash_of(browser)]["current"]
    assert from_base64(rows[hash_of(browser)]["device"]) == browser.keys.id
    assert {row["agent"] for row in rows.values()} == {"Firefox on Linux"}


def test_signing_out_another_browser(
    alice: Person, browser: Browser, ended: list[bytes], committed
):
    second = second_browser(alice)
    gone = hash_of(second)
    with committed():
        assert browser.call("DELETE", f"/api/sessions/{gone.hex()}").status == 200
        assert ended == []  # the message side hears what is so, not what may be rolled back
    assert ended == [gone]
    assert second.call("GET", "/api/nonce").code == "sign_in"
    assert set(listed(browser)) == {hash_of(browser)}
    assert browser.call("DELETE", f"/api/sessions/{gone.hex()}").status == 404
    links = browser.call("GET", "/api/links").json
    assert links["gone"] == [to_base64(second.keys.id)]


def test_mallory_cannot_sign_alice_out(alice: Person, browser: Browser, mallory: Person):
    thief = mallory.browsers[0]
    for theirs in (hash_of(browser), browser.keys.id):
        foreign = thief.call("DELETE", f"/api/sessions/{theirs.hex()}")
        absent = thief.call("DELETE", f"/api/sessions/{'0' * 32}")
        assert (foreign.status, foreign.raw) == (404, absent.raw)
    assert browser.call("GET", "/api/nonce").status == 200


def test_signing_out_marks_the_device_gone(
    alice: Person, browser: Browser, ended: list[bytes], committed
):
    revoked: list[bytes] = []

    def hear(device: bytes, **_):
        revoked.append(device)

    device_revoked.connect(hear)
    mine = hash_of(browser)
    with committed():
        assert browser.call("DELETE", "/api/sessions").status == 200
    device_revoked.disconnect(hear)
    assert ended == [mine]
    assert revoked == []
    found = devices.find_device(alice.uid, browser.keys.id)
    assert found
    assert found.gone
    assert browser.call("GET", "/api/nonce", prove=False).code == "sign_in"


def test_what_the_browser_keeps_goes_with_the_session(alice: Person, browser: Browser):
    refused = browser.send("DELETE", "/api/sessions", b"", {"X-Device-Proof": "a.b.c"})
    assert "Clear-Site-Data" not in refused.headers
    assert browser.call("DELETE", "/api/sessions").headers["Clear-Site-Data"] == '"storage"'


def test_a_browser_that_lost_its_keys_strikes_off_the_device_it_was(
    alice: Person, browser: Browser, mallory: Person
):
    """Under the grant of its new sign-in, so that the link which adds it leaves the old one out."""
    path = f"/api/sessions/{browser.keys.id.hex()}"
    other, _ = mallory.sign_in()
    assert other.call("DELETE", path, prove=False).status == 404
    again, _ = alice.sign_in()
    assert again.call("DELETE", path, prove=False).status == 200
    assert again.call("DELETE", path, prove=False).status == 404
    gone = devices.find_device(alice.uid, browser.keys.id)
    assert gone
    assert gone.gone
    assert alice.enrol(again).status == 200


def test_a_stolen_cookie_signs_itself_out_and_strikes_nothing_off(alice: Person, browser: Browser):
    wrong = {"X-Device-Proof": "a.b.c"}
    assert browser.send("DELETE", "/api/sessions", b"", wrong).code == "proof"
    assert browser.call("DELETE", "/api/sessions", prove=False).status == 200
    found = devices.find_device(alice.uid, browser.keys.id)
    assert found
    assert not found.gone


def test_a_browser_that_never_enrolled_can_leave(alice: Person):
    browser, _ = alice.sign_in()
    assert browser.call("DELETE", "/api/sessions", prove=False).status == 200
    assert browser.call("GET", "/api/nonce", prove=False).code == "sign_in"


def test_a_browser_with_its_keys_signs_in_without_enrolling(alice: Person, browser: Browser):
    Session.objects.all().delete()
    again, _ = alice.sign_in(Browser(browser.keys))
    assert again.call("POST", "/api/live-token", prove=False).code == "enrol"
    answer = again.call("POST", "/api/live-token")
    assert answer.bytes("device") == browser.keys.id
    assert answer.json["head"][0] == 1
    claims = tokens.check(settings.SECRETS["live"], answer.json["token"], now_ms())
    assert claims.session == hash_of(again)
    again.grant = None
    assert again.call("GET", "/api/notes").status == 200
    assert again.call("POST", "/api/live-token", prove=False).status == 200


def test_taking_up_a_device_ends_its_older_session(
    alice: Person, browser: Browser, ended: list[bytes], committed
):
    old = hash_of(browser)
    again, _ = alice.sign_in(Browser(browser.keys))
    with committed():
        assert again.call("POST", "/api/live-token").status == 200
    assert ended == [old]
    assert browser.call("GET", "/api/nonce", prove=False).code == "sign_in"


def test_a_foreign_or_a_gone_device_cannot_be_taken_up(
    alice: Person, browser: Browser, mallory: Person
):
    second = second_browser(alice)
    second.call("DELETE", "/api/sessions")
    for keys in (second.keys, DeviceKeys(), mallory.browsers[0].keys):
        again, _ = alice.sign_in(Browser(keys))
        assert again.call("POST", "/api/live-token").code == "proof"
    again, _ = alice.sign_in(Browser(browser.keys))
    assert again.call("POST", "/api/live-token").status == 200


def test_signing_in_again_ends_what_the_cookie_was(
    alice: Person, mallory: Person, ended: list[bytes], committed
):
    browser, _ = alice.sign_in()
    first = hash_of(browser)
    with committed():
        mallory.sign_in(browser)
    assert ended == [first]
    assert SessionRecord.objects.filter(user__uid=alice.uid).count() == 1


def test_devices_without_a_session_are_listed_and_can_be_signed_out(
    alice: Person, browser: Browser
):
    second = second_browser(alice)
    SessionRecord.objects.get(hash=hash_of(second)).session.delete()
    row = listed(browser)[second.keys.id]
    assert from_base64(row["device"]) == second.keys.id
    assert not row["current"]
    assert browser.call("DELETE", f"/api/sessions/{second.keys.id.hex()}").status == 200
    assert second.keys.id not in listed(browser)


def test_which_sessions_ended_and_why(alice: Person, browser: Browser, django_assert_num_queries):
    enrolling, _ = alice.sign_in()
    mine = Bound(hash_of(browser), alice.uid, browser.keys.id)
    bare = Bound(hash_of(enrolling), alice.uid, bytes(16))  # bound to no device yet
    other_device = Bound(mine.session, alice.uid, b"d" * 16)
    now = now_ms()
    with django_assert_num_queries(1):
        assert sessions.ended([mine], now) == {}
    asked = [mine, bare, other_device]
    assert sessions.ended(asked, now) == {bare: "session", other_device: "session"}
    assert sessions.ended([mine], now + DAYS_90 + 60_000) == {mine: "session"}
    Device.objects.update(gone_at=now)
    assert sessions.ended([mine], now) == {mine: "device"}
    User.objects.update(is_active=False)
    assert sessions.ended([mine], now) == {mine: "suspended"}


def test_one_that_is_live_all_the_time_is_in_use(alice: Person, browser: Browser):
    mine = Bound(hash_of(browser), alice.uid, browser.keys.id)
    now = now_ms()
    SessionRecord.objects.update(seen=now - sessions.NOTED_MS + 60_000)
    assert sessions.ended([mine], now) == {}
    assert SessionRecord.objects.get().seen < now
    SessionRecord.objects.update(seen=now - 90 * sessions.NOTED_MS)
    assert sessions.ended([mine], now) == {}
    assert SessionRecord.objects.get().seen == now


def test_a_session_lapses(alice: Person, browser: Browser):
    record = SessionRecord.objects.select_related("session").get(hash=hash_of(browser))
    request = type("Request", (), {"session": browser.http.session})()
    assert sessions.current(request, now_ms())
    expires = int(record.session.expire_date.timestamp() * 1000)
    assert sessions.current(request, expires + 1) is None


def test_fetching_a_token_marks_the_session_as_seen(alice: Person, browser: Browser):
    SessionRecord.objects.update(seen=0)
    assert browser.call("POST", "/api/live-token").status == 200
    assert SessionRecord.objects.get(hash=hash_of(browser)).seen > 0


def test_a_caller_without_device_names_none(alice: Person):
    browser, _ = alice.sign_in()
    who = sessions.Caller(SessionRecord.objects.get(hash=hash_of(browser)))
    with pytest.raises(LookupError):
        _ = who.device


def test_a_caller_is_what_the_models_say(alice: Person, browser: Browser):
    """`lookup` reads them by SQL of its own."""
    key = browser.session_key
    found = lookup.record_of(sessions.hash_of(key), now_ms())
    assert found
    record = found.record
    kept = SessionRecord.objects.select_related("user", "device").get(session_id=key)
    assert record.device is not None
    assert kept.device is not None
    for one, other in ((record, kept), (record.user, kept.user), (record.device, kept.device)):
        assert model_to_dict(one) == model_to_dict(other)
    assert record.user.is_active is True
    assert record.user.last_login == kept.user.last_login


def test_no_caller_without_a_session_that_lives(alice: Person, browser: Browser):
    key = browser.session_key
    hashed, now = sessions.hash_of(key), now_ms()
    assert lookup.record_of(hashed, now) is not None
    assert lookup.record_of(bytes(16), now) is None
    later = now + (settings.SESSION_COOKIE_AGE + 60) * 1000
    assert lookup.record_of(hashed, later) is None
    User.objects.filter(username=alice.name).update(is_active=False)
    assert lookup.record_of(hashed, now) is None
