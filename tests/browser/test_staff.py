"""A member of staff: from the link to the tables, at the width of a desk and of a phone."""

import base64
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from django_otp.oath import totp
from playwright.sync_api import Page, expect

from moderation.tables import FIRST_BYTES
from testkit.cast import seeded
from testkit.running import Site
from tests.browser.conftest import OpenWindow
from tests.browser.engine import new_site
from tests.browser.readable import serious

PASSWORD = "a long password of staff"
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def staffed() -> Iterator[Site]:
    site = new_site({"ADMIN_URL": "/admin"})
    seeded(site, "alice", "bob", pairs=1)
    site.start()
    yield site
    site.remove()


def fill_in(page: Page, **values: str) -> None:
    for name, value in values.items():
        page.locator(f"[name={name}]").fill(value)
    page.locator("[type=submit]").last.click()


def open_link(page: Page, staffed: Site, name: str) -> None:
    """By what the terminal prints: the link, and the code beside it."""
    printed = staffed.manage_says("staff_add", name, "--role", "operator")
    [told] = re.findall("than the link: (.+)", printed)
    page.goto(printed.split()[-1])
    fill_in(page, told=told)


@pytest.mark.embedded("the door is the same")
def test_a_passkey_opens_the_admin(staffed: Site, open_window: OpenWindow) -> None:
    """Made at the link with the keyboard, used at the sign-in, joined by another, and removed."""
    page: Page = open_window("frank", base_url=staffed.url).page
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    device = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True}
    device |= {"hasUserVerification": True, "isUserVerified": True}
    held = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": device})
    open_link(page, staffed, "frank")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=again]").fill(PASSWORD)
    page.get_by_role("button", name="Make a passkey").focus()
    assert not serious(page)
    page.keyboard.press("Enter")
    page.get_by_role("link", name="sign in").click()
    page.locator("[name=username]").fill("frank")
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_role("link", name="Factors").click()
    expect(page.get_by_text("this session was opened with it")).to_be_visible()
    expect(page.get_by_role("button", name="Remove")).to_have_count(0)
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("There is a passkey of yours already")
    assert not serious(page)
    devtools.send("WebAuthn.removeVirtualAuthenticator", held)
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": device | {"transport": "usb"}})
    page.get_by_label("Name of a new one").fill("key in the drawer")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("button", name="Remove key in the drawer").click()
    expect(page.get_by_role("button", name="Remove")).to_have_count(0)
    page.get_by_role("button", name="Log out").click()
    page.goto(f"{staffed.url}/admin/")
    fill_in(page, username="frank", password=PASSWORD)
    expect(page.get_by_text("Type a code, or use a passkey.")).to_be_visible()


@pytest.mark.embedded("the door is the same")
def test_from_the_link_to_the_tables(staffed: Site, open_window: OpenWindow) -> None:
    page: Page = open_window("erin", base_url=staffed.url).page
    open_link(page, staffed, "erin")
    expect(page.locator("#qr svg")).to_be_visible()
    assert "#" not in page.url
    address = page.locator("#qr").get_attribute("data-address") or ""
    [secret] = parse_qs(urlsplit(address).query)["secret"]
    assert not serious(page)
    code = f"{totp(base64.b32decode(secret)):06}"
    fill_in(page, password=PASSWORD, again=PASSWORD, code=code)
    codes = page.locator(".codes code").all_inner_texts()
    assert len(codes) == 10
    page.get_by_role("link", name="sign in").click()
    assert not serious(page)
    fill_in(page, username="erin", password=PASSWORD, code=codes[0])
    expect(page.get_by_role("heading", name="Tables")).to_be_visible()
    for scheme, size in (("light", None), ("dark", PHONE)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        if size:
            page.set_viewport_size(size)  # type: ignore[arg-type]
        for path in ("", "people/", "storage/", "tables/user/", "tables/conversation/"):
            page.goto(f"{staffed.url}/admin/{path}")
            assert not serious(page), (path, scheme)
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, (path, scheme)
    page.goto(f"{staffed.url}/admin/people/")
    page.get_by_role("link", name="alice").click()
    expect(page.get_by_role("heading", name="Devices")).to_be_visible()
    page.goto(f"{staffed.url}/admin/tables/encryption-key/")
    page.get_by_role("link", name="Look").click()
    [sealed] = page.locator(".listing code").all_inner_texts()
    assert len(bytes.fromhex(sealed)) == FIRST_BYTES
    log = staffed.manage_says("verify_audit")
    assert "entries hold" in log
