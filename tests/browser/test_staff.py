"""A member of staff: from the link to the tables, at the width of a desk and of a phone."""

import base64
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


@pytest.mark.embedded("the door is the same")
def test_from_the_link_to_the_tables(staffed: Site, open_window: OpenWindow) -> None:
    link = staffed.manage_says("staff_add", "erin", "--role", "operator").split()[-1]
    page: Page = open_window("erin", base_url=staffed.url).page
    page.goto(link)
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
