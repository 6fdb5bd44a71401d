"""Files from one person's composer to the other's browser: decrypted bytes, and whose they are."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import chatting, made_pictures, readymade
from tests.browser.chatting import Pair, composer, open_chat
from tests.browser.conftest import OpenWindow
from tests.browser.received import opened, with_files
from tests.browser.test_attaching import items, pick, ready, sheet
from tests.browser.test_preparing import tells

pytestmark = pytest.mark.files


def send(page: Page, count: int, caption: str = "") -> None:
    ready(page, count)
    if caption:
        sheet(page).get_by_label("Caption").fill(caption)
    sheet(page).get_by_role("button", name="Send", exact=True).click()
    expect(sheet(page)).to_be_hidden()


@pytest.mark.engine
def test_an_album_arrives_clean_in_its_order_with_its_words(pair: Pair) -> None:
    alice, bob = pair.alice, pair.bob
    empty: tuple[str, bytes] = ("empty.txt", b"")
    pick(
        alice,
        ("photo.jpg", made_pictures.photo(alice, 6)),
        ("cat.gif", made_pictures.moving_gif()),
        empty,
    )
    ready(alice, 3)
    items(alice).first.get_by_label("Description").fill("Four colours")
    alice.get_by_role("button", name="Move cat.gif up").click()
    send(alice, 3, "From the lake")
    (content,) = with_files(bob)
    cat, photo, nothing = content["att"]
    assert content["body"] == "From the lake"
    assert [each["name"] for each in content["att"]] == ["cat.gif", "photo.jpg", "empty.txt"]
    assert (photo["mime"], photo["w"], photo["h"], photo["alt"]) == (
        "image/jpeg",
        96,
        64,
        "Four colours",
    )
    for entry in (cat, photo):
        assert not tells(opened(bob, entry))
        assert not tells(opened(bob, entry["thumb"], "thumb"))
        assert entry["thumb"]["size"] <= 32 * 1024
    assert opened(bob, nothing) == b""
    expect(composer(alice)).to_have_value("")
    expect(alice.locator("[data-part='waiting']")).to_be_hidden()


def test_the_original_arrives_whole_where_it_was_asked_for(pair: Pair) -> None:
    data = made_pictures.photo(pair.alice)
    pick(pair.alice, ("photo.jpg", data))
    ready(pair.alice, 1)
    sheet(pair.alice).get_by_label("Send the original").check()
    send(pair.alice, 1)
    (content,) = with_files(pair.bob)
    assert opened(pair.bob, content["att"][0]) == data


def test_files_go_where_they_were_picked_while_another_chat_is_opened(
    open_window: OpenWindow,
) -> None:
    pages: list[Any] = [open_window(name).page for name in ("alice", "bob", "carol")]
    alice, bob, carol = pages
    people = readymade.make((alice, "Alice"), (bob, "Bob"), (carol, "Carol"))
    chats = [readymade.connect(people[0], other) for other in people[1:]]
    for page, address in ((alice, chats[0]), (bob, chats[0]), (carol, chats[1])):
        chatting.open_page(page, address)
        expect(composer(page)).to_be_enabled()
    pick(alice, *[(f"{number}.bin", bytes([number]) * 3_000_000) for number in range(3)])
    send(alice, 3, "for Bob alone")
    open_chat(alice, "Carol")
    expect(composer(alice)).to_have_value("")
    expect(alice.locator("[data-part='waiting']")).to_be_hidden()
    pick(alice, ("for Carol.txt", b"hello"))
    send(alice, 1)
    (content,) = with_files(carol)
    assert [each["name"] for each in content["att"]] == ["for Carol.txt"]
    (content,) = with_files(bob)
    assert content["body"] == "for Bob alone"
    assert [opened(bob, each)[:2] for each in content["att"]] == [b"\0\0", b"\1\1", b"\2\2"]


def test_a_sealing_that_is_stopped_puts_everything_back(pair: Pair, tmp_path: Path) -> None:
    page = pair.alice
    (tmp_path / "big.bin").write_bytes(bytes(400_000_000))
    page.locator("chat-attach input[data-part='files']").set_input_files(tmp_path / "big.bin")
    send(page, 1, "the film")
    page.locator("[data-part='going']").get_by_role("button", name="Cancel").click()
    expect(items(page)).to_have_count(1)
    expect(sheet(page).get_by_label("Caption")).to_have_value("the film")
    expect(sheet(page).get_by_role("alert")).to_be_hidden()
    (tmp_path / "big.bin").write_bytes(b"somebody saved it once more")
    sheet(page).get_by_role("button", name="Send", exact=True).click()
    expect(items(page)).to_contain_text("This file cannot be read any more")
    expect(sheet(page)).not_to_contain_text("Reload")
    page.keyboard.press("Escape")
    expect(composer(page)).to_have_value("the film")
