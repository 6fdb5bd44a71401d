"""A browser that was away asks what became of it; nobody else can."""

import pytest
from django.conf import settings

from accounts import protocol, reset
from accounts.models import User
from chatsite.edge.wire import B64, Id
from chatsite.running.clock import now_ms
from e2ee import proofs
from testkit.client.m1.keys import DeviceKeys
from tests.accounts.people import Browser, Person, post, second_browser

pytestmark = pytest.mark.django_db


def standing(uid: bytes, keys: DeviceKeys, host: str = settings.SITE_HOST) -> str:
    signed = proofs.standing_bytes(host=host, uid=uid, device=keys.id)
    ask = protocol.StandingQuestion(
        uid=Id(uid), device=Id(keys.id), signature=B64(keys.signing.sign(signed))
    )
    return Browser().call("POST", "/api/standing", ask, prove=False).json["state"]


def test_listed_until_it_is_removed(alice: Person, browser: Browser):
    second = second_browser(alice)
    assert standing(alice.uid, second.keys) == "listed"
    assert post(browser, alice.link_revoking(second.keys)).status == 200
    assert standing(alice.uid, second.keys) == "gone"
    assert standing(alice.uid, browser.keys) == "listed"


def test_gone_after_a_sign_out(alice: Person, browser: Browser):
    assert browser.call("DELETE", "/api/sessions").status == 200
    assert standing(alice.uid, browser.keys) == "gone"


def test_gone_after_a_reset(alice: Person, browser: Browser):
    token = reset.make_token(User.objects.get(), reset.MAILED_MS, now_ms())
    assert alice.start_over(token).status == 200
    assert standing(alice.uid, browser.keys) == "gone"
    assert standing(alice.uid, alice.browsers[0].keys) == "listed"


def test_without_the_key_one_hears_what_strangers_hear(alice: Person, browser: Browser):
    thief = DeviceKeys(browser.keys.id)
    assert standing(alice.uid, thief) == "unknown"
    assert standing(b"n" * 16, thief) == "unknown"
    assert standing(alice.uid, browser.keys, host="elsewhere.example") == "unknown"
    assert standing(alice.uid, browser.keys) == "listed"
