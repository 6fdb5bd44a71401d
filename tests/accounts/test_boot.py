"""What a page of a signed-in person carries, and what it is good for."""

import json
import re
from typing import Any

import pytest
from django.conf import settings

from accounts import tokens
from accounts.boot import NONCES, SEEN_EVERY_MS
from accounts.models import SessionRecord
from chatsite.running.clock import now_ms
from e2ee.encoding import from_base64
from tests.accounts.people import Browser, Person

PAGES = ["/settings", "/help", "/invite"]  # the others: tests/messaging/test_pages.py


def boot_of(browser: Browser, path: str) -> dict[str, Any] | None:
    page = browser.http.get(path).content.decode()
    found = re.search(r'<script id="boot" type="application/json">(.*?)</script>', page)
    return json.loads(found[1]) if found else None


@pytest.mark.parametrize("path", PAGES)
def test_a_page_carries_the_live_token_of_its_device(browser: Browser, path: str) -> None:
    boot = boot_of(browser, path)
    assert boot
    claims = tokens.check(settings.SECRETS["live"], boot["token"], now_ms())
    assert claims.device == browser.keys.id
    assert boot["head"][0] == 1


def test_its_nonces_prove_the_device_once_each(browser: Browser, mallory: Person) -> None:
    boot = boot_of(browser, "/settings")
    assert boot
    assert len(set(boot["nonces"])) == NONCES
    nonce = from_base64(boot["nonces"][0])
    header = {"X-Device-Proof": browser.proof("GET", "/api/wraps", b"", nonce=nonce)}
    assert browser.send("GET", "/api/wraps", b"", header).status == 200
    assert browser.send("GET", "/api/wraps", b"", header).code == "proof"
    other = mallory.browsers[0]
    nonce = from_base64(boot["nonces"][1])
    header = {"X-Device-Proof": other.proof("GET", "/api/wraps", b"", nonce=nonce)}
    assert other.send("GET", "/api/wraps", b"", header).code == "proof"


def test_the_answer_to_a_signed_request_brings_the_next_nonce(browser: Browser) -> None:
    header = {"X-Device-Proof": browser.proof("GET", "/api/wraps", b"")}
    answer = browser.http.get("/api/wraps", headers=header)
    nonce = from_base64(answer.headers["X-Device-Nonce"])
    again = {"X-Device-Proof": browser.proof("GET", "/api/wraps", b"", nonce=nonce)}
    assert browser.http.get("/api/wraps", headers=again).status_code == 200
    assert "X-Device-Nonce" not in browser.http.get("/api/nonce").headers


def test_without_a_device_a_page_carries_nothing(alice: Person, browser: Browser) -> None:
    assert boot_of(browser, "/help")
    fresh, _ = alice.sign_in()
    assert boot_of(fresh, "/settings") is None
    assert boot_of(Browser(), "/help") is None


def test_opening_a_page_keeps_the_session_alive(browser: Browser) -> None:
    long_ago = now_ms() - 10 * SEEN_EVERY_MS
    SessionRecord.objects.update(seen=long_ago)
    assert browser.http.get("/settings").cookies  # it lives on from here
    assert SessionRecord.objects.get().seen > long_ago
    assert not browser.http.get("/settings").cookies.get(settings.SESSION_COOKIE_NAME)
