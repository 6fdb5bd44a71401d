"""Makes docs/images: `bin/screenshots` runs it against a site of its own, with real people on it.

Every page and dialog and some of the admin, at desktop and phone width, light and dark, as WebP;
and conversation.png, the picture of the README.
"""

import base64
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from testkit.browser import people
from testkit.browser.chromium import DESKTOP, PHONE, QUIET, chromium_path
from testkit.running import ROOT, Site, new_site
from tests.browser import chatting, everywhere, staffing
from tests.browser.chatting import bubble, open_chat, write
from tests.browser.test_reporting import report_of

IMAGES = ROOT / "docs/images"
QUALITY = 82  # of WebP: text stays sharp, a page is some 30 kB
SCALE, GALLERY_SCALE = 2, 0.5  # the README's picture is sharp on any screen, the others are small
EARLY_EVENING = "Etc/GMT{:+d}"  # the pictures show the same hour whenever they are made
OTHERS = {
    "Carol": ["The slides are in the folder, have a look when you can.", "Will do tonight 👍"],
    "Dave": ["Football on Saturday? We are still one short."],
    "Erin": ["Thank you for the lovely dinner!", "Any time. Come again soon"],
    "فاطمة": ["وصلت الصور، شكرًا جزيلًا!"],
}
TALK = [
    ("Bob", "Are you at the station yet?"),
    ("Alice", "Two more stops. Shall I bring bread?"),
    ("Bob", "Yes please! And something sweet for the kids, if the bakery still has any"),
    ("Alice", "They had cinnamon buns this morning"),
    ("Alice", "I can also stop at the market. Do we need tomatoes?"),
    ("Bob", "We have plenty from the garden 🍅"),
    ("Bob", "The trail map for Sunday is here, by the way: https://example.org/lake-loop"),
    ("Alice", "Twelve kilometres, perfect. If it rains we do the short one?"),
    ("Bob", "Deal. I'll pack the thermos"),
    ("Alice", "See you in ten minutes!"),
    ("Bob", "❤️"),
]

SPAM = "Your parcel waits. Pay the fee here: https://parcel.example/pay"
ADMIN = {  # what each role is shown of it
    "moderator": {"overview": "", "reports": "reports/", "people": "people/"},
    "operator": {"storage": "storage/", "table": "tables/conversation/"},
    "auditor": {"audit": "audit/"},
}


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    for old in IMAGES.glob("*.webp"):
        old.unlink()
    env = {"LIVE_RATE_FACTOR": "1000", "SITE_NAME": "Chatsite", "ADMIN_URL": "/admin"}
    site = new_site(env).start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=QUIET)
            _show(browser, site)
            browser.close()
    finally:
        site.remove()


def _show(browser: Browser, site: Site) -> None:
    url = site.url
    with _window(browser, url) as alice, _window(browser, url) as bob:
        chatting.newcomer(alice, "Alice")
        bob_is = chatting.newcomer(bob, "Bob")
        for name, words in OTHERS.items():
            with _window(browser, url) as other:
                _befriend(alice, other, name, words)
        chatting.connect(alice, bob, bob_is.name)
        open_chat(alice, "Bob")
        open_chat(bob, "Alice")
        _talk({"Alice": alice, "Bob": bob}, TALK[:6])
        with _window(browser, url) as stranger:
            _sign_up_pages(stranger)
            for name in everywhere.signed_out(stranger):
                _shoot_all(stranger, name)
        chat = alice.url
        _talk({"Alice": alice, "Bob": bob}, TALK[6:])
        _readme_picture(alice, bob)
        for name in everywhere.signed_in(alice, chat):
            _shoot_all(alice, name)
        with _window(browser, url) as mallory:
            _befriend(alice, mallory, "Mallory", [SPAM])
        _report(alice)
    for role, pages in ADMIN.items():
        with _window(browser, url) as staff:
            _admin(staff, site, role, pages)


@contextmanager
def _window(browser: Browser, url: str) -> Iterator[Page]:
    context = browser.new_context(
        base_url=url, viewport=DESKTOP, device_scale_factor=SCALE, reduced_motion="reduce",
        timezone_id=_evening(),
    )  # fmt: skip
    yield context.new_page()
    context.close()


def _evening() -> str:
    """The zone in which it is about half past six now; the signs of Etc/GMT run the other way."""
    offset = 18 - time.gmtime().tm_hour
    offset = offset if offset <= 14 else offset - 24
    return EARLY_EVENING.format(-offset) if offset else "Etc/GMT"


def _befriend(alice: Page, other: Page, name: str, words: list[str]) -> None:
    account = people.Person(f"{'fatima' if not name.isascii() else name.lower()}", name)
    people.sign_up(other, account)
    chatting.connect(alice, other, account.name)
    for page, peer in ((other, "Alice"), (alice, name)):
        open_chat(page, peer)
    for number, line in enumerate(words):
        page = (other, alice)[number % 2]
        write(page, line)
        expect(bubble((alice, other)[number % 2], line)).to_be_visible()


def _talk(pages: dict[str, Page], lines: list[tuple[str, str]]) -> None:
    for who, line in lines:
        write(pages[who], line)
        for page in pages.values():
            expect(bubble(page, line).last).to_be_visible()


def _sign_up_pages(page: Page) -> None:
    page.goto("/sign-up")
    people.fill_details(page, people.somebody("Grace"))
    _shoot_all(page, "sign-up-filled")
    people.press(page, "Continue")
    expect(page.locator("[data-part='show'] .code li")).to_have_count(8)
    _shoot_all(page, "sign-up-code")


def _readme_picture(alice: Page, bob: Page) -> None:
    expect(alice.locator(".thread-presence[data-online]")).to_be_visible()
    chatting.expect_status(alice, "See you in ten minutes!", "Read")
    alice.emulate_media(color_scheme="light")
    alice.set_viewport_size({"width": 1200, "height": 750})
    alice.locator("#message-text").blur()
    alice.mouse.move(0, 0)
    alice.screenshot(path=IMAGES / "conversation.png")


def _report(alice: Page) -> None:
    dialog = report_of(alice, SPAM)
    dialog.get_by_label("What is wrong?").select_option("Spam or fraud")
    _shoot_all(alice, "conversation-report")
    dialog.get_by_role("button", name="Send report").click()
    expect(dialog.get_by_role("heading", name="Your report was sent")).to_be_visible()


def _admin(page: Page, site: Site, role: str, pages: dict[str, str]) -> None:
    staffing.enter(page, site, role)
    for name, path in pages.items():
        page.goto(f"{site.url}/admin/{path}")
        _shoot_all(page, f"admin-{name}")
    if "reports" in pages:
        page.goto(f"{site.url}/admin/reports/")
        page.locator("table a").first.click()
        _shoot_all(page, "admin-report")


def _shoot_all(page: Page, name: str) -> None:
    """Light and dark, at both widths, without loading the page again: what is filled in stays."""
    for width, size in (("desktop", DESKTOP), ("phone", PHONE)):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            _shoot(page, IMAGES / f"{name}-{width}-{scheme}.webp")


def _shoot(page: Page, path: Path) -> None:
    devtools = page.context.new_cdp_session(page)
    clip = {"x": 0, "y": 0, **(page.viewport_size or DESKTOP), "scale": GALLERY_SCALE}
    how = {"format": "webp", "quality": QUALITY, "clip": clip}
    answer = devtools.send("Page.captureScreenshot", how)
    path.write_bytes(base64.b64decode(answer["data"]))
    devtools.detach()


if __name__ == "__main__":
    sys.exit(main())
