"""Everything is lost, and a reset link, from the operator or by mail, ends in a working account,
in at most five steps; the people one talks to can go on."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from testkit.browser.pages import ready
from testkit.browser.people import NEW_PASSWORD, Person, field, keep_code, press, sign_in
from testkit.running import Site
from tests.browser import mailserver, readymade
from tests.browser.chatting import (
    SLOW_MS,
    Pair,
    both_understand,
    bubble,
    composer,
    expect_status,
    newcomer,
    open_chat,
    open_page,
    text,
    write,
)
from tests.browser.conftest import OpenWindow
from tests.browser.engine import new_site

STEPS_MAX = 5  # things that a person fills in and sends, from the first page to the chats


def reset_link(site: Site, person: Person) -> str:
    """From the operator, who recognised the person."""
    return site.manage_says("reset_account", person.name).split()[-1]


def start_over(page: Page, link: str, person: Person) -> int:
    """Follows the link to the chats; how many steps that took."""
    page.goto(link)
    expect(page.get_by_role("heading", name=f"Start over as @{person.name}")).to_be_visible()
    expect(page.locator("#details")).to_contain_text("Your old messages stay closed for you")
    field(page, "New password").fill(NEW_PASSWORD)
    press(page, "Continue")
    person.password, person.code = NEW_PASSWORD, keep_code(page)
    expect(page).to_have_url(re.compile(r"/chats"), timeout=SLOW_MS)
    ready(page)
    return 4  # the password, "I have kept it", the two gaps; and following the link


def confirm_identity(page: Page, name: str) -> None:
    notice = page.locator(".thread-identity")
    expect(notice).to_contain_text(f"{name} has a new security identity", timeout=SLOW_MS)
    expect(composer(page)).to_be_disabled()
    page.get_by_role("button", name="I have asked, go on").click()
    expect(notice).to_be_hidden()
    expect(composer(page)).to_be_enabled()


@pytest.mark.engine
def test_everything_lost_and_back_by_the_operators_link(
    talking: Pair, open_window: OpenWindow, site: Site
) -> None:
    a, b, alice = talking.alice, talking.bob, talking.alice_is
    old = open_window("alice's lost browser").page
    readymade.another_device(old, alice)
    open_page(old, "/chats")
    fresh = open_window("alice, who lost everything").page
    assert start_over(fresh, reset_link(site, alice), alice) <= STEPS_MAX
    for gone in (a, old):
        expect(gone).to_have_url(re.compile("/sign-in"), timeout=SLOW_MS)
    confirm_identity(b, "Alice")
    open_chat(fresh, "Bob")
    expect(
        fresh.get_by_text("Messages from before you reset your account stay closed.")
    ).to_be_visible()
    both_understand(fresh, b)
    expect(b.get_by_text("The security identity of this person has changed.")).to_be_visible()
    b.reload()
    both_understand(fresh, b)


def test_a_person_who_starts_over_may_write_first(
    talking: Pair, open_window: OpenWindow, site: Site
) -> None:
    b, alice = talking.bob, talking.alice_is
    open_page(b, "/chats")
    fresh = open_window("alice again").page
    start_over(fresh, reset_link(site, alice), alice)
    open_chat(fresh, "Bob")
    said = text()
    write(fresh, said)
    expect_status(fresh, said, "Sent")
    b.locator("chat-list").get_by_role("link", name="Alice").click()
    expect(bubble(b, said)).to_have_count(0)
    confirm_identity(b, "Alice")
    expect(bubble(b, said)).to_be_visible()
    both_understand(fresh, b)


@pytest.mark.parametrize("order", ["alice first", "bob first"])
def test_both_start_over(talking: Pair, open_window: OpenWindow, site: Site, order: str) -> None:
    alice, bob = talking.alice_is, talking.bob_is
    pages = {}
    people = (alice, bob) if order == "alice first" else (bob, alice)
    for person in people:
        page = pages[person.name] = open_window(f"{person.name} again").page
        start_over(page, reset_link(site, person), person)
    a, b = pages[alice.name], pages[bob.name]
    # The first to start over has met the other's old identity by now.
    earlier, later = (a, b) if order == "alice first" else (b, a)
    name_of = {a: "Bob", b: "Alice"}
    earlier.locator("chat-list").get_by_role("link", name=name_of[earlier]).click()
    confirm_identity(earlier, name_of[earlier])
    open_chat(later, name_of[later])
    both_understand(a, b)
    for page in (a, b):
        expect(
            page.get_by_text("The security identity of this person has changed.")
        ).to_be_visible()


def test_a_used_link_says_so_and_how_to_get_another(open_window: OpenWindow, site: Site) -> None:
    page = open_window("alice").page
    alice = newcomer(page, "Alice")
    link = reset_link(site, alice)
    fresh = open_window("alice again").page
    start_over(fresh, link, alice)
    fresh.goto("/help")
    fresh.goto(link)
    expect(fresh.get_by_role("alert").locator("visible=true")).to_contain_text("has been used")
    expect(fresh.get_by_text("Ask them for a reset link")).to_be_visible()
    other = open_window("alice's other browser").page
    sign_in(other, alice)


@pytest.fixture
def mailing() -> Iterator[tuple[Site, mailserver.MailServer]]:
    """A site that sends mail, and the server that takes it."""
    with mailserver.MailServer() as mails:
        site = new_site(
            {
                "EMAIL_HOST": "127.0.0.1",
                "EMAIL_PORT": str(mails.port),
                "EMAIL_FROM": "chat@example.org",
                "EMAIL_SECURITY": "none",
            }
        ).start()
        yield site, mails
        site.remove()


def test_everything_lost_and_back_by_mail(
    open_window: OpenWindow, mailing: tuple[Site, mailserver.MailServer]
) -> None:
    site, mails = mailing
    page = open_window("alice", base_url=site.url).page
    alice = newcomer(page, "Alice")
    open_page_of_settings(page)
    field(page, "E-mail address").fill("alice@example.org")
    field(page, "Your password").fill(alice.password)
    press(page, "Send a code there")
    code = mails.next(r"\b\w{4}-\w{4}\b")
    field(page, "Code from the mail").fill(code.lower())
    press(page, "Confirm")
    expect(page.get_by_text("A reset link can go to alice@example.org.")).to_be_visible()
    fresh = open_window("alice, who lost everything", base_url=site.url).page
    fresh.goto("/sign-in#code")
    fresh.get_by_text("I have lost the code too").click()
    fresh.get_by_role("link", name="Start the account over").click()
    field(fresh, "Username").fill(alice.name)
    press(fresh, "Send the link")
    expect(fresh.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
    assert start_over(fresh, mails.next(r"http\S+/reset#[0-9a-f]{64}"), alice) + 1 <= STEPS_MAX


def open_page_of_settings(page: Page) -> None:
    page.goto("/settings")
    expect(page.locator("device-list .device")).to_have_count(1)
