"""Who gets which page; what people do on them is in tests/browser/test_accounts.py."""

import re
from typing import Any

import pytest
from django.test import Client, override_settings

from accounts.models import Factor
from e2ee.records import FACTOR_CODE
from tests.accounts.people import Browser, Person

PUBLIC = ["/", "/sign-up", "/sign-in", "/reset", "/help"]


@pytest.fixture
def stranger(db: None) -> Client:
    return Client()


@pytest.mark.parametrize("path", PUBLIC)
def test_a_stranger_sees_the_public_pages(stranger: Client, path: str) -> None:
    assert stranger.get(path).status_code == 200


@pytest.mark.parametrize("path", PUBLIC)
def test_pages_take_nothing(stranger: Client, path: str) -> None:
    assert stranger.post(path, {"password": "x"}).status_code in (403, 405)


@pytest.mark.parametrize("path", ["/sign-up", "/sign-in"])
def test_no_field_has_a_name_under_which_it_could_leave(stranger: Client, path: str) -> None:
    page = stranger.get(path).content.decode()
    fields = [tag.split(">")[0] for tag in page.split("<input")[1:]]
    assert any('type="password"' in field for field in fields)
    assert not [field for field in fields if " name=" in field]
    form = page.split("<recovery-code")[0]  # its gaps are there only when a script has run
    sends = re.findall(r"<button[^>]*type=\"submit\"[^>]*>", form)
    assert sends
    assert all("disabled" in button for button in sends)


def test_settings_are_for_people_with_a_session(stranger: Client, browser: Browser) -> None:
    answer = stranger.get("/settings?a=1")
    assert answer.status_code == 302
    assert answer["Location"] == "/sign-in?next=%2Fsettings%3Fa%3D1"
    assert browser.http.get("/settings").status_code == 200


def test_settings_show_ones_own_name_and_nobody_elses(browser: Browser, mallory: Person) -> None:
    page = browser.http.get("/settings").content.decode()
    other = mallory.browsers[0].http.get("/settings").content.decode()
    assert "alice" in page
    assert "alice" not in other


def test_the_start_page_leads_on_who_is_signed_in(browser: Browser) -> None:
    answer = browser.http.get("/")
    assert (answer.status_code, answer["Location"]) == (302, "/chats")


def test_sign_in_knows_a_session_whose_browser_lost_its_keys(
    stranger: Client, browser: Browser
) -> None:
    assert b"data-session" in browser.http.get("/sign-in").content
    assert b"data-session" not in stranger.get("/sign-in").content


def test_sign_in_names_the_device_that_this_browser_was(
    stranger: Client, alice: Person, browser: Browser
) -> None:
    """Its keys may be lost; then the next sign-in strikes it off."""
    mine = f'data-lost="{browser.keys.id.hex()}"'
    assert mine in browser.http.get("/sign-in").content.decode()
    assert "data-lost" not in stranger.get("/sign-in").content.decode()
    fresh, _ = alice.sign_in()
    assert 'data-lost=""' in fresh.http.get("/sign-in").content.decode()


def test_settings_say_when_the_code_was_made(alice: Person, browser: Browser) -> None:
    Factor.objects.filter(type=FACTOR_CODE).update(made=1_000_000_000_000)
    page = browser.http.get("/settings").content.decode()
    assert 'Made on <time datetime="2001-09-09T01:46:40+00:00">2001-09-09</time>.' in page


def test_help_says_that_a_lost_account_can_be_reset(stranger: Client) -> None:
    page = stranger.get("/help").content.decode()
    assert '<a href="/reset">reset</a>' in page
    assert "confirmed an address" not in page
    with override_settings(MAIL=True):
        assert b"confirmed an address" in stranger.get("/help").content


@pytest.mark.parametrize("language", ["en", "de"])
def test_each_language_stands_under_its_own_name(browser: Browser, language: str) -> None:
    browser.http.cookies["language"] = language
    page = browser.http.get("/settings").content.decode()
    assert f'<html lang="{language}"' in page
    for name in ("English", "Deutsch"):
        assert f">{name}</button>" in page


def test_an_address_is_asked_for_where_mail_is_sent(browser: Browser) -> None:
    assert b"<email-address" not in browser.http.get("/settings").content
    with override_settings(MAIL=True):
        assert b"<email-address" in browser.http.get("/settings").content
        assert b"Send the link" in browser.http.get("/reset").content


def test_the_theme_is_the_one_of_the_cookie(stranger: Client) -> None:
    assert b'data-theme=""' in stranger.get("/").content
    stranger.cookies["theme"] = 'dark"><script>'
    assert b"dark&quot;&gt;&lt;script&gt;" in stranger.get("/").content
    stranger.cookies["theme"] = "dark"
    assert b'data-theme="dark"' in stranger.get("/").content


def test_the_manifest_names_the_site(stranger: Client) -> None:
    manifest = stranger.get("/site.webmanifest").json()
    assert manifest["start_url"] == "/chats"
    assert stranger.get("/site.webmanifest")["Content-Type"] == "application/manifest+json"


@pytest.mark.parametrize(("days", "words"), [
    (0, None), (1, "keeps messages for 1 day."), (30, "keeps messages for 30 days."),
])  # fmt: skip
def test_people_read_for_how_long_messages_are_kept(
    stranger: Client, browser: Browser, settings: Any, days: int, words: str | None
) -> None:
    settings.MESSAGE_RETENTION_DAYS = days
    for page in (stranger.get("/"), stranger.get("/help"), browser.http.get("/settings")):
        text = page.content.decode()
        assert words in text if words else "keeps messages" not in text
