"""Every page of accounts: readable for all, and nothing that the policy has to forbid.

A CSP report or an uncaught error in any window fails its test (tests/browser/conftest.py).
"""

import re

import pytest
from playwright.sync_api import Page, expect

from testkit.browser.chromium import PHONE
from testkit.browser.people import field, fill_details, press, sign_up, somebody
from tests.browser.chatting import newcomer
from tests.browser.conftest import OpenWindow
from tests.browser.readable import serious

PUBLIC = ["/", "/sign-up", "/sign-in", "/sign-in#code", "/reset", "/help", "/nothing-here"]
LEAST_WIDTH = 360  # CSS px
LEAST_TARGET = 24  # CSS px, WCAG 2.2; ours aim at 44


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_public_pages_are_accessible(open_window: OpenWindow, scheme: str) -> None:
    page = open_window("somebody", color_scheme=scheme, reduced_motion="reduce").page
    for path in PUBLIC:
        page.goto(path)
        assert not serious(page), path
    page.evaluate("() => document.querySelector('h1').setAttribute('role', 'nonsense')")
    assert serious(page)  # or axe does not look


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_signing_up_and_settings_are_accessible(open_window: OpenWindow, scheme: str) -> None:
    page = open_window("alice", color_scheme=scheme, reduced_motion="reduce").page
    page.goto("/sign-up")
    press(page, "Continue")
    assert not serious(page)
    fill_details(page, somebody())
    press(page, "Continue")
    expect(page.get_by_role("heading", name="Your recovery code")).to_be_visible()
    assert not serious(page)
    press(page, "I have kept it")
    assert not serious(page)
    sign_up(page)
    page.goto("/settings")
    expect(page.locator("device-list")).to_contain_text("This browser")
    assert not serious(page)
    for button in ("Change password", "New code"):
        press(page, button)
        assert not serious(page), button
        page.keyboard.press("Escape")


def test_no_page_is_wider_than_a_small_phone(open_window: OpenWindow) -> None:
    page = open_window("alice", viewport={**PHONE, "width": LEAST_WIDTH}).page
    for path in PUBLIC:
        page.goto(path)
        assert overflow(page) == 0, path
    newcomer(page, "Alice")
    page.goto("/settings")
    assert overflow(page) == 0


def test_everything_can_be_hit_with_a_finger(open_window: OpenWindow) -> None:
    page = open_window("alice", viewport=PHONE).page
    for path in PUBLIC:
        page.goto(path)
        assert not small_targets(page), path


def test_pages_turn_round_for_scripts_from_the_right(open_window: OpenWindow) -> None:
    page = open_window("alice", viewport=PHONE).page
    for path in PUBLIC:
        page.goto(path)
        page.evaluate("() => { document.documentElement.dir = 'ltr'; }")
        left = page.locator(".brand-mark").bounding_box()
        page.evaluate("() => { document.documentElement.dir = 'rtl'; }")
        right = page.locator(".brand-mark").bounding_box()
        assert left
        assert right
        assert left["x"] < PHONE["width"] / 2 < right["x"], path
        assert overflow(page) == 0, path


def test_the_keyboard_reaches_the_content_first(open_window: OpenWindow) -> None:
    page = open_window("alice").page
    page.goto("/sign-in")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#main$"))  # the next Tab goes from there
    page.keyboard.press("Tab")
    expect(field(page, "Username")).to_be_focused()


def test_an_unknown_address_is_a_page_with_a_way_on(open_window: OpenWindow) -> None:
    page = open_window("somebody").page
    answer = page.goto("/nothing-here")
    assert answer is not None
    assert answer.status == 404
    page.get_by_role("link", name="Go to the start page").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("only the two of you")


def overflow(page: Page) -> int:
    return page.evaluate("() => document.documentElement.scrollWidth - innerWidth")


def small_targets(page: Page) -> list[str]:
    """Visible buttons, fields and links that stand alone, with a side under the least."""
    return page.evaluate(
        """(least) => [...document.querySelectorAll("button, input, a")]
          .filter((one) => one.checkVisibility() && !one.closest("p"))
          .filter((one) => !one.matches(".visually-hidden, .skip-link"))
          .filter((one) => {
            const { width, height } = one.getBoundingClientRect();
            return width < least || height < least;
          })
          .map((one) => one.outerHTML)""",
        LEAST_TARGET,
    )
