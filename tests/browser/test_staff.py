"""A member of staff, in each role: from the link to every page that the overview leads to."""

import base64
import re
from collections.abc import Iterator
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import pytest
from django_otp.oath import totp
from playwright.sync_api import Page, ViewportSize, expect

import moderation.urls  # noqa: F401 -- its pages register
from moderation.roles import ROLES
from moderation.site import site as admin
from moderation.tables import FIRST_BYTES
from testkit.cast import seeded
from testkit.running import Site
from tests.browser.conftest import OpenWindow
from tests.browser.engine import new_site
from tests.browser.readable import serious

PASSWORD = "a long password of staff"
DESK: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
SEEN: list[tuple[Literal["light", "dark"], ViewportSize]] = [("light", DESK), ("dark", PHONE)]


@pytest.fixture
def staffed() -> Iterator[Site]:
    site = new_site({"ADMIN_URL": "/admin"})
    seeded(site, "alice", "bob", pairs=1)
    site.manage("suspend", "bob", "--for", "2h")
    site.start()
    yield site
    site.remove()


def fill_in(page: Page, **values: str) -> None:
    for name, value in values.items():
        page.locator(f"[name={name}]").fill(value)
    page.locator("[type=submit]").last.click()


def unlock(page: Page) -> None:
    """For one change of factors."""
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()


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
    page.set_viewport_size(PHONE)
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
    unlock(page)
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("There is a passkey of yours already")
    assert not serious(page)
    devtools.send("WebAuthn.removeVirtualAuthenticator", held)
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": device | {"transport": "usb"}})
    page.get_by_label("Name of a new one").fill("key in the drawer")
    page.get_by_role("button", name="Add a passkey").click()
    unlock(page)
    page.get_by_role("button", name="Remove key in the drawer").click()
    expect(page.get_by_role("button", name="Remove")).to_have_count(0)
    page.get_by_role("button", name="Log out").click()
    page.goto(f"{staffed.url}/admin/")
    fill_in(page, username="frank", password=PASSWORD)
    expect(page.get_by_text("Type a code, or use a passkey.")).to_be_visible()


@pytest.mark.embedded("the door is the same")
def test_from_the_link_to_every_page(staffed: Site, open_window: OpenWindow) -> None:
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
    look_at(page, staffed, pages_of("operator"))
    page.goto(f"{staffed.url}/admin/people/")
    page.get_by_role("link", name="alice").click()
    expect(page.get_by_role("heading", name="Devices")).to_be_visible()
    page.goto(f"{staffed.url}/admin/tables/encryption-key/")
    page.get_by_role("link", name="Look").click()
    [sealed] = page.locator(".listing code").all_inner_texts()
    assert len(bytes.fromhex(sealed)) == FIRST_BYTES
    staffed.manage("staff_add", "erin", "--role", "moderator")
    look_at(page, staffed, pages_of("moderator") - pages_of("operator"))
    page.goto(f"{staffed.url}/admin/decisions/")
    page.get_by_role("link", name="bob").click()
    expect(page.get_by_role("button", name="Undo it")).to_be_visible()
    assert_fits(page)
    undo_many(page, staffed)
    staffed.manage("staff_add", "erin", "--role", "auditor")
    look_at(page, staffed, pages_of("auditor") - pages_of("operator"))
    log = staffed.manage_says("verify_audit")
    assert "entries hold" in log


def undo_many(page: Page, staffed: Site) -> None:
    """Asked first, and done to all that were chosen."""
    page.goto(f"{staffed.url}/admin/decisions/")
    page.get_by_label("Choose all 1 of this page").check()
    page.get_by_role("button", name="Undo…").click()
    expect(page.get_by_role("heading", name="Undo 1 decision?")).to_be_visible()
    assert_fits(page)
    page.get_by_role("button", name="Undo 1 decision").click()
    expect(page.get_by_text("1 decision undone.")).to_be_visible()
    expect(page.get_by_text("undone by erin")).to_be_visible()
    assert_fits(page)


def pages_of(role: str) -> set[str]:
    """The overview, and every page that it leads to; a new one is looked at without being named."""
    pages = [page for section in admin.sections.values() for page in section if page.title]
    return {"", *(page.route for page in pages if page.permission in ROLES[role])}


def look_at(page: Page, staffed: Site, paths: set[str]) -> None:
    assert paths
    for path in sorted(paths):
        page.goto(f"{staffed.url}/admin/{path}")
        assert_fits(page)


def assert_fits(page: Page) -> None:
    """For eyes, readers and phones: on a desk in light, on a phone in the dark."""
    for scheme, size in SEEN:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(size)
        assert not serious(page), (page.url, scheme)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, (page.url, scheme)
