"""A cookie alone opens nothing; a proof is for one request, once."""

import secrets

import pytest

from accounts import proof, protocol
from accounts.models import Device, Grant, SessionRecord
from chatsite.edge.refusals import Refusal
from chatsite.edge.wire import encoder
from chatsite.running.clock import now_ms
from e2ee.encoding import to_base64
from testkit.client.m1.keys import DeviceKeys
from tests.accounts.people import Browser, Person

pytestmark = pytest.mark.django_db

PROVED = [
    ("GET", "/api/wraps"),
    ("GET", "/api/links"),
    ("GET", "/api/sessions"),
    ("GET", "/api/notes"),
]


@pytest.mark.parametrize(("method", "path"), PROVED)
def test_a_stolen_cookie_without_proof(browser: Browser, alice: Person, method: str, path: str):
    assert browser.call(method, path).status == 200
    answer = browser.call(method, path, prove=False)
    assert (answer.status, answer.code) == (403, "proof")


@pytest.mark.parametrize(
    ("method", "path"), [*PROVED, ("GET", "/api/nonce"), ("GET", "/api/vault")]
)
def test_nobody_is_signed_in(db: None, method: str, path: str):
    answer = Browser().call(method, path, prove=False)
    assert (answer.status, answer.code) == (401, "sign_in")


def test_a_nonce_is_good_once(browser: Browser, alice: Person):
    header = {"X-Device-Proof": browser.proof("GET", "/api/wraps", b"")}
    assert browser.send("GET", "/api/wraps", b"", header).status == 200
    assert browser.send("GET", "/api/wraps", b"", header).code == "proof"


def test_a_proof_is_for_one_method_path_query_and_body(browser: Browser, alice: Person):
    body = encoder.encode(protocol.DisplayName(display_name="Ally"))
    cases = [
        ("PUT", "/api/profile", body, True),
        ("PUT", "/api/profile", body.replace(b"Ally", b"Elly"), False),
        ("PUT", "/api/profile?x=1", body, False),
        ("PUT", "/api/notes", body, False),
    ]
    for method, path, sent, good in cases:
        header = {"X-Device-Proof": browser.proof("PUT", "/api/profile", body)}
        answer = browser.send(method, path, sent, header)
        assert answer.status == (200 if good else answer.status)
        assert good or answer.code in {"proof", "bad_body"}
        assert good or answer.status >= 400


def test_the_query_is_part_of_what_is_signed(browser: Browser, alice: Person):
    path = "/api/links?after=0"
    header = {"X-Device-Proof": browser.proof("GET", path, b"")}
    assert browser.send("GET", path.replace("after=0", "after=9"), b"", header).code == "proof"
    assert browser.send("GET", path, b"", header).status == 200


def test_another_devices_key_or_id(browser: Browser, alice: Person, mallory: Person):
    other = DeviceKeys()
    disguised = DeviceKeys(id=browser.keys.id)
    for keys in (other, disguised, mallory.browsers[0].keys):
        header = {"X-Device-Proof": browser.proof("GET", "/api/wraps", b"", keys=keys)}
        assert browser.send("GET", "/api/wraps", b"", header).code == "proof"


def test_a_nonce_of_another_session(browser: Browser, alice: Person, mallory: Person):
    nonce = mallory.browsers[0].nonce()
    header = {"X-Device-Proof": browser.proof("GET", "/api/wraps", b"", nonce=nonce)}
    assert browser.send("GET", "/api/wraps", b"", header).code == "proof"


def test_a_nonce_lapses_after_two_minutes(browser: Browser, alice: Person):
    old = proof.new_nonce(browser.session_key, now_ms() - 119_000)
    header = {"X-Device-Proof": browser.proof("GET", "/api/wraps", b"", nonce=old)}
    assert browser.send("GET", "/api/wraps", b"", header).status == 200
    older = proof.new_nonce(browser.session_key, now_ms() - 121_000)
    header = {"X-Device-Proof": browser.proof("GET", "/api/wraps", b"", nonce=older)}
    assert browser.send("GET", "/api/wraps", b"", header).code == "proof"


def test_a_nonce_outlives_a_change_of_keys(browser: Browser, alice: Person, settings):
    header = {"X-Device-Proof": browser.proof("GET", "/api/wraps", b"")}
    new = ("k2", secrets.token_bytes(32))
    settings.SECRETS = settings.SECRETS | {"nonce": [new, *settings.SECRETS["nonce"]]}
    assert browser.send("GET", "/api/wraps", b"", header).status == 200


@pytest.mark.parametrize("header", ["", "a.b", "a.b.c", "é.é.é", "." * 300])
def test_malformed_proofs(browser: Browser, alice: Person, header: str):
    answer = browser.send("GET", "/api/wraps", b"", {"X-Device-Proof": header})
    assert answer.code == "proof"


def test_a_grant_opens_vault_wraps_and_links_of_its_own_session(alice: Person):
    browser, _ = alice.sign_in()
    for path in ("/api/vault", "/api/wraps", "/api/links", "/api/sessions"):
        assert browser.call("GET", path, prove=False).status == 200, path


def test_a_grant_of_another_session_or_a_guess(alice: Person, mallory: Person):
    hers, _ = alice.sign_in()
    second, _ = alice.sign_in()
    theirs, _ = mallory.sign_in()
    assert hers.grant
    assert second.grant
    hers_header = {"X-Enrolment": to_base64(hers.grant)}
    assert hers.send("GET", "/api/vault", b"", hers_header).status == 200
    for thief in (theirs, second, mallory.browsers[0]):
        assert thief.send("GET", "/api/vault", b"", hers_header).code == "grant"
    for guess in (to_base64(secrets.token_bytes(32)), "", "%", to_base64(b"short")):
        assert hers.send("GET", "/api/vault", b"", {"X-Enrolment": guess}).code == "grant"
    assert hers.send("GET", "/api/vault", b"", {}).code == "grant"


def test_a_grant_lapses_after_ten_minutes(alice: Person):
    browser, _ = alice.sign_in()
    assert browser.call("GET", "/api/vault").status == 200
    Grant.objects.update(expires=now_ms() - 1)
    assert browser.call("GET", "/api/vault").code == "grant"


def test_a_grant_is_consumed_once(alice: Person):
    browser, _ = alice.sign_in()
    record = SessionRecord.objects.get(pk=browser.session_key)
    proof.consume_grant(record)
    with pytest.raises(Refusal):
        proof.consume_grant(record)


def test_without_a_device_a_session_can_only_enrol(alice: Person):
    browser, _ = alice.sign_in()
    assert browser.grant
    for method, path in (("GET", "/api/notes"), ("POST", "/api/unlock")):
        body = protocol.Unlock(auth=alice.auth) if method == "POST" else None
        answer = browser.call(method, path, body)
        assert (answer.status, answer.code) == (403, "enrol")


def test_a_device_that_is_gone_proves_nothing(alice: Person, browser: Browser):
    assert browser.call("GET", "/api/notes").status == 200
    Device.objects.update(gone_at=now_ms())
    assert browser.call("GET", "/api/notes").code == "device_gone"
