"""Somebody takes their data along and deletes their account; the other keeps what they have."""

import json
import re
from pathlib import Path
from zipfile import ZipFile

from playwright.sync_api import Locator, Page, expect

from tests.browser.chatting import SLOW_MS, Pair, bubble, composer, open_page, write
from tests.browser.readable import serious


def test_somebody_takes_their_data_along_and_goes(talking: Pair) -> None:
    alice, bob, password = talking.alice, talking.bob, talking.alice_is.password
    write(alice, "one more")
    expect(bubble(bob, "one more")).to_be_visible()
    open_page(alice, "/settings")
    part(alice).get_by_role("button", name="Download").click()
    confirm(alice, "Download", "not that one")
    expect(alice.get_by_text("That is not your password.")).to_be_visible()
    assert not serious(alice)
    with alice.expect_download() as saved:
        confirm(alice, "Download", password)
    check_archive(saved.value.path(), talking.alice_is.name)
    alice.get_by_role("dialog").get_by_role("button", name="Close").click()

    part(alice).get_by_role("button", name="Delete account").click()
    alice.get_by_label("Delete what I sent, too").check()
    assert not serious(alice)
    confirm(alice, "Delete my account", password)
    expect(alice.get_by_text("Your account is deleted.")).to_be_visible(timeout=SLOW_MS)
    expect(alice.get_by_text("Messages of yours deleted: 2")).to_be_visible()
    assert not serious(alice)
    with alice.expect_download() as saved:
        alice.get_by_role("button", name="Save the receipt").click()
    assert "Receipt: " in saved.value.path().read_text()
    assert alice.evaluate("async () => (await indexedDB.databases()).length") == 0
    alice.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(alice).to_have_url(re.compile("/$"))

    expect(bob.get_by_text("This account was deleted.")).to_be_visible(timeout=SLOW_MS)
    expect(bob.get_by_role("heading", name="Deleted account")).to_be_visible()
    expect(bubble(bob, "one more")).to_be_visible()
    expect(composer(bob)).to_be_hidden()
    assert not serious(bob)


def part(page: Page) -> Locator:
    return page.get_by_role("region", name="Your data")


def confirm(page: Page, button: str, password: str) -> None:
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Password", exact=True).fill(password)
    dialog.get_by_role("button", name=button, exact=True).click()


def check_archive(path: Path, name: str) -> None:
    with ZipFile(path) as archive:
        account = json.loads(archive.read("account.json"))
        [chat] = [each for each in archive.namelist() if each.startswith("messages/")]
        assert len(json.loads(archive.read(chat))) == 3
    assert account[0]["username"] == name
