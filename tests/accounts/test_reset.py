"""Starting an account over: who may, what is renewed, what stays."""

from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from accounts import devices, protocol, reset
from accounts.models import Device, DeviceListLink, Failure, Note, ResetToken, User
from accounts.signals import account_reset, session_ended
from chatsite.edge.wire import B32, Id
from chatsite.running.clock import now_ms
from e2ee.encoding import from_base64
from e2ee.records import parse_link
from moderation.models import Audit
from testkit.client.m1 import devicelist
from testkit.client.m1.keys import DeviceKeys
from tests.accounts.people import Browser, Person, changed, post, second_browser

pytestmark = pytest.mark.django_db


def token_for(person: Person, lives_ms: int = reset.BY_OPERATOR_MS) -> bytes:
    return reset.make_token(User.objects.get(uid=person.uid), lives_ms, now_ms())


def finish(body: protocol.SignUp, token: bytes):
    whole = protocol.ResetFinish(token=B32(token), account=body)
    return Browser().call("POST", "/api/reset/finish", whole, prove=False)


def fresh_body(person: Person, *, with_reset: bool = True) -> protocol.SignUp:
    """Of keys that nobody has seen, for the same account."""
    fresh = Person(person.name, person.uid, pepper=person.pepper)
    return fresh.sign_up_body(Browser(), reset=with_reset)


def test_the_account_starts_over_on_this_browser_alone(alice: Person, browser: Browser):
    second = second_browser(alice)
    old = parse_link(devices.newest_links([alice.uid])[alice.uid].link)
    old_auth, old_code = alice.auth, alice.code_auth
    assert alice.start_over(token_for(alice)).status == 200
    for gone in (browser, second):
        assert gone.call("GET", "/api/nonce", prove=False).code == "sign_in"
    newest = devices.newest_links([alice.uid])[alice.uid]
    link = parse_link(newest.link)
    assert (link.k, link.reset, newest.resets, newest.revoked_k) == (1, True, 1, 1)
    assert link.aik != old.aik
    assert newest.revoked_rank > devices.Newest(9, b"", b"", 9, 0).rank(9)
    present = Device.objects.filter(gone_at=None)
    assert [row.device for row in present] == [alice.browsers[0].keys.id]
    assert alice.browsers[0].call("GET", "/api/links").json["head"][0] == 1
    assert alice.sign_in()[1].status == 200
    stale: Any
    for stale in ({"auth": old_auth}, {"code_auth": old_code}):
        assert alice.sign_in(**stale)[1].code == "wrong"


def test_the_old_chain_is_kept(alice: Person):
    second_browser(alice)
    assert alice.start_over(token_for(alice)).status == 200
    rows = DeviceListLink.objects.order_by("chain", "k").values_list("chain", "k")
    assert list(rows) == [(1, 1), (1, 2), (2, 1)]


def test_what_the_old_identity_sealed_is_gone(alice: Person, browser: Browser):
    note = protocol.Note(peer=Id(b"p" * 16), g=1, version=1, note=b"n" * 284)
    assert browser.call("PUT", "/api/notes", note).status == 200
    Failure.objects.create(subject=alice.uid, kind=1, at=now_ms(), by_device=False)
    assert alice.start_over(token_for(alice)).status == 200
    assert not Note.objects.exists()
    assert not Failure.objects.exists()
    answer = alice.browsers[0].call("GET", "/api/wraps").json
    assert [(each["g"], each["k"]) for each in answer["wraps"]] == [(1, 1), (1, 1)]
    assert answer["prev_boxes"] == []


def test_the_message_side_hears_of_it_last(alice: Person, committed):
    news: list[str] = []

    def on_end(**_):
        news.append("session")

    def on_reset(**told):
        news.append(f"reset {told['k']}")
        assert told["uid"] == alice.uid

    session_ended.connect(on_end)
    account_reset.connect(on_reset)
    try:
        with committed():
            assert alice.start_over(token_for(alice)).status == 200
            assert news == []
    finally:
        session_ended.disconnect(on_end)
        account_reset.disconnect(on_reset)
    assert news == ["session", "reset 1"]


def test_a_message_side_that_fails_undoes_nothing(
    alice: Person, browser: Browser, committed, caplog
):
    def broken(**_):
        raise RuntimeError("no message side")

    account_reset.connect(broken)
    try:
        with committed():
            assert alice.start_over(token_for(alice)).status == 200
    finally:
        account_reset.disconnect(broken)
    assert "no message side" in caplog.text
    assert browser.call("GET", "/api/nonce", prove=False).code == "sign_in"


def test_the_account_lives_on(alice: Person):
    """Further devices, revocations and another reset, all in the new chain."""
    assert alice.start_over(token_for(alice)).status == 200
    second = second_browser(alice)
    assert post(alice.browsers[0], alice.link_revoking(second.keys)).status == 200
    newest = devices.newest_links([alice.uid])[alice.uid]
    assert (newest.k, newest.revoked_k, newest.resets) == (3, 3, 1)
    assert alice.start_over(token_for(alice)).status == 200
    assert devices.newest_links([alice.uid])[alice.uid].resets == 2


def test_a_token_is_good_once_for_one_account(alice: Person, bob: Person):
    token, other = token_for(alice), token_for(alice)
    assert alice.start_over(token).status == 200
    assert alice.start_over(token).code == "token"
    assert alice.start_over(other).code == "token", "a reset retires every other link"
    assert finish(fresh_body(alice), token_for(bob)).status == 400
    assert bob.sign_in()[1].status == 200


def test_a_token_has_its_time(alice: Person):
    assert alice.start_over(token_for(alice, lives_ms=0)).code == "token"
    assert alice.start_over(b"t" * 32).code == "token"
    assert alice.start_over(token_for(alice)).status == 200


def test_nobody_resets_without_a_token(alice: Person, mallory: Person):
    """An open session of one's own, or of the account's, is no leave."""
    body = protocol.ResetFinish(token=B32(bytes(32)), account=fresh_body(alice))
    for browser in (mallory.browsers[0], alice.browsers[0]):
        assert browser.call("POST", "/api/reset/finish", body).code == "token"


def test_the_link_of_a_reset(alice: Person):
    """Flag, place, identity and content, each as m1 wants it."""
    token = token_for(alice)
    assert finish(fresh_body(alice, with_reset=False), token).code == "refused"
    fresh = Person("alice", alice.uid, aik=alice.aik)
    assert finish(fresh.sign_up_body(Browser(), reset=True), token).code == "refused"
    whole = fresh_body(alice)
    for lacking in ({"factors": whole.factors[:1] * 2}, {"wraps": whole.wraps[:1] * 2}):
        members = {name: getattr(whole, name) for name in whole.__struct_fields__}
        assert finish(protocol.SignUp(**members | lacking), token).status == 400
    assert finish(whole, token).status == 200


def test_an_old_device_does_not_come_back(alice: Person, browser: Browser):
    token = token_for(alice)
    assert alice.start_over(token, Browser(browser.keys)).code == "bad_link"
    assert alice.start_over(token).status == 200


def test_inside_a_chain_no_link_resets(alice: Person, browser: Browser):
    fresh = Person("alice", alice.uid)
    restart = devicelist.first_link(
        uid=alice.uid, aik=fresh.aik, devices=[devicelist.listed(browser.keys, 1)],
        user_key=fresh.user_keys[0].public, recovery_key=fresh.recovery.public, ms=1, reset=True,
    )  # fmt: skip
    body = changed(alice.link_adding(DeviceKeys()), link=restart)
    assert post(browser, body).status in (400, 409)
    assert devices.newest_links([alice.uid])[alice.uid].resets == 0


def test_a_suspended_account_stays_suspended(alice: Person):
    token = token_for(alice)
    User.objects.update(is_active=False)
    assert alice.start_over(token).code == "token"
    User.objects.update(is_active=True)
    assert alice.start_over(token).status == 200


class TestCommand:
    def run(self, *words: str) -> str:
        out = StringIO()
        call_command("reset_account", *words, stdout=out)
        return out.getvalue()

    def test_prints_a_link_that_works(self, alice: Person):
        address = self.run("Alice").split()[-1]
        page, _, token = address.partition("#")
        assert page == f"{settings.SITE_URL}/reset"
        assert alice.start_over(bytes.fromhex(token)).status == 200

    def test_a_dry_run_makes_none(self, alice: Person):
        said = self.run("alice", "--dry-run")
        assert "1 sessions" in said
        assert "1 devices" in said
        assert not ResetToken.objects.exists()
        assert not Audit.objects.exists()

    def test_it_keeps_no_token(self, alice: Person):
        token = bytes.fromhex(self.run("alice").split()[-1].partition("#")[2])
        assert ResetToken.objects.get().digest != token
        entry = Audit.objects.get()
        assert (entry.action, entry.object) == ("reset_link", f"person {alice.uid.hex()}")
        assert token.hex() not in entry.details

    @pytest.mark.parametrize("name", ["nobody", "operator", ""])
    def test_staff_and_nobody_have_nothing_to_reset(self, alice: Person, name: str):
        User.objects.create(username="operator", display_name="operator", is_staff=True)
        with pytest.raises(CommandError, match="no such person"):
            self.run(name)


def test_what_the_page_learns_of_the_token(alice: Person):
    ask = protocol.ResetOpen(token=B32(token_for(alice)))
    answer = Browser().call("POST", "/api/reset/open", ask, prove=False).json
    assert (answer["name"], answer["display_name"]) == ("alice", "Alice")
    assert from_base64(answer["uid"]) == alice.uid
    assert from_base64(answer["pepper"]) != alice.pepper
