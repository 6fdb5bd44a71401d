"""Somebody takes their data along."""

import json
from zipfile import ZipFile

from playwright.sync_api import Page, expect

from tests.browser.chatting import Pair, open_page, write
from tests.browser.readable import serious


def test_somebody_takes_their_data_along(talking: Pair) -> None:
    alice, name = talking.alice, talking.alice_is.name
    write(alice, "one more")
    open_page(alice, "/settings")
    ask(alice, "Download", "not that one")
    expect(alice.get_by_text("That is not your password.")).to_be_visible()
    assert not serious(alice)
    with alice.expect_download() as saved:
        confirm(alice, "Download", talking.alice_is.password)
    with ZipFile(saved.value.path()) as archive:
        account = json.loads(archive.read("account.json"))
        [chat] = [each for each in archive.namelist() if each.startswith("messages/")]
        assert len(json.loads(archive.read(chat))) == 3
    assert account[0]["username"] == name
    expect(alice.get_by_text("Your browser saves the file.")).to_be_visible()


def ask(page: Page, button: str, password: str) -> None:
    page.locator("#my-data").locator("..").get_by_role("button", name=button).click()
    confirm(page, button, password)


def confirm(page: Page, button: str, password: str) -> None:
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Password", exact=True).fill(password)
    dialog.get_by_role("button", name=button, exact=True).click()
