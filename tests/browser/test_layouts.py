"""Every page and dialog at every width, size of text, theme and direction of script.

Nothing may be wider than the window, and no button or field may lose a part of itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.urls import URLPattern, get_resolver
from playwright.sync_api import Browser, Page, expect

from testkit.browser.chromium import DESKTOP, PHONE
from testkit.running import Site
from tests.browser import chatting, everywhere
from tests.browser.chatting import bubble, expect_status, write
from tests.browser.conftest import OpenWindow, Window

LEAST = {"width": 320, "height": 568}  # CSS px: 1280 at 400 % (WCAG 2.2, 1.4.10)
HALF = {"width": 640, "height": 400}  # a desktop at 200 %
WORDS = {
    "arabic": "مرحبا! هل وصلت إلى المحطة؟ https://example.org/a",
    "hebrew": "כן, עוד עשר דקות (בערך 18:40).",
    "latin": "Perfect: see you at platform 3!",
    "mixed": "The sign says ברוכים הבאים in big letters",
    "long": "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2,
}


@dataclass
class Settled:
    """Somebody with a contact and a conversation of many scripts."""

    page: Page
    chat: str
    windows: list[Window]


@pytest.fixture(scope="module")
def settled(browser: Browser, site: Site) -> Iterator[Settled]:
    windows = [
        Window(browser.new_context(base_url=site.url, viewport=DESKTOP), name)
        for name in ("alice", "bob")
    ]
    alice, bob = (window.page for window in windows)
    chatting.face_to_face(alice, bob)
    for number, words in enumerate(WORDS.values()):
        write((alice, bob)[number % 2], words)
        expect(bubble((bob, alice)[number % 2], words)).to_be_visible()
    yield Settled(alice, alice.url, windows)
    complaints = [text for window in windows for text in window.complaints]
    for window in windows:
        window.context.close()
    assert not complaints


@pytest.fixture
def usual(settled: Settled) -> Iterator[Settled]:
    """Whatever a test changes about the window is as before for the next one."""
    yield settled
    settled.page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    settled.page.emulate_media(
        color_scheme="light", forced_colors="none", contrast="no-preference",
        reduced_motion="no-preference",
    )  # fmt: skip


def all_pages(settled: Settled, open_window: OpenWindow, **size: int) -> Iterator[tuple[Page, str]]:
    stranger = open_window("somebody", viewport=size).page
    for name in everywhere.signed_out(stranger):
        yield stranger, name
    settled.page.set_viewport_size(size)  # type: ignore[arg-type]
    for name in everywhere.signed_in(settled.page, settled.chat):
        yield settled.page, name


def test_no_page_is_forgotten() -> None:
    known = {
        address.partition("#")[0].lstrip("/")
        for pages in (everywhere.SIGNED_OUT, everywhere.SIGNED_IN, everywhere.ELSEWHERE)
        for address in pages.values()
    }
    no_pages = {"site.webmanifest"}
    routes = {
        str(each.pattern)
        for part in get_resolver().url_patterns
        if str(part.pattern) == ""
        for each in part.url_patterns
        if isinstance(each, URLPattern) and "(" not in str(each.pattern)
    }
    assert len(routes) > 8
    assert routes - no_pages <= known


@pytest.mark.parametrize("size", [DESKTOP, PHONE, LEAST, HALF], ids=lambda size: size["width"])
def test_everything_fits(usual: Settled, open_window: OpenWindow, size: dict[str, int]) -> None:
    for page, name in all_pages(usual, open_window, **size):
        for direction in ("ltr", "rtl"):
            page.evaluate("dir => { document.documentElement.dir = dir }", direction)
            assert not spills(page), (name, direction)


def test_spills_are_seen(open_window: OpenWindow) -> None:
    page = open_window("somebody", viewport=PHONE).page
    page.goto("/sign-in")
    page.evaluate(
        """() => {
          const button = document.querySelector("button[type='submit']");
          button.style.inlineSize = "40px";
          button.style.whiteSpace = "nowrap";
        }"""
    )
    assert any("button" in fault for fault in spills(page))
    page.evaluate("() => { document.querySelector('h1').style.inlineSize = '900px' }")
    assert any("page" in fault for fault in spills(page))


def test_text_may_be_twice_as_large(usual: Settled, open_window: OpenWindow) -> None:
    for page, name in all_pages(usual, open_window, **PHONE):
        page.evaluate("() => { document.documentElement.style.fontSize = '200%' }")
        assert not spills(page), name


def test_a_conversation_reads_the_same_from_the_right(usual: Settled) -> None:
    """The side shows whose message it is; the direction of its text is its own."""
    page = usual.page
    chatting.open_page(page, usual.chat)
    mine, theirs = bubble(page, WORDS["arabic"]), bubble(page, WORDS["hebrew"])
    for direction, right in (("ltr", True), ("rtl", False)):
        page.evaluate("dir => { document.documentElement.dir = dir }", direction)
        assert (middle(mine.locator(".bubble")) > middle(theirs.locator(".bubble"))) is right
    runs = {"arabic": "rtl", "hebrew": "rtl", "latin": "ltr", "mixed": "ltr"}
    for script, run in runs.items():
        text = bubble(page, WORDS[script]).locator(".message-text")
        assert text.evaluate("text => getComputedStyle(text).direction") == run, script


def test_colours_of_the_system_leave_everything_recognisable(usual: Settled) -> None:
    """Forced colours take backgrounds away: a bubble, a mark or a choice needs an outline."""
    page = usual.page
    page.emulate_media(forced_colors="active")
    chatting.open_page(page, usual.chat)
    for selector in (".bubble", ".chat-row[aria-current]", ".rail-item[aria-current]"):
        assert outlined(page, selector), selector
    assert not outlined(page, ".message-meta")  # or everything is


def test_more_contrast_makes_lines_and_words_darker(usual: Settled) -> None:
    page = usual.page
    chatting.open_page(page, usual.chat)
    preview = page.locator(".chat-preview").first
    usually = preview.evaluate("one => getComputedStyle(one).color")
    page.emulate_media(contrast="more")
    assert preview.evaluate("one => getComputedStyle(one).color") != usually


def test_nothing_moves_for_who_asked_for_rest(usual: Settled) -> None:
    page = usual.page
    moving = """() => document.getAnimations().filter(({effect}) =>
      effect.getTiming().duration > 1 && !effect.target.matches(".spinner")).length"""
    page.goto("/settings")
    page.locator("[data-open='change-password']").click()
    assert page.evaluate(moving)
    page.emulate_media(reduced_motion="reduce")
    for name in everywhere.signed_in(page, usual.chat):
        assert not page.evaluate(moving), name


def test_a_message_is_delivered_while_all_this_goes_on(usual: Settled) -> None:
    """The windows above are real ones: what is written in them still arrives."""
    chatting.open_page(usual.page, usual.chat)
    write(usual.page, words := chatting.text())
    expect_status(usual.page, words, "Read")


def middle(locator: object) -> float:
    box = locator.bounding_box()  # type: ignore[attr-defined]
    return float(box["x"] + box["width"] / 2)


def outlined(page: Page, selector: str) -> bool:
    return page.locator(selector).first.evaluate(
        """(one) => {
          const {borderStyle, borderWidth, outlineStyle, outlineWidth} = getComputedStyle(one);
          const drawn = (style, width) => !/none/.test(style) && parseFloat(width) > 0;
          return drawn(borderStyle, borderWidth) || drawn(outlineStyle, outlineWidth);
        }"""
    )


def broken_words(page: Page) -> list[str]:
    """Words of the rail and of buttons that do not fit into one line."""
    return page.evaluate(
        """() => {
          const broken = [];
          for (const one of document.querySelectorAll(".rail-item, .button, .choice")) {
            if (!one.checkVisibility({visibilityProperty: true})) continue;
            const walk = document.createTreeWalker(one, NodeFilter.SHOW_TEXT);
            for (let node = walk.nextNode(); node; node = walk.nextNode()) {
              for (const word of node.data.matchAll(/[^\\s-]+/g)) {
                const range = new Range();
                range.setStart(node, word.index);
                range.setEnd(node, word.index + word[0].length);
                if (range.getClientRects().length > 1) broken.push(word[0]);
              }
            }
          }
          return broken;
        }"""
    )


def spills(page: Page) -> list[str]:
    """What is larger than its place: the page, the frame around what scrolls, a scrolling part of
    it, a button, a field's label."""
    return page.evaluate(
        """() => {
          const faults = [];
          const wide = document.documentElement.scrollWidth - innerWidth;
          if (wide > 0) faults.push(`page: ${wide} px`);
          const long = document.documentElement.scrollHeight - innerHeight;
          if (long > 0 && document.body.matches(".app")) faults.push(`frame: ${long} px too long`);
          for (const one of document.querySelectorAll("body *")) {
            if (!one.checkVisibility({visibilityProperty: true})) continue;
            if (one.closest(".visually-hidden, .skip-link, svg, .truncate, template")) continue;
            const style = getComputedStyle(one);
            const box = one.getBoundingClientRect();
            const name = `${one.localName}.${one.className} ${one.textContent.trim().slice(0, 40)}`;
            const out = Math.max(-box.left, box.right - innerWidth);
            if (box.width && out > 1) faults.push(`${name}: ${Math.round(out)} px outside`);
            const over = one.scrollWidth - one.clientWidth;
            const scrolls = /auto|scroll/.test(style.overflowX);
            const holds = one.matches("button, a, label, h1, h2, h3, p, dt, legend, summary")
              // Words for ears alone count as width, and so does a reach for fingers.
              && !one.querySelector(".visually-hidden") && !one.matches(".message-meta");
            const fields = one.matches("textarea, input");
            if (over > 1 && one.clientWidth && (scrolls || holds) && !fields)
              faults.push(`${name}: ${over} px too wide`);
          }
          return faults;
        }"""
    )
