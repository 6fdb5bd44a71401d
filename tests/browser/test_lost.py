"""A browser that was lost or stolen is shut out; a recovery code that was lost costs a new one."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from testkit.browser.people import Person, keep_code, press, sign_in
from tests.browser import readymade
from tests.browser.chatting import SLOW_MS, Pair, both_understand, newcomer, open_chat, open_page
from tests.browser.conftest import OpenWindow

MAKE_CODE = """async () => {
  const { formatCode, newCode } = await import("/static/js/crypto/recoverycode.js");
  return formatCode(newCode());
}"""
WHAT_IS_LEFT = """async () => ({
  databases: (await indexedDB.databases()).map(({ name }) => name),
  places: [...Object.keys(localStorage), ...Object.keys(sessionStorage)],
})"""
STEAL_KEYS = """async () => {
  const { openAccount } = await import("/static/js/account/openaccount.js");
  return Math.max(...(await openAccount()).seeds.keys());
}"""


@pytest.mark.engine
def test_a_removed_browser_wipes_itself_and_reads_nothing_newer(
    talking: Pair, open_window: OpenWindow
) -> None:
    a, b, alice = talking.alice, talking.bob, talking.alice_is
    thief = open_window("thief with alice's laptop").page
    readymade.another_device(thief, alice)
    open_chat(thief, "Bob")
    both_understand(thief, b)
    kept = thief.evaluate(STEAL_KEYS)
    remove(a, alice)
    expect(thief).to_have_url(re.compile("/sign-in"), timeout=SLOW_MS)
    expect(thief.get_by_text("no longer belongs to your account")).to_be_visible()
    assert thief.evaluate("async () => (await indexedDB.databases()).length") == 0
    open_chat(a, "Bob")
    both_understand(a, b)
    assert newest_generation(a) == kept + 1, "and the thief has no seed of it"


@pytest.mark.parametrize("late", [False, True], ids=["at once", "the second one later"])
def test_two_tabs_of_a_removed_browser_both_say_why(
    talking: Pair, open_window: OpenWindow, late: bool
) -> None:
    a, alice = talking.alice, talking.alice_is
    first = open_window("alice's stolen laptop").page
    readymade.another_device(first, alice)
    open_chat(first, "Bob")
    second = first.context.new_page()
    open_page(second, "/people")
    held: list[Route] = []
    if late:  # the first one has wiped the browser before the second one's sign-in looks
        second.route("**/sign-in*", lambda route: held.append(route))
    remove(a, alice)
    says_that_it_was_removed(first)
    for route in held:
        route.continue_()
    second.unroute_all()
    says_that_it_was_removed(second)
    for page in (first, second):
        assert page.evaluate(WHAT_IS_LEFT) == {"databases": [], "places": []}
        page.reload()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        expect(page.get_by_text("no longer belongs to your account")).to_be_hidden()


def test_a_browser_that_was_away_when_it_was_removed(
    talking: Pair, open_window: OpenWindow
) -> None:
    a, alice = talking.alice, talking.alice_is
    away = open_window("alice's old laptop").page
    readymade.another_device(away, alice)
    open_page(away, "/chats")
    away.goto("about:blank")
    remove(a, alice)
    away.goto("/chats")
    expect(away).to_have_url(re.compile("/sign-in"))
    expect(away.get_by_text("no longer belongs to your account")).to_be_visible()
    assert away.evaluate("async () => (await indexedDB.databases()).length") == 0
    sign_in(away, alice)


def test_a_code_is_checked_without_changing_anything(open_window: OpenWindow) -> None:
    page = open_window("alice").page
    alice = newcomer(page, "Alice")
    page.goto("/settings")
    expect(page.get_by_text("Made on")).to_be_visible()
    press(page, "Check my code")
    dialog = page.get_by_role("dialog")
    typed = dialog.get_by_label("Recovery code")
    typed.fill(alice.code[:-1])
    dialog.get_by_role("button", name="Check", exact=True).click()
    expect(dialog).to_contain_text("not a whole recovery code")
    typed.fill(page.evaluate(MAKE_CODE))
    dialog.get_by_role("button", name="Check", exact=True).click()
    expect(dialog).to_contain_text("not the code of this account")
    typed.fill(alice.code.lower().replace("-", " "))
    dialog.get_by_role("button", name="Check", exact=True).click()
    expect(dialog).to_contain_text("this code opens your account")
    dialog.get_by_role("button", name="Done").click()
    other = open_window("alice's other browser").page
    sign_in(other, alice)


def test_a_lost_code_alone_costs_nothing_but_a_new_one(
    talking: Pair, open_window: OpenWindow
) -> None:
    b, alice = talking.bob, talking.alice_is
    other = open_window("alice's other browser").page
    sign_in(other, alice)
    open_chat(other, "Bob")
    expect(other.locator(".message")).to_have_count(2)
    both_understand(other, b)
    expect(b.locator(".thread-identity")).to_be_hidden()


def newest_generation(page: Page) -> int:
    return int(page.evaluate(STEAL_KEYS))


def remove(page: Page, alice: Person) -> None:
    """Lost or stolen: by the password, with a new code at the end."""
    page.goto("/settings")
    expect(page.locator("device-list .device")).to_have_count(2)
    page.get_by_role("button", name=re.compile("^Lost or stolen: ")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Password", exact=True).fill(alice.password)
    dialog.get_by_role("button", name="Continue").click()
    alice.code = keep_code(page)
    expect(page.get_by_text("Removed. Your new recovery code is valid.")).to_be_visible(
        timeout=SLOW_MS
    )


def says_that_it_was_removed(page: Page) -> None:
    expect(page).to_have_url(re.compile("/sign-in"), timeout=SLOW_MS)
    expect(page.get_by_text("no longer belongs to your account")).to_be_visible()
