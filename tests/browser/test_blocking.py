"""A block and its end on both screens: what the list says, what ticks say, and the way back."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import chatting
from tests.browser.chatting import Pair, bubble, expect_status, open_chat, open_page, text, write
from tests.browser.conftest import OpenWindow

CONTRAST = """
(sign) => {
  const luminance = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => {
      const c = part / 255;
      return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const solid = (colour) => !/^(transparent|rgba\\(.*, 0\\))$/.test(colour);
  const ground = (node) => {
    const colour = getComputedStyle(node).backgroundColor;
    return solid(colour) || !node.parentElement ? colour : ground(node.parentElement);
  };
  const ratio = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const behind = ground(sign.parentElement);
  const own = getComputedStyle(sign).backgroundColor;
  const stroke = getComputedStyle(sign.querySelector("svg")).stroke;
  const disc = solid(own) ? ratio(own, behind) : 1;
  return { disc, stroke: ratio(stroke, solid(own) ? own : behind) };
}
"""
THEMES = [("light", "none"), ("dark", "none"), ("light", "active"), ("dark", "active")]


def row(page: Page, name: str) -> Locator:
    return page.locator("chat-list").get_by_role("link", name=name)


def menu(page: Page, action: str) -> None:
    page.get_by_role("button", name="More about this chat").click()
    page.get_by_role("button", name=action, exact=True).click()


@pytest.mark.engine
def test_what_was_written_during_a_block_stays_sent(pair: Pair, open_window: OpenWindow) -> None:
    write(pair.alice, before := text())
    expect_status(pair.alice, before, "Read")
    expect(row(pair.bob, "Alice").locator(".chat-preview")).to_have_text(before)
    menu(pair.bob, "Block")
    unblock = pair.bob.locator("chat-composer").get_by_role("button", name="Unblock")
    expect(unblock).to_be_visible()
    expect(chatting.composer(pair.bob)).to_be_hidden()
    presence = pair.bob.locator("chat-person [data-part='presence']")
    expect(presence).to_have_text("")
    write(pair.alice, withheld := text())
    expect_status(pair.alice, withheld, "Sent")
    unblock.click()
    expect(chatting.composer(pair.bob)).to_be_enabled()
    expect(presence).to_have_text("Online")
    write(pair.alice, after := text())
    expect(bubble(pair.bob, after)).to_be_visible()
    preview = row(pair.alice, "Bob").locator(".chat-preview")
    for _ in ("live", "after a reload"):
        expect_status(pair.alice, after, "Read")
        expect_status(pair.alice, withheld, "Sent")
        expect(preview).to_have_text(re.compile(f"^ReadYou: {after}$"))
        pair.alice.reload()
    expect(bubble(pair.bob, withheld)).to_have_count(0)
    bubble(pair.alice, withheld).locator(".message-meta").click()
    expect(bubble(pair.alice, withheld).locator(".message-details")).to_have_text(
        re.compile(r"^Sent \d{1,2}:\d\d[^·]*$")
    )


def test_a_block_moves_nothing_in_the_list(pair: Pair, open_window: OpenWindow) -> None:
    """Neither order nor time, and what was unread stays unread."""
    write(pair.alice, first := text())
    expect_status(pair.alice, first, "Read")
    open_page(pair.bob, "/chats")
    write(pair.alice, unread := text())
    expect_status(pair.alice, unread, "Delivered")
    known = row(pair.bob, "Alice")
    expect(known.locator(".chat-unread")).to_contain_text("1 new")
    pair.bob.goto("/people")
    pair.bob.get_by_role("button", name="Block").first.click()
    expect(pair.bob.get_by_role("button", name="Unblock").first).to_be_visible()
    write(pair.alice, text())
    open_page(pair.bob, "/chats")
    expect(known.locator(".chat-preview")).to_have_text(unread)
    pair.bob.goto("/people")
    pair.bob.get_by_role("button", name="Unblock").first.click()
    expect(pair.bob.get_by_role("button", name="Block").first).to_be_visible()
    open_page(pair.bob, "/chats")
    expect(known.locator(".chat-unread")).to_contain_text("1 new")
    expect(known.locator(".chat-preview")).to_have_text(unread)


@pytest.mark.parametrize(("theme", "forced"), THEMES)
def test_delivered_and_read_differ_in_every_theme(pair: Pair, theme: str, forced: str) -> None:
    write(pair.alice, read := text())
    expect_status(pair.alice, read, "Read")
    open_page(pair.bob, "/chats")
    in_list = row(pair.alice, "Bob").locator(".tick")
    pair.alice.emulate_media(color_scheme=theme, forced_colors=forced)  # type: ignore[arg-type]
    signs = {"Read": [bubble(pair.alice, read).locator(".tick"), in_list]}
    for sign in signs["Read"]:
        seen = sign.evaluate(CONTRAST)
        assert seen["disc"] >= 3, seen
        assert seen["stroke"] >= 3, seen
    write(pair.alice, delivered := text())
    expect_status(pair.alice, delivered, "Delivered")
    expect(in_list).to_have_text("Delivered")
    for sign in (bubble(pair.alice, delivered).locator(".tick"), in_list):
        seen = sign.evaluate(CONTRAST)
        assert seen["disc"] == 1, seen  # no disc: another shape
        assert seen["stroke"] >= 3, seen
    open_chat(pair.bob, "Alice")
    expect(in_list).to_have_text("Read")
