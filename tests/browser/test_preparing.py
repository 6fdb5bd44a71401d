"""What is made of a picked file before it is sent: the bytes themselves, in a real browser."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from testkit.running import ROOT, Site
from tests.browser import chatting, made_pictures
from tests.browser.conftest import Window
from tests.browser.made_pictures import CORNERS, SECRET

PREPARE = """async ([name, type, base64, how]) => {
  const {prepare} = await import("/static/js/ui/preparing.js");
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const text = async (blob) => {
    let text = "";
    for (const byte of new Uint8Array(await blob.arrayBuffer())) text += String.fromCharCode(byte);
    return btoa(text);
  };
  const look = async (blob) => {
    const bitmap = await createImageBitmap(blob, {imageOrientation: "from-image"});
    const {width: w, height: h} = bitmap, pen = new OffscreenCanvas(w, h).getContext("2d");
    pen.drawImage(bitmap, 0, 0);
    const at = (x, y) => [...pen.getImageData(Math.floor(w * x), Math.floor(h * y), 1, 1).data];
    return {w, h, corners: [at(.25, .25), at(.75, .25), at(.25, .75), at(.75, .75)]};
  };
  try {
    const {bytes: sent, thumb, ...facts} = await prepare(new File([bytes], name, {type}), how);
    const picture = facts.family === "picture";
    let frames = 0;
    if (picture) {
      const decoder = new ImageDecoder({data: await sent.arrayBuffer(), type: facts.mime});
      await decoder.tracks.ready;
      frames = decoder.tracks.selectedTrack.frameCount;
    }
    return {
      ...facts, frames, bytes: await text(sent), seen: picture && await look(sent),
      thumb: thumb && {
        ...(await look(thumb.bytes)), size: thumb.bytes.size, told: [thumb.w, thumb.h],
      },
    };
  } catch (error) {
    return {error: error.code ?? String(error)};
  }
}"""
PREPARE_ELSEWHERE = """async (base64) => {
  const {prepare} = await import("/static/js/ui/preparing.js");
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const no = () => { throw new Error("the page draws"); };
  Object.assign(window, {createImageBitmap: no});
  OffscreenCanvas.prototype.getContext = no;
  const {w, h, mime, thumb} = await prepare(new File([bytes], "a.jpg"), "clean");
  return [w, h, mime, Boolean(thumb)];
}"""
FILM_WITH_PLACES = ROOT / "tests/js/film_with_places.mp4"
TELLING = (SECRET, b"Exif\0", b"xmp", b"Photoshop", b"GPS")
RGB = {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}


@pytest.fixture(scope="module")
def page(browser: Browser, site: Site) -> Iterator[Page]:
    window = Window(browser.new_context(base_url=site.url), "alice")
    chatting.newcomer(window.page, "Alice")
    yield window.page
    window.context.close()
    assert not window.complaints


def prepared(
    page: Page, data: bytes, name: str = "photo.jpg", how: str = "clean", mime: str = ""
) -> dict[str, Any]:
    found = page.evaluate(PREPARE, [name, mime, base64.b64encode(data).decode(), how])
    if "bytes" in found:
        found["bytes"] = base64.b64decode(found["bytes"])
    return found


def tells(data: bytes) -> list[bytes]:
    return [word for word in TELLING if word in data]


def shows(found: dict[str, Any], corners: tuple[str, ...] = CORNERS) -> bool:
    """JPEG mixes neighbours a little."""
    return all(
        abs(value - wanted) < 40
        for seen, colour in zip(found["corners"], corners, strict=True)
        for value, wanted in zip(seen, RGB[colour], strict=False)
    )


@pytest.mark.parametrize("size", [(96, 64), (3000, 2000)], ids=["tiny", "huge"])
def test_a_photo_loses_the_place_and_the_camera(page: Page, size: tuple[int, int]) -> None:
    data = made_pictures.photo(page, size=size)
    assert tells(data)
    found = prepared(page, data)
    assert not tells(found["bytes"])
    assert found["mime"] == "image/jpeg"
    assert max(found["w"], found["h"]) == min(size[0], 2560)
    assert found["told"] is False
    assert shows(found["seen"])


def test_the_original_keeps_them_and_says_so(page: Page) -> None:
    data = made_pictures.photo(page, 6)
    found = prepared(page, data, how="original")
    assert found["bytes"] == data
    assert found["told"] is True
    assert (found["w"], found["h"]) == (96, 64)  # as it is seen
    assert shows(found["thumb"])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_upright_however_it_was_held(page: Page, orientation: int) -> None:
    found = prepared(page, made_pictures.photo(page, orientation))
    assert (found["w"], found["h"]) == (96, 64)
    for picture in (found["seen"], found["thumb"]):
        assert (picture["w"], picture["h"]) == (96, 64)
        assert shows(picture)
    assert found["thumb"]["told"] == [96, 64]
    assert found["thumb"]["size"] <= 28_000


def test_a_screenshot_keeps_its_pixels_and_loses_its_texts(page: Page) -> None:
    found = prepared(page, made_pictures.screenshot(page), "screen.png")
    assert (found["mime"], found["ending"]) == ("image/png", "")
    assert not tells(found["bytes"])
    assert found["seen"]["corners"] == [[*RGB[colour], 255] for colour in CORNERS]


def test_a_png_on_its_side_is_turned_before_its_exif_goes(page: Page) -> None:
    found = prepared(page, made_pictures.screenshot(page, 3), "scan.png")
    assert not tells(found["bytes"])
    assert (found["mime"], found["ending"]) == ("image/webp", ".webp")


@pytest.mark.parametrize("kind", ["gif", "webp", "png"])
def test_what_moves_goes_on_moving(page: Page, kind: str) -> None:
    made = {
        "gif": lambda: made_pictures.moving_gif(),
        "webp": lambda: made_pictures.moving_webp(page),
        "png": lambda: made_pictures.moving_png(page),
    }
    data = made[kind]()
    found = prepared(page, data, f"cat.{kind}")
    assert tells(data)
    assert not tells(found["bytes"])
    assert found["mime"] == f"image/{kind}"
    assert found["frames"] == 2
    assert found["thumb"]


def test_the_type_is_told_by_the_bytes(page: Page) -> None:
    found = prepared(page, made_pictures.photo(page), "report.pdf", mime="application/pdf")
    assert (found["family"], found["mime"], found["ending"]) == ("picture", "image/jpeg", ".jpg")
    svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    found = prepared(page, svg, "photo.jpg", mime="image/jpeg")
    assert (found["family"], found["mime"]) == ("file", "application/octet-stream")


def test_what_cannot_be_decoded_asks_and_goes_as_a_file_where_that_is_wanted(page: Page) -> None:
    for data, code in (
        (made_pictures.heic(), "unreadable"),
        (made_pictures.photo(page)[:400], "unreadable"),
        (made_pictures.bomb(), "bomb"),
    ):
        assert prepared(page, data) == {"error": code}
        found = prepared(page, data, how="file")
        assert (found["family"], found["told"], found["bytes"]) == ("file", True, data)


def test_a_worker_draws_and_the_page_answers_keys_meanwhile(page: Page) -> None:
    data = base64.b64encode(made_pictures.photo(page, 6)).decode()
    found = page.evaluate(PREPARE_ELSEWHERE, data)
    page.reload()
    assert found == [96, 64, "image/jpeg", True]


def test_where_a_worker_cannot_draw_the_page_does(page: Page) -> None:
    data = made_pictures.photo(page, 6)
    page.reload()
    page.evaluate("() => { delete OffscreenCanvas.prototype.convertToBlob }")
    found = prepared(page, data)
    page.reload()
    assert not tells(found["bytes"])
    assert shows(found["seen"])
    assert shows(found["thumb"])


@pytest.mark.parametrize("kind", ["webm", "mp4"])
def test_a_film_has_a_poster_a_size_and_a_length(page: Page, kind: str) -> None:
    data = made_pictures.film(page, f"video/{kind}")
    found = prepared(page, data, f"film.{kind}")
    assert (found["family"], found["mime"]) == ("video", f"video/{kind}")
    assert (found["w"], found["h"], found["thumb"]["told"]) == (64, 48, [64, 48])
    assert 100 < found["ms"] < 10_000
    assert (found["told"], found["more"]) == (kind == "webm", False)  # nothing cleans a WebM


def test_a_film_of_which_the_way_was_taken_out_plays(page: Page) -> None:
    data = FILM_WITH_PLACES.read_bytes()
    found = prepared(page, data, "film.mp4")
    assert SECRET in data
    assert SECRET not in found["bytes"]
    assert (found["family"], found["w"], found["h"], found["ms"]) == ("video", 64, 48, 1000)
    assert (found["less"], found["more"], found["told"]) == (True, False, False)
    assert found["thumb"]["told"] == [64, 48]
    original = prepared(page, data, "film.mp4", how="original")
    assert (original["bytes"], original["less"], original["told"]) == (data, False, True)


def test_a_film_that_cannot_be_played_goes_as_a_file_of_its_kind(page: Page) -> None:
    data = made_pictures.film(page, "video/mp4")
    cut = data[: data.index(b"moof")] + b"moof" + bytes(9)
    found = prepared(page, cut, "film.mp4")
    assert (found["family"], found["mime"], found["bytes"]) == ("file", "video/mp4", cut)
    assert found["told"] is True  # it cannot be followed from box to box, so nothing was cleaned


def test_an_empty_file_is_a_file(page: Page) -> None:
    found = prepared(page, b"", "empty.txt")
    assert (found["family"], found["bytes"]) == ("file", b"")
