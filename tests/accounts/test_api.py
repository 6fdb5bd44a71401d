"""The edge: who may knock at all, and what every refusal looks like."""

import secrets

import pytest
from django.conf import settings
from django.test import RequestFactory

from accounts import protocol, rates
from accounts.api import Need, api
from accounts.protocol import Done
from chatsite.edge import limits
from chatsite.edge.endpoints import BODY_MAX, by_method, public
from chatsite.edge.refusals import Refusal
from chatsite.edge.wire import encoder
from chatsite.running.clock import now_ms
from tests.accounts.people import CSRF, Browser, Person

pytestmark = pytest.mark.django_db

START = encoder.encode(protocol.Start(name="alice"))


def test_a_write_from_another_site_is_refused(db: None):
    browser = Browser()
    assert browser.send("POST", "/api/start", START, {}).status == 200
    for origin in ("https://evil.example", "null", settings.SITE_URL + ".evil.example"):
        assert browser.send("POST", "/api/start", START, {"Origin": origin}).status == 403
    del browser.http.cookies[settings.CSRF_COOKIE_NAME]
    bare = browser.http.post("/api/start", START, "application/json", headers={"X-CSRFToken": CSRF})
    assert bare.status_code == 403


def test_a_write_without_origin_is_refused(db: None):
    browser = Browser()
    bare = browser.http.post("/api/start", START, "application/json", headers={"X-CSRFToken": CSRF})
    assert bare.status_code == 403
    assert bare.json()["code"] == "origin"


def test_a_write_without_csrf_token_is_refused(db: None):
    assert Browser().send("POST", "/api/start", START, {"X-CSRFToken": ""}).status == 403


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"name":1}',
        b'{"name":"a","x":1}',
        b'{"name":"' + b"x" * 200 + b'"}',
    ],
)
def test_bodies_of_another_form(db: None, raw: bytes):
    answer = Browser().send("POST", "/api/start", raw, {})
    assert (answer.status, answer.code) == (400, "bad_body")
    assert b"x" not in answer.raw or b"xxx" not in answer.raw


def test_bodies_beyond_the_limit(db: None):
    answer = Browser().send("POST", "/api/start", b" " * BODY_MAX + START, {})
    assert (answer.status, answer.code) == (413, "too_big")
    padded = START + b" " * (BODY_MAX - len(START))
    assert Browser().send("POST", "/api/start", padded, {}).status == 200


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/start"), ("PUT", "/api/links")])
def test_other_methods(db: None, method: str, path: str):
    assert Browser().send(method, path, b"", {}).status == 405


def test_answers_are_not_stored(db: None):
    answer = Browser().send("POST", "/api/start", START, {})
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "application/json"


def test_an_address_may_ask_so_often(db: None):
    for _ in range(rates.START.count - 2):
        limits.take(rates.START, "127.0.0.1", now_ms())
    codes = [Browser().send("POST", "/api/start", START, {}).status for _ in range(3)]
    assert codes == [200, 200, 429]


@public("GET", limit=limits.Limit("test", 1, 60))
async def greet(request, name: str = "you") -> protocol.SignUpStart:
    if name == "nobody":
        raise Refusal(404, "unknown", "Nobody.")
    return protocol.SignUpStart(name=name)


@api("POST", need=Need.PROOF, body=Done)
async def write(request, who, body: Done) -> Done:
    return body


@public("PUT")
def plain(request) -> Done:
    return Done()


def test_views_may_be_asynchronous():
    view = by_method(GET=greet, PUT=plain)
    request = RequestFactory().get("/")
    answer = view(request, name="bob")
    assert (answer.status_code, answer.content) == (200, b'{"name":"bob"}')
    assert view(request, name="bob").status_code == 429
    origin = {"Origin": settings.SITE_URL}
    assert view(RequestFactory().put("/", headers=origin)).content == b"{}"
    assert view(RequestFactory().delete("/")).status_code == 405


def test_asynchronous_refusals():
    answer = greet(RequestFactory(REMOTE_ADDR="::1").get("/"), name="nobody")
    assert answer.status_code == 404
    assert b"unknown" in answer.content


def test_asynchronous_views_ask_for_the_same_proof():
    alice = Person("alice")
    alice.sign_up()
    browser = alice.browsers[0]
    request = RequestFactory().post(
        "/api/x", b"{}", "application/json", headers={"Origin": settings.SITE_URL}
    )
    request.session = browser.http.session
    assert write(request).status_code == 403
    proof = browser.proof("POST", "/api/x", b"{}")
    request.META["HTTP_X_DEVICE_PROOF"] = proof
    del request.headers
    assert write(request).status_code == 200


def test_malformed_records_are_named_but_not_quoted(alice: Person, browser: Browser):
    secret = secrets.token_bytes(100)
    answer = browser.call("POST", "/api/links", protocol.NewLink(link=secret))
    assert (answer.status, answer.code) == (400, "refused")
