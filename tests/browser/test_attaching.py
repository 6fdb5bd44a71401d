"""Files in the composer: picked, dropped, pasted, looked at, kept with their chat."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from testkit.browser.chromium import DESKTOP, PHONE
from testkit.running import Site
from tests.browser import chatting, made_pictures, readymade
from tests.browser.chatting import composer, open_chat, open_page
from tests.browser.conftest import OpenWindow, Window
from tests.browser.engine import new_site
from tests.browser.readable import serious
from tests.browser.received import with_files
from tests.browser.test_layouts import spills

PASTE = """([text, html, name, base64]) => {
  const data = new DataTransfer();
  if (text) data.setData("text/plain", text);
  if (html) data.setData("text/html", html);
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  data.items.add(new File([bytes], name, {type: "image/png"}));
  const event = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
  return document.querySelector("#message-text").dispatchEvent(event);
}"""
ASKS_BEFORE_LEAVING = "() => !dispatchEvent(new Event('beforeunload', {cancelable: true}))"
PIXEL = (  # a PNG of one
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture(scope="module")
def window(browser: Browser, site: Site) -> Iterator[Window]:
    """Alice with two chats."""
    settings: dict[str, Any] = {"base_url": site.url, "viewport": DESKTOP}
    windows = [Window(browser.new_context(**settings), name) for name in ("alice", "bob", "carol")]
    pages = [(window.page, window.name.title()) for window in windows]
    alice, bob, carol = readymade.make(*pages)
    for other in (bob, carol):
        readymade.connect(alice, other)
    # Of a page that is left with files that are not sent yet.
    windows[0].page.on("dialog", lambda dialog: dialog.accept())
    yield windows[0]
    complaints = [text for each in windows for text in each.complaints]
    for each in windows:
        each.context.close()
    assert not complaints


@pytest.fixture
def page(window: Window) -> Iterator[Page]:
    page = window.page
    open_page(page, "/chats")
    open_chat(page, "Bob")
    yield page
    page.set_viewport_size(DESKTOP)
    page.emulate_media(color_scheme="light")


def sheet(page: Page) -> Locator:
    return page.locator("dialog.attach-sheet")


def items(page: Page) -> Locator:
    return sheet(page).locator(".attach-item")


def pick(page: Page, *files: tuple[str, bytes]) -> None:
    chosen: Any = [{"name": name, "mimeType": "", "buffer": data} for name, data in files]
    page.locator("chat-attach input[data-part='files']").set_input_files(chosen)
    expect(sheet(page)).to_be_visible()


def ready(page: Page, count: int) -> None:
    expect(items(page)).to_have_count(count)
    expect(sheet(page).locator("[data-part='progress']")).to_have_text("Everything is ready.")


def test_the_menu_opens_what_picks(page: Page) -> None:
    """A phone has its camera there, too."""
    for name, many in (("Pictures and videos", True), ("File", True)):
        page.get_by_role("button", name="Attach pictures or files").click()
        with page.expect_file_chooser() as chosen:
            page.locator("#attach-menu").get_by_role("button", name=name).click()
        assert chosen.value.is_multiple() is many
    expect(page.locator("#attach-menu [data-pick='camera']")).to_be_hidden()
    assert page.locator("input[data-part='camera']").get_attribute("capture") == "environment"


def test_a_file_stays_with_the_chat_where_it_was_picked(page: Page) -> None:
    composer(page).fill("for Bob")
    pick(page, ("one.jpg", made_pictures.photo(page)), ("two.txt", b"two"))
    ready(page, 2)
    expect(sheet(page).get_by_role("heading", name="Send to Bob")).to_be_visible()
    page.keyboard.press("Escape")
    waiting = page.locator("[data-part='waiting']")
    expect(waiting).to_contain_text("2 files are not sent yet.")
    page.locator("chat-list").get_by_role("link", name="Carol").click()
    expect(page.locator("chat-thread").get_by_role("heading", name="Carol")).to_be_visible()
    expect(composer(page)).to_be_enabled()
    expect(waiting).to_be_hidden()
    expect(composer(page)).to_have_value("")
    page.go_back()
    expect(waiting).to_contain_text("2 files are not sent yet.")
    waiting.get_by_role("button").click()
    expect(items(page)).to_have_count(2)
    expect(sheet(page).get_by_label("Caption")).to_have_value("for Bob")
    page.go_back()  # with the sheet open: it closes, and nothing goes with it
    expect(sheet(page)).to_be_hidden()


def test_the_sheet_by_keys_alone(page: Page) -> None:
    pick(page, ("a.txt", b"a"), ("b.txt", b"b"), ("c.txt", b""))
    ready(page, 3)
    expect(sheet(page).get_by_label("Caption")).to_be_focused()  # who has keys goes on writing
    page.get_by_role("button", name="Move b.txt up").press("Enter")
    names = items(page).get_by_label("Name of the file")
    expect(names.nth(0)).to_have_value("b")
    expect(page.get_by_role("button", name="Move b.txt down")).to_be_focused()
    page.get_by_role("button", name="Remove a.txt").press("Enter")
    expect(page.get_by_role("button", name="Remove c.txt")).to_be_focused()
    expect(items(page).nth(1)).to_contain_text("0 bytes")
    for _ in range(30):
        page.keyboard.press("Tab")
        assert page.evaluate(
            """() => Boolean(document.activeElement.closest("dialog"))
              || document.activeElement === document.body"""
        )
    page.keyboard.press("Escape")
    expect(sheet(page)).to_be_hidden()
    expect(page).to_have_url(page.url)
    expect(composer(page)).to_be_visible()


def test_names_are_cleaned_and_can_be_changed(page: Page) -> None:
    pick(page, ("invoice\u202efdp.exe", b"MZ"), ("🦊" * 900 + ".png", b"no picture"))
    ready(page, 2)
    first = items(page).first
    expect(first.get_by_label("Name of the file")).to_have_value("invoicefdp")
    expect(first.locator("bdi")).to_have_text(".exe")
    first.get_by_label("Name of the file").fill("the\u202ebill")
    expect(page.get_by_role("button", name="Remove thebill.exe")).to_be_visible()
    foxes = items(page).nth(1).get_by_label("Name of the file").input_value()
    assert set(foxes) == {"🦊"}
    assert len(foxes.encode()) <= 255


def test_what_is_shown_are_the_bytes_that_go(page: Page) -> None:
    """Also the original, which says what is in it."""
    pick(page, ("photo.jpg", made_pictures.photo(page, 6, (3000, 2000))))
    ready(page, 1)
    picture = sheet(page).locator(".attach-preview img")
    natural = "one => one.decode().then(() => [one.naturalWidth, one.naturalHeight])"
    assert picture.evaluate(natural) == [2560, 1707]
    sheet(page).get_by_label("Send the original").check()
    expect(sheet(page)).to_contain_text("also the place where it was taken")
    ready(page, 1)
    assert picture.evaluate(natural) == [3000, 2000]
    expect(items(page)).to_contain_text("3000 × 2000")


def test_a_picture_that_cannot_be_read_leaves_a_choice(page: Page) -> None:
    pick(page, ("IMG_1.HEIC", made_pictures.heic()), ("huge.png", made_pictures.bomb()))
    expect(items(page).first).to_contain_text("This browser cannot read this picture")
    expect(items(page).nth(1)).to_contain_text("too large to be shown")
    send = sheet(page).get_by_role("button", name="Send", exact=True)
    expect(send).to_be_disabled()
    why = sheet(page).get_by_role("alert")
    expect(why).to_have_text("2 files cannot go like this. See what they say.")
    expect(sheet(page).locator("[data-part='progress']")).to_have_text("")
    items(page).nth(1).get_by_role("button", name="Leave it out").click()
    items(page).first.get_by_role("button", name="Send as a file").click()
    ready(page, 1)
    expect(items(page)).to_contain_text("It may tell the place")
    expect(send).to_be_enabled()
    expect(why).to_be_hidden()


def test_ten_go_at_once_and_the_rest_is_told(page: Page) -> None:
    pick(page, *[(f"{number}.txt", b"x") for number in range(12)])
    ready(page, 10)
    expect(sheet(page).get_by_role("alert")).to_contain_text("2 found no place")
    assert page.evaluate(ASKS_BEFORE_LEAVING)
    sheet(page).get_by_role("button", name="Discard").click()
    expect(sheet(page)).to_be_hidden()
    assert not page.evaluate(ASKS_BEFORE_LEAVING)
    expect(page.locator("[data-part='waiting']")).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    ready(page, 10)


def test_words_win_over_a_picture_of_them(page: Page) -> None:
    assert page.evaluate(PASTE, ["1\t2\n3\t4", "<table></table>", "image.png", PIXEL])
    expect(sheet(page)).to_be_hidden()
    page.get_by_role("button", name="Paste as picture").click()
    ready(page, 1)
    page.keyboard.press("Escape")


def test_a_picture_alone_is_attached(page: Page) -> None:
    assert not page.evaluate(PASTE, ["", "<img src='x'>", "image.png", PIXEL])
    ready(page, 1)
    expect(items(page).locator("img")).to_be_visible()


def drag(page: Page, *paths: Path, over: str = ".thread-scroll") -> None:
    """As from a file manager."""
    box = page.locator(over).bounding_box()
    assert box
    devtools = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2, "data": data}
    for kind in ("dragEnter", "dragOver"):
        devtools.send("Input.dispatchDragEvent", {"type": kind, **at})
    if over == ".thread-scroll":
        expect(page.locator(".drop-over")).to_contain_text("send them to Bob")
    devtools.send("Input.dispatchDragEvent", {"type": "drop", **at})
    expect(page.locator(".drop-over")).to_be_hidden()
    devtools.detach()


def test_files_are_dropped_and_beside_the_chat_nothing_happens(page: Page, tmp_path: Path) -> None:
    paths = [tmp_path / "a.txt", tmp_path / "b.txt"]
    for path in paths:
        path.write_text("words")
    drag(page, *paths, over="chat-list")
    expect(sheet(page)).to_be_hidden()
    assert "/chats/" in page.url
    drag(page, *paths)
    ready(page, 2)


def test_a_dropped_folder_asks_once(page: Page, tmp_path: Path) -> None:
    folder = tmp_path / "Holiday"
    (folder / "inner").mkdir(parents=True)
    for number in range(12):
        (folder / ("inner" if number % 2 else ".") / f"{number}.txt").write_text("words")
    asked = page.locator("dialog[data-part='folder']")
    drag(page, folder)
    expect(asked).to_contain_text("12 files are in it. 10 of them go in one message.")
    asked.get_by_role("button", name="Add nothing").click()
    expect(sheet(page)).to_be_hidden()
    drag(page, folder)
    asked.get_by_role("button", name="Add 10 files").click()
    ready(page, 10)


@pytest.mark.parametrize(
    "size", [DESKTOP, PHONE, {"width": 320, "height": 568}], ids=lambda size: size["width"]
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_sheet_can_be_read_and_fits(page: Page, size: Any, scheme: Any) -> None:
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    pick(
        page, ("photo.jpg", made_pictures.photo(page)), ("a very long name " * 9 + ".pdf", b"x"),
        ("IMG_1.HEIC", made_pictures.heic()),
    )  # fmt: skip
    expect(items(page).nth(2)).to_contain_text("This browser cannot read")
    items(page).first.get_by_label("Send the original").check()
    assert not serious(page)
    assert not spills(page)
    page.keyboard.press("Escape")
    assert not serious(page)


def test_nobody_attaches_where_nobody_may_write(open_window: OpenWindow) -> None:
    """A chat that is only asked for, or blocked, takes no file by any way."""
    page = open_window("alice").page
    other = open_window("dave").page
    alice_is, dave_is = readymade.make((page, "Alice"), (other, "Dave"))
    chat = readymade.connect(alice_is, dave_is)
    open_page(page, chat)
    expect(composer(page)).to_be_enabled()
    page.locator("[popovertarget='thread-menu']").click()
    page.locator("#thread-menu [data-act='block']").click()
    expect(composer(page)).to_be_hidden()
    expect(page.get_by_role("button", name="Attach pictures or files")).to_be_hidden()
    assert page.evaluate(PASTE, ["", "", "image.png", PIXEL])
    expect(sheet(page)).to_be_hidden()


@pytest.mark.files
def test_what_is_too_large_is_told_before_anything_is_sent(browser: Browser) -> None:
    limits = {"MEDIA_FILE_MAX": "2000", "MEDIA_PERSON_QUOTA": "3000", "MEDIA_SITE_QUOTA": "2500"}
    site = new_site(limits).start()
    try:
        with (
            browser.new_context(base_url=site.url) as one,
            browser.new_context(base_url=site.url) as two,
        ):
            pair = chatting.face_to_face(one.new_page(), two.new_page())
            page = pair.alice
            send = sheet(page).get_by_role("button", name="Send", exact=True)
            pick(page, ("large.bin", bytes(2001)))
            expect(items(page)).to_contain_text("Too large: this site takes files of up to 2 kB.")
            expect(send).to_be_disabled()
            page.get_by_role("button", name="Remove large.bin").click()
            pick(page, ("a.bin", bytes(1900)), ("b.bin", bytes(1900)))
            expect(sheet(page).get_by_role("alert")).to_contain_text("There is room for 3 kB")
            expect(send).to_be_disabled()
            page.get_by_role("button", name="Remove b.bin").click()
            expect(sheet(page).get_by_role("alert")).to_be_hidden()
            send.click()
            assert with_files(pair.bob)
            parts: list[str] = []
            page.context.on("request", lambda request: parts.append(request.method))
            pick(page, ("c.bin", bytes(700)))
            send.click()
            full = "Not sent: this server has no room for files right now."
            expect(page.locator("chat-thread")).to_contain_text(full)
            assert "PUT" not in parts
    finally:
        site.remove()
