"""Every page of the site and every dialog on it, in whatever language, theme and direction."""

import re
from collections.abc import Callable, Iterator

from playwright.sync_api import Page, expect

from tests.browser import made_pictures
from tests.browser.chatting import SLOW_MS, open_page

SIGNED_OUT = {
    "landing": "/",
    "sign-up": "/sign-up",
    "sign-in": "/sign-in",
    "recovery": "/sign-in#code",
    "reset": "/reset",
    "invite": "/invite#none",
    "help": "/help",
    "not-found": "/nothing-here",
}
SIGNED_IN = {
    "chats": "/chats",
    "people": "/people",
    "settings": "/settings",
    "decisions": "/decisions",
}
ELSEWHERE = {"suspended": "/suspended"}  # test_deciding.py: nobody else has that page


def signed_out(page: Page) -> Iterator[str]:
    """Goes to each page in turn and gives its name."""
    for name, address in SIGNED_OUT.items():
        page.goto("about:blank")  # or two addresses that differ behind # were one load
        page.goto(address)
        expect(page.locator("h1:visible")).to_have_count(1)
        yield name


def signed_in(page: Page, chat: str) -> Iterator[str]:
    """As signed_out, for somebody who has the conversation `chat` (its address)."""
    for name, address in SIGNED_IN.items():
        (_open_settings if name == "settings" else open_page)(page, address)
        yield name
        yield from _dialogs(page, name)
    open_page(page, chat)
    expect(page.locator(".message").last).to_be_visible()
    _with_a_picture(page)
    yield "conversation"
    yield from _dialogs(page, "conversation")


def _open_settings(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("device-list:not([aria-busy]) li.device").first).to_be_visible()


def _dialogs(page: Page, name: str) -> Iterator[str]:
    for dialog, opened in DIALOGS.get(name, {}).items():
        opened(page)
        yield f"{name}-{dialog}"
        if dialog == "sheet":  # or the page would ask before it is left
            page.locator(".attach-sheet [data-act='discard']").click()
        else:
            page.keyboard.press("Escape")
        expect(page.locator("dialog[open], [popover]:popover-open")).to_have_count(0)


def _press(selector: str) -> Callable[[Page], None]:
    return lambda page: page.locator(selector).click()


def _choose(act: str) -> Callable[[Page], None]:
    """From the menu of the conversation."""

    def choose(page: Page) -> None:
        page.locator("[popovertarget='thread-menu']").click()
        page.locator(f"#thread-menu [data-act='{act}']").click()
        expect(page.locator("dialog[open]")).to_be_visible()

    return choose


def _invite(page: Page) -> None:
    """One is open: so many are made in a run that the site would refuse more."""
    links = page.locator("people-invite")
    expect(links.locator("[data-part='no-links']:visible, li:visible").first).to_be_visible()
    if links.locator("li").count() == 0:
        _press("[data-act='make']")(page)
    expect(links.locator("li").first).to_be_visible()


def _withdraw(page: Page) -> None:
    page.locator("people-invite li button").first.click()
    expect(page.locator("dialog[open]")).to_be_visible()


def _verify(page: Page) -> None:
    _choose("verify-number")(page)
    expect(page.locator("dialog.verify")).to_contain_text(re.compile(r"\d{5}"))


def _with_a_picture(page: Page) -> None:
    """One is enough for a whole run."""
    if page.locator(".tile").count():
        return
    _sheet(page)
    page.locator(".attach-sheet [data-part='caption']").fill("🌄")
    page.locator(".attach-sheet [data-act='send']:enabled").click()
    expect(page.locator(".tile img[src^='blob:']").last).to_be_visible(timeout=SLOW_MS)
    expect(page.locator(".message-upload:visible")).to_have_count(0, timeout=SLOW_MS)


def _sheet(page: Page) -> None:
    data = made_pictures.landscape(page)
    files = [
        {"name": "lake.jpg", "mimeType": "image/jpeg", "buffer": data},
        {"name": "Trail map for Sunday.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"},
    ]
    page.locator("chat-attach input[data-part='files']").set_input_files(files)  # type: ignore[arg-type]
    expect(page.locator(".attach-sheet [data-act='send']:enabled")).to_be_visible()


def _viewer(page: Page) -> None:
    page.locator(".tile-open").last.click()
    expect(page.locator("dialog.viewer img:not([data-preview])")).to_be_visible()
    expect(page.locator("dialog.viewer [data-part='notice']")).to_be_hidden()


def _panel(page: Page) -> None:
    _choose("media")(page)
    expect(page.locator("dialog.shared .tile img[src^='blob:']").first).to_be_visible()


DIALOGS: dict[str, dict[str, Callable[[Page], None]]] = {
    "people": {"invite": _invite, "withdraw": _withdraw},
    "settings": {
        "password": _press("[data-open='change-password']"),
        "code": _press("[data-open='renew-code']"),
        "check": _press("[data-check-code]"),
        "leave": _press("[data-open='leave-dialog']"),
    },
    "conversation": {
        "menu": _press("[popovertarget='thread-menu']"),
        "attach": _press("[popovertarget='attach-menu']"),
        "name": _choose("rename"),
        "verify": _verify,
        "viewer": _viewer,
        "media": _panel,
        "sheet": _sheet,
    },
}
