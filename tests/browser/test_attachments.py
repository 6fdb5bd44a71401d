"""Pictures, sound and files in a conversation: what their receiver sees, hears and saves."""

import base64
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from testkit.browser.pages import ready
from testkit.running import Site
from tests.browser import made_pictures
from tests.browser.chatting import SLOW_MS, Pair, bubble, open_page, text, write
from tests.browser.files import File, bomb, gif, photo, png, wav
from tests.browser.readable import serious
from tests.browser.stored import PART, change, stored

pytestmark = pytest.mark.files

SEND = """async ({ files, body }) => {
  const { bus } = await import("/static/js/tabs/bus.js");
  const { sealFile } = await import("/static/js/tabs/media.js");
  const blobOf = (data) => new Blob([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))]);
  const att = [];
  for (const { data, thumb, ...said } of files) {
    const { inMemory, ...entry } = await sealFile(blobOf(data), "file");
    if (thumb) {
      const { inMemory: _, ...small } = await sealFile(blobOf(thumb), "thumb");
      said.thumb = { ...small, w: 80, h: 60 };
    }
    att.push({ ...entry, ...said });
  }
  const conv = document.querySelector("chat-thread").getAttribute("conv");
  await bus.ask("send", { id: crypto.randomUUID(), conv, content: { t: "text", body, att } });
}"""
SHIFTS = """() => {
  window.shift = 0;
  const thread = document.querySelector(".thread-scroll");
  new PerformanceObserver((list) => {
    for (const { value, sources } of list.getEntries())
      if (sources.some(({ node }) => thread.contains(node))) window.shift += value;
  }).observe({ type: "layout-shift" });
}"""
PLACES = "tiles => tiles.map(tile => Object.values(tile.getBoundingClientRect().toJSON()))"
SHOWN = "img => img.complete && img.naturalWidth > 0 && !img.hidden"
SIDE: dict[str, object] = {"w": 9, "h": 9}
COLOURS_LOOKED_AT = 60  # pictures of the screen, in which something that moves has moved


def send(page: Page, *files: File, body: str | None = None) -> str:
    """As the composer does, with one message; answers its caption."""
    body = text() if body is None else body
    said = [
        {
            "name": file.name, "mime": file.mime, "data": base64.b64encode(file.data).decode(),
            "thumb": base64.b64encode(file.thumb).decode(), **file.more,
        }
        for file in files
    ]  # fmt: skip
    page.evaluate(SEND, {"files": said, "body": body})
    return body


def arrived(page: Page, body: str) -> Locator:
    message = bubble(page, body)
    expect(message.locator("[data-attachment]").first).to_be_visible(timeout=SLOW_MS)
    return message


def expect_picture(tile: Locator) -> None:
    expect(tile.locator("img[src^='blob:']")).to_be_visible(timeout=SLOW_MS)
    tile.page.wait_for_function(SHOWN, arg=tile.locator("img").element_handle())


def save(page: Page, button: Locator) -> tuple[str, bytes]:
    with page.expect_download() as saved:
        button.click()
    return saved.value.suggested_filename, Path(saved.value.path()).read_bytes()


def test_a_picture_comes_into_a_box_that_was_there(pair: Pair) -> None:
    bob = pair.bob
    held: list[Route] = []
    gate = {"open": False}
    bob.context.route(PART, lambda way: way.continue_() if gate["open"] else held.append(way))
    send(pair.alice, photo(alt="A blue wall"), photo(width=200, height=900))
    fixed = (  # one by its own size, one by none that makes sense
        send(pair.alice, photo()),
        send(pair.alice, File("odd.png", "image/png", png(30, 20), {"w": 0, "h": 99})),
    )
    tiles = bob.locator(".tile")
    expect(tiles).to_have_count(4)
    before = tiles.evaluate_all(PLACES)
    bob.evaluate(SHIFTS)
    gate["open"] = True
    for route in held:
        route.continue_()
    # Nobody says how large that one is: it is shown where somebody asks for it.
    expect(arrived(bob, fixed[1]).locator(".tile")).to_contain_text("bytes")
    for tile in tiles.filter(has_not_text="bytes").all():
        expect_picture(tile)
    assert bob.evaluate("window.shift") == 0
    assert tiles.evaluate_all(PLACES) == before
    for body in fixed:
        expect(arrived(bob, body).locator(".tile")).to_have_css(
            "aspect-ratio", re.compile(r"^1\.33")
        )
    photos = bob.get_by_role("button", name="Photo: A blue wall")
    expect(photos.locator("img")).to_have_attribute("alt", "A blue wall")


def test_the_reader_further_up_does_not_move_when_pictures_come(pair: Pair) -> None:
    for _ in range(12):
        write(pair.alice, "first line\n" * 4)
    last = text()
    write(pair.alice, last)
    expect(bubble(pair.bob, last)).to_be_visible()
    box = pair.bob.locator(".thread-scroll")
    box.evaluate("box => { box.scrollTop = 120; }")
    expect(pair.bob.locator(".jump")).to_be_visible()
    place = box.evaluate("box => box.scrollTop")
    body = send(pair.alice, photo(), photo())
    expect(bubble(pair.bob, body)).to_be_attached(timeout=SLOW_MS)
    assert box.evaluate("box => box.scrollTop") == place


def test_a_name_says_what_the_file_is(pair: Pair) -> None:
    body = send(pair.alice, File("invoice\u202efdp.exe", "application/pdf", b"MZ" + b"\0" * 100))
    card = arrived(pair.bob, body).locator(".file-card")
    expect(card.locator("[data-part='base']")).to_have_text("invoicefdp")
    expect(card.locator("bdi[data-part='ending']")).to_have_text(".exe")
    expect(card).to_contain_text(".exe files can run programs")
    name, data = save(pair.bob, card.get_by_role("button", name="Save invoicefdp.exe"))
    assert (name, data) == ("invoicefdp.exe", b"MZ" + b"\0" * 100)
    expect(card).to_contain_text("checked and saved")


@pytest.mark.parametrize("name", ["drawing.svg", "page.html", "report.pdf"])
def test_what_may_run_is_saved_and_never_shown(pair: Pair, name: str) -> None:
    data = b"<svg xmlns='http://www.w3.org/2000/svg'><script>document.title='run'</script></svg>"
    body = send(pair.alice, File(name, "image/png", data, SIDE))
    message = arrived(pair.bob, body)
    if name == "report.pdf":  # no ending that is warned of: shown by its bytes, so not at all
        expect(message).to_contain_text("It is not the kind of file that its sender says.")
        message.get_by_role("button", name="Save").click()
    assert save(pair.bob, message.locator(".file-card [data-act='save']"))[1] == data
    expect(message.locator("img:visible, object, embed, iframe")).to_have_count(0)


def test_an_empty_file_and_names_beyond_reason(pair: Pair) -> None:
    body = send(pair.alice, File("🎉" * 60, "text/plain", b""), File("x" * 250 + ".txt", "", b"1"))
    cards = arrived(pair.bob, body).locator(".file-card")
    expect(cards.first).to_contain_text("0 bytes")
    assert save(pair.bob, cards.first.locator("[data-act='save']"))[1] == b""
    expect(cards.last.locator("[data-part='ending']")).to_have_text(".txt")
    assert cards.last.evaluate("card => card.scrollWidth <= card.clientWidth")


def test_what_cannot_be_decoded_says_so(pair: Pair) -> None:
    cut = png(640, 480)[:200]
    film = b"\0\0\0\x18ftypisom" + b"\0" * 500
    for file, words in (
        (File("bomb.png", "image/png", bomb(), {"w": 640, "h": 480}), "too large to be shown"),
        (File("cut.png", "image/png", b"\x89PNG\r\n\x1a\n", SIDE), "not the kind of file"),
        (File("not.gif", "image/gif", cut[:16] + b"GIF", SIDE), "not the kind of file"),
    ):
        message = arrived(pair.bob, send(pair.alice, file))
        expect(message.locator(".tile-problem")).to_contain_text(words)
        message.get_by_role("button", name="Save").click()
    message = arrived(pair.bob, send(pair.alice, File("a.mp4", "video/mp4", film, {"ms": 1000})))
    message.get_by_role("button", name="Video").click()
    viewer = pair.bob.locator("media-viewer")
    expect(viewer).to_contain_text("This cannot be played here. You can save it.")
    assert save(pair.bob, viewer.locator("[data-part='instead']"))[1] == film


def test_a_file_that_was_changed_on_the_server_is_not_shown(pair: Pair, site: Site) -> None:
    before = stored(site)
    body = send(pair.alice, File("plain.txt", "text/plain", b"x" * 5000))
    card = arrived(pair.bob, body).locator(".file-card")
    expect(bubble(pair.alice, body).locator("[data-part='status']")).to_have_text(re.compile("."))
    ((place, data),) = stored(site).items() - before.items()
    change(site, place, data[:-1] + bytes([data[-1] ^ 1]))
    card.locator("[data-act='save']").click()
    expect(card).to_contain_text("damaged or was changed", timeout=SLOW_MS)
    write(pair.bob, last := text())
    expect(bubble(pair.alice, last)).to_be_visible()


def colours(page: Page, place: Locator) -> set[bytes]:
    return {place.screenshot() for _ in range(COLOURS_LOOKED_AT)}


def test_an_animation_moves_unless_somebody_wants_less_of_it(pair: Pair) -> None:
    body = send(pair.alice, File("a.gif", "image/gif", gif(), {"w": 1, "h": 1}))
    bob = pair.bob
    viewer = bob.locator("media-viewer [data-part='stage']")
    arrived(bob, body).locator(".tile-open").click()
    expect_picture(viewer)
    assert len(colours(bob, viewer)) > 1
    bob.keyboard.press("Escape")
    bob.emulate_media(reduced_motion="reduce")
    arrived(bob, body).locator(".tile-open").click()
    play = bob.get_by_role("button", name="Play animation")
    expect(play).to_be_visible()
    expect_picture(viewer)
    assert len(colours(bob, viewer)) == 1
    play.click()
    assert len(colours(bob, viewer)) > 1


def test_the_viewer_goes_through_what_the_conversation_has(pair: Pair) -> None:
    send(pair.alice, photo("one.png", alt="one"), photo("two.png", alt="two"), body="an album")
    send(pair.bob, photo("three.png", alt="three"), body="an answer")
    bob = pair.bob
    first = arrived(bob, "an album").get_by_role("button", name="Photo: one")
    expect(arrived(bob, "an answer").locator("img[src^='blob:']")).to_be_visible(timeout=SLOW_MS)
    first.click()
    viewer = bob.get_by_role("dialog", name="Alice")
    expect(viewer).to_contain_text("1 of 3")
    expect(viewer.locator("img")).to_have_attribute("alt", "Photo: one")
    assert serious(bob) == []
    bob.keyboard.press("ArrowRight")
    expect(viewer).to_contain_text("2 of 3")
    name, data = save(bob, viewer.get_by_role("button", name="Save").first)
    assert (name, data) == ("two.png", photo().data)
    viewer.get_by_role("button", name="Next").click()
    expect(bob.get_by_role("dialog", name="You")).to_contain_text("an answer")
    bob.keyboard.press("+")
    expect(bob.locator("dialog.viewer[data-zoomed]")).to_be_visible()
    bob.keyboard.press("0")
    bob.keyboard.press("ArrowLeft")
    expect(viewer).to_contain_text("2 of 3")
    bob.keyboard.press("Escape")
    expect(first).to_be_focused()
    assert serious(bob) == []


def test_a_film_plays_and_one_can_go_to_a_place_in_it(pair: Pair) -> None:
    data = made_pictures.film(pair.alice)
    film = File("film.webm", "video/webm", data, {"w": 64, "h": 48, "ms": 500}, png(64, 48))
    tile = arrived(pair.bob, send(pair.alice, film)).locator(".tile")
    expect_picture(tile)
    expect(tile).to_contain_text("0:01")
    tile.get_by_role("button", name="Video").click()
    pair.bob.wait_for_function(
        """() => {
          const film = document.querySelector("media-viewer video");
          return film && !film.hidden && film.videoWidth === 64 && Number.isFinite(film.duration);
        }"""
    )
    assert pair.bob.evaluate(
        """async () => {
          const film = document.querySelector("media-viewer video");
          const there = new Promise((done) => film.addEventListener("seeked", done, {once: true}));
          film.pause();
          film.currentTime = film.duration / 2;
          await there;
          return film.currentTime > 0 && !film.error;
        }"""
    )
    assert save(pair.bob, pair.bob.get_by_role("button", name="Save").first)[1] == data


PLACED = """picture => {
  const {a, e, f} = new DOMMatrix(getComputedStyle(picture).transform);
  return [a, e, f].map((value) => Math.round(value));
}"""


def fingers(page: Page, *ways: list[tuple[int, int]]) -> None:
    """Each puts one finger down at its first point, moves it to the others and takes it away."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 2})
    kind = "touchStart"
    for places in zip(*ways, strict=True):
        points = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(places)]
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        kind = "touchMove"
    devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    devtools.detach()


def test_the_viewer_by_fingers(pair: Pair) -> None:
    send(pair.alice, photo("one.png", 1600, 1200), photo("two.png"), body="an album")
    bob = pair.bob
    arrived(bob, "an album").locator(".tile-open").first.click()
    viewer = bob.locator("dialog.viewer")
    expect_picture(viewer)
    picture = viewer.locator("img")
    fingers(bob, [(600, 400), (560, 400), (480, 400)], [(680, 400), (720, 400), (800, 400)])
    expect(bob.locator("dialog.viewer[data-zoomed]")).to_be_visible()
    scale, x, y = picture.evaluate(PLACED)
    assert scale == 4
    assert abs(x) <= 2  # what was between the fingers stays there, though they are told one by one
    fingers(bob, [(600, 400), (700, 430)])  # moves what is zoomed, and goes nowhere else
    assert picture.evaluate(PLACED) == [4, x + 100, y + 30]
    expect(viewer).to_contain_text("1 of 2")
    fingers(bob, [(480, 400), (600, 400)], [(800, 400), (680, 400)])
    expect(bob.locator("dialog.viewer[data-zoomed]")).to_have_count(0)
    fingers(bob, [(800, 400), (700, 405), (600, 410)])
    expect(viewer).to_contain_text("2 of 2")
    fingers(bob, [(600, 400), (620, 400), (800, 405)])
    expect(viewer).to_contain_text("1 of 2")


def test_a_voice_note_plays_at_the_speed_that_somebody_likes(pair: Pair) -> None:
    wave = base64.b64encode(bytes(range(0, 256, 4))).decode()
    note = File("voice.wav", "audio/wav", wav(), {"ms": 2000, "wave": wave})
    body = send(pair.alice, note, body="")
    assert body == ""
    player = pair.bob.get_by_role("group", name="Voice message")
    expect(player).to_contain_text("0:02", timeout=SLOW_MS)
    player.get_by_role("button", name="Speed 1×").click()
    player.get_by_role("button", name="Play").click()
    expect(player.get_by_role("button", name="Pause")).to_be_visible(timeout=SLOW_MS)
    expect(player.get_by_role("button", name="Play")).to_be_visible(timeout=SLOW_MS)  # at its end
    expect(player.get_by_role("button", name="Speed 1.5×")).to_be_visible()
    assert serious(pair.bob) == []
    open_page(pair.bob, "/chats")
    expect(pair.bob.locator("chat-list")).to_contain_text("Voice message")


def test_an_upload_says_how_far_it_is_waits_and_goes_on(pair: Pair) -> None:
    alice = pair.alice
    alice.context.route(PART, lambda route: route.abort())
    body = send(alice, photo(), File("big.bin", "", bytes(1_500_000)))
    line = bubble(alice, body).locator(".message-upload")
    expect(line.get_by_role("progressbar")).to_be_visible(timeout=SLOW_MS)
    line.get_by_role("button", name="Pause").click()
    expect(line).to_contain_text("Paused")
    after = text()
    write(alice, after)
    expect(bubble(pair.bob, after)).to_be_visible()  # a text is not held up by a file
    alice.context.unroute(PART)
    line.get_by_role("button", name="Go on").click()
    card = arrived(pair.bob, body).locator(".file-card")
    assert save(pair.bob, card.locator("[data-act='save']"))[1] == bytes(1_500_000)
    expect(line).to_be_hidden()


def test_an_upload_is_given_up(pair: Pair) -> None:
    alice = pair.alice

    def away(route: Route) -> None:
        route.abort()

    alice.context.route(PART, away)
    body = send(alice, photo())
    bubble(alice, body).locator(".message-upload").get_by_role("button", name="Cancel").click()
    expect(bubble(alice, body)).to_have_count(0)
    alice.context.unroute(PART, away)
    alice.reload()
    ready(alice)
    expect(bubble(alice, body)).to_have_count(0)


def test_settings_say_how_much_room_files_take(pair: Pair) -> None:
    body = send(pair.alice, File("big.bin", "", bytes(3_000_000)))
    card = arrived(pair.bob, body).locator(".file-card")
    save(pair.bob, card.locator("[data-act='save']"))
    open_page(pair.alice, "/settings")
    account = pair.alice.locator("storage-settings")
    expect(account).to_contain_text(re.compile(r"3(\.\d)? MB of .* used"))
    open_page(pair.bob, "/settings")
    here = pair.bob.locator("storage-settings")
    expect(here).to_contain_text("0 bytes of")
    expect(here).to_contain_text("3 MB in this browser")
    assert serious(pair.bob) == []
    here.get_by_role("radio", name="100 MB").check()
    here.get_by_role("button", name="Clear").click()
    expect(here).to_contain_text("0 bytes in this browser")
    pair.bob.reload()
    expect(here.get_by_role("radio", name="100 MB")).to_be_checked()


def test_a_panel_holds_what_was_shared(pair: Pair) -> None:
    wall = photo(alt="a wall")
    arrived(pair.bob, send(pair.alice, wall, File("list.pdf", "application/pdf", b"%PDF-1.7")))
    body = send(pair.alice, photo(), body="see https://example.org/lake")
    arrived(pair.bob, body)
    bob = pair.bob
    bob.get_by_role("button", name="More about this chat").click()
    bob.get_by_role("button", name="Media, files and links").click()
    panel = bob.get_by_role("dialog", name="Media, files and links")
    expect(panel.locator(".tile img[src^='blob:']")).to_have_count(2, timeout=SLOW_MS)
    panel.get_by_role("radio", name="Files").check()
    expect(panel.locator(".file-card")).to_contain_text("list")
    panel.get_by_role("radio", name="Links").check()
    expect(panel.get_by_role("link")).to_have_attribute("href", "https://example.org/lake")
    assert serious(bob) == []
    panel.get_by_role("radio", name="Media").check()
    panel.get_by_role("button", name="Photo: a wall").click()
    expect(bob.locator("dialog.viewer[open]")).to_contain_text("2 of 2")
