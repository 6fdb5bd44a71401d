"""The account pages, as people use them in real browsers."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from testkit.browser.people import (
    NEW_PASSWORD,
    Person,
    field,
    fill_details,
    fill_gaps,
    keep_code,
    press,
    recover,
    sign_in,
    sign_up,
    somebody,
)
from tests.browser.chatting import newcomer
from tests.browser.conftest import OpenWindow

ARGON2_MS = 30_000  # a slow machine that runs other tests as well


def refused(page: Page, person: Person) -> None:
    """Signing in with what `person` believes to be right does not work, and says so."""
    page.goto("/sign-in")
    field(page, "Username").fill(person.name)
    field(page, "Password").fill(person.password)
    press(page, "Sign in")
    expect(page.get_by_role("alert")).to_contain_text(
        "Wrong username or password", timeout=ARGON2_MS
    )


def devices_of(page: Page) -> "list[str]":
    page.goto("/settings")
    expect(page.locator("device-list")).not_to_have_attribute("aria-busy", "true")
    return page.locator("device-list li").all_inner_texts()


def test_sign_up_ends_in_the_chats(open_window: OpenWindow) -> None:
    page = open_window("alice").page
    alice = sign_up(page)
    page.goto("/settings")
    expect(page.get_by_role("heading", name=alice.display_name)).to_be_visible()
    expect(page.locator("device-list")).to_contain_text("This browser")


def test_sign_up_tells_what_is_wrong_before_it_goes_on(open_window: OpenWindow) -> None:
    page = open_window("alice").page
    page.goto("/sign-up")
    press(page, "Continue")
    expect(page.get_by_text("Choose a username.")).to_be_visible()
    fill_details(page, Person("two words", "Alice", "password1"))
    expect(page.get_by_text("A username has no spaces")).to_be_visible()
    press(page, "Continue")
    expect(page.get_by_text("Too easy to guess")).to_be_visible()
    expect(page.get_by_role("heading", name="Create an account")).to_be_visible()
    fill_details(page, somebody())
    press(page, "Continue")
    expect(page.get_by_role("heading", name="Your recovery code")).to_be_visible()


def test_a_name_that_is_taken_is_told_at_once(open_window: OpenWindow) -> None:
    alice = newcomer(open_window("alice").page, "Alice")
    page = open_window("mallory").page
    page.goto("/sign-up")
    fill_details(page, Person(alice.name.upper(), "Mallory"))
    press(page, "Continue")
    expect(page.get_by_text("This name is taken")).to_be_visible()


def test_a_code_that_was_not_kept_does_not_pass(open_window: OpenWindow) -> None:
    page = open_window("alice").page
    page.goto("/sign-up")
    fill_details(page, somebody())
    press(page, "Continue")
    groups = page.locator("[data-part='show'] .code li")
    expect(groups).to_have_count(8, timeout=ARGON2_MS)
    code = "-".join(groups.all_inner_texts())
    press(page, "I have kept it")
    fill_gaps(page, re.sub(r"\w", lambda seen: "2" if seen[0] != "2" else "3", code))
    expect(page.get_by_text("That is not what the code says there")).to_be_visible()
    expect(page).to_have_url(re.compile("/sign-up"))
    fill_gaps(page, code)
    expect(page).to_have_url(re.compile("/chats"), timeout=ARGON2_MS)


@pytest.mark.engine
def test_another_browser_opens_the_account_by_password(open_window: OpenWindow) -> None:
    alice = sign_up(open_window("alice").page)
    other = open_window("alice's other browser").page
    sign_in(other, alice)
    assert len(devices_of(other)) == 2


def test_a_wrong_password_is_told_and_the_right_one_still_works(open_window: OpenWindow) -> None:
    alice = newcomer(open_window("alice").page, "Alice")
    page = open_window("mallory").page
    refused(page, Person(alice.name, "", "seven quiet otters juggle lambs"))
    refused(page, Person(f"{alice.name}.nobody", "", alice.password))
    sign_in(page, alice)


@pytest.mark.parametrize("heard", [False, True])
def test_a_sign_in_that_failed_at_its_end_is_tried_again(
    open_window: OpenWindow, *, heard: bool
) -> None:
    """Keys are made and kept before the server hears of them."""
    alice = newcomer(open_window("alice").page, "Alice")
    page = open_window("alice's other browser").page

    def lose(route: Route) -> None:
        if heard:
            route.fetch()
        route.abort()

    page.route("**/api/links", lose, times=1)
    page.goto("/sign-in")
    field(page, "Username").fill(alice.name)
    field(page, "Password").fill(alice.password)
    press(page, "Sign in")
    expect(page.get_by_text("The server cannot be reached")).to_be_visible(timeout=ARGON2_MS)
    field(page, "Password").fill(alice.password)
    press(page, "Sign in")
    expect(page).to_have_url(re.compile(r"/chats"), timeout=ARGON2_MS)
    assert len(devices_of(page)) == 2


@pytest.mark.engine
def test_a_forgotten_password_is_replaced_by_the_code(open_window: OpenWindow) -> None:
    alice = newcomer(open_window("alice").page, "Alice")
    before = Person(alice.name, alice.display_name, alice.password, alice.code)
    page = open_window("alice, who forgot").page
    recover(page, alice, NEW_PASSWORD)
    assert alice.code != before.code
    elsewhere = open_window("elsewhere").page
    refused(elsewhere, before)
    elsewhere.goto("/sign-in#code")
    field(elsewhere, "Username").fill(before.name)
    field(elsewhere, "Recovery code").fill(before.code)
    press(elsewhere, "Continue")
    expect(elsewhere.get_by_text("do not belong together")).to_be_visible()
    sign_in(elsewhere, alice)


def test_a_mistyped_code_is_told_without_asking_the_server(open_window: OpenWindow) -> None:
    window = open_window("alice")
    asked = api_requests(window.page)
    window.page.goto("/sign-in#code")
    field(window.page, "Username").fill("alice")
    field(window.page, "Recovery code").fill("0123-4567")
    press(window.page, "Continue")
    expect(window.page.get_by_text("not a whole recovery code")).to_be_visible()
    assert not asked


def test_a_changed_password_replaces_the_old_one(open_window: OpenWindow) -> None:
    page = open_window("alice").page
    alice = sign_up(page)
    page.goto("/settings")
    press(page, "Change password")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Password now").fill("not this one at all")
    dialog.get_by_label("New password").fill(NEW_PASSWORD)
    press_in(dialog, "Change password")
    expect(dialog.get_by_role("alert")).to_contain_text("not your password", timeout=ARGON2_MS)
    dialog.get_by_label("Password now").fill(alice.password)
    press_in(dialog, "Change password")
    expect(page.get_by_text("Password changed")).to_be_visible(timeout=ARGON2_MS)
    other = open_window("alice's other browser").page
    refused(other, alice)
    alice.password = NEW_PASSWORD
    sign_in(other, alice)


@pytest.mark.engine
def test_a_changed_password_offers_to_sign_out_elsewhere(open_window: OpenWindow) -> None:
    page, other = open_window("alice").page, open_window("alice's other browser").page
    alice = sign_up(page)
    sign_in(other, alice)
    page.goto("/settings")
    press(page, "Change password")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Password now").fill(alice.password)
    dialog.get_by_label("New password").fill(NEW_PASSWORD)
    press_in(dialog, "Change password")
    offer = page.get_by_role("dialog", name="Your other devices stay signed in")
    expect(offer).to_contain_text("with the old password", timeout=ARGON2_MS)
    press_in(offer, "Sign out all other devices")
    expect(page.get_by_text("All other devices are signed out")).to_be_visible()
    expect(page.locator("device-list li")).to_have_count(1)
    expect(other).to_have_url(re.compile("/sign-in"))  # it leaves by itself
    other.goto("/settings")
    expect(other).to_have_url(re.compile("/sign-in"))


def test_a_new_code_replaces_the_old_one(open_window: OpenWindow) -> None:
    page = open_window("alice").page
    alice = sign_up(page)
    old = alice.code
    page.goto("/settings")
    press(page, "New code")
    alice.code = renew(page, alice)
    expect(page.get_by_text("Your new recovery code is valid")).to_be_visible(timeout=ARGON2_MS)
    assert alice.code != old
    recover(open_window("alice, who forgot").page, alice, NEW_PASSWORD)


def test_signing_out_leaves_nothing_in_the_browser(open_window: OpenWindow) -> None:
    page = open_window("alice").page
    sign_up(page)
    assert databases(page)
    page.goto("/settings")
    press(page, "Sign out")
    press_in(page.get_by_role("dialog"), "Sign out")
    expect(page).to_have_url(re.compile("/$"))
    assert not databases(page)
    page.goto("/settings")
    expect(page).to_have_url(re.compile(r"/sign-in\?next=%2Fsettings"))


def test_another_session_can_be_signed_out_from_here(open_window: OpenWindow) -> None:
    first, second = open_window("alice").page, open_window("alice's other browser").page
    sign_in(second, newcomer(first, "Alice"))
    assert len(devices_of(second)) == 2
    second.get_by_role("button", name=re.compile("^Sign out: ")).click()
    expect(second.locator("device-list li")).to_have_count(1)
    expect(first).to_have_url(re.compile("/sign-in"))  # by itself: it was told
    first.goto("/settings")
    expect(first).to_have_url(re.compile("/sign-in"))


@pytest.mark.engine
def test_a_lost_device_is_shut_out(open_window: OpenWindow) -> None:
    lost, page = open_window("thief").page, open_window("alice").page
    alice = newcomer(lost, "Alice")
    sign_in(page, alice)
    assert len(devices_of(page)) == 2
    page.get_by_role("button", name=re.compile("^Lost or stolen: ")).click()
    alice.code = renew(page, alice)
    expect(page.get_by_text("Removed. Your new recovery code is valid.")).to_be_visible(
        timeout=ARGON2_MS
    )
    expect(page.locator("device-list li")).to_have_count(1)
    expect(lost).to_have_url(re.compile("/sign-in"))
    lost.goto("/settings")
    expect(lost).to_have_url(re.compile("/sign-in"))


def test_people_come_back_to_where_they_wanted_to_go(open_window: OpenWindow) -> None:
    alice = newcomer(open_window("alice").page, "Alice")
    page = open_window("alice's other browser").page
    page.goto("/settings")
    field(page, "Username").fill(alice.name)
    field(page, "Password").fill(alice.password)
    press(page, "Sign in")
    expect(page).to_have_url(re.compile("/settings$"), timeout=ARGON2_MS)


def test_secrets_stay_in_the_browser(open_window: OpenWindow) -> None:
    window = open_window("alice")
    sent: list[str] = []
    window.page.on("request", lambda request: sent.append(request.url + (request.post_data or "")))
    alice = sign_up(window.page)
    traffic = "\n".join(sent)
    assert alice.display_name in traffic  # or the recording is blind
    for secret in (alice.password, alice.code, alice.code.replace("-", "")):
        assert secret not in traffic


def test_without_script_nothing_leaves(open_window: OpenWindow) -> None:
    page = open_window("alice", java_script_enabled=False).page
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    for path in ("/sign-in", "/sign-up"):
        page.goto(path)
        expect(page.locator("noscript p")).to_contain_text("needs JavaScript")
        expect(page.locator("button[type='submit']").first).to_be_disabled()
        sent.clear()
        field(page, "Username").fill("alice")
        field(page, "Password").fill("a secret")
        page.keyboard.press("Enter")
        page.get_by_role("link", name="Help", exact=True).click()  # the recording is not blind
        expect(page.get_by_role("heading", name="First steps")).to_be_visible()
        assert {url for url in sent if "/static/" not in url} == {page.url}


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_a_chosen_theme_holds_against_the_system(open_window: OpenWindow, theme: str) -> None:
    system = "dark" if theme == "Light" else "light"
    page = open_window("alice", color_scheme=system).page
    newcomer(page, "Alice")
    page.goto("/settings")
    before = background(page)
    page.get_by_role("radio", name=theme).check()
    assert background(page) != before
    page.reload()
    assert background(page) != before


def renew(page: Page, person: Person) -> str:
    """The dialog that asks the password and shows a new code."""
    page.get_by_role("dialog").get_by_label("Password", exact=True).fill(person.password)
    press_in(page.get_by_role("dialog"), "Continue")
    expect(page.locator("[data-part='show'] .code li")).to_have_count(8, timeout=ARGON2_MS)
    return keep_code(page)


def press_in(dialog: object, button: str) -> None:
    dialog.get_by_role("button", name=button, exact=True).click()  # type: ignore[attr-defined]


def api_requests(page: Page) -> list[str]:
    asked: list[str] = []
    page.on(
        "request", lambda request: asked.append(request.url) if "/api/" in request.url else None
    )
    return asked


def databases(page: Page) -> list[str]:
    return page.evaluate("async () => (await indexedDB.databases()).map(({ name }) => name)")


def background(page: Page) -> str:
    return page.evaluate("() => getComputedStyle(document.documentElement).backgroundColor")
