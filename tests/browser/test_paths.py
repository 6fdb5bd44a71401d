"""Every way out of trouble with an account ends in a working account, in at most five steps, and
the people one talks to can go on."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, Route, WebSocketRoute, expect

from tests.browser import mailserver
from tests.browser.chatting import (
    bubble,
    composer,
    connect,
    expect_status,
    live,
    newcomer,
    open_chat,
    open_page,
    ready,
    text,
    write,
)
from tests.browser.conftest import OpenWindow
from tests.browser.people import Person, field, keep_code, press, sign_in
from tests.running import Site, new_site

NEW_PASSWORD = "eleven brass kites over gravel"
STEPS_MAX = 5  # things that a person fills in and sends, from the first page to the chats
SLOW_MS = 30_000  # Argon2id, in a machine that runs other tests


def talking(open_window: OpenWindow) -> tuple[Page, Page, Person, Person]:
    """Alice and Bob, with one message each way."""
    a, b = open_window("alice").page, open_window("bob").page
    alice, bob = newcomer(a, "Alice"), newcomer(b, "Bob")
    connect(a, b, bob.name)
    open_chat(a, "Bob")
    open_chat(b, "Alice")
    for page, other in ((a, b), (b, a)):
        said = text()
        write(page, said)
        expect(bubble(other, said)).to_be_visible()
    return a, b, alice, bob


def both_understand(a: Page, b: Page) -> None:
    for page, other in ((a, b), (b, a)):
        said = text()
        write(page, said)
        expect(bubble(other, said)).to_be_visible(timeout=SLOW_MS)


def reset_link(site: Site, person: Person) -> str:
    """From the operator, who recognised the person."""
    return site.manage_says("reset_account", person.name).split()[-1]


def begin_anew(page: Page, link: str, person: Person) -> int:
    """Follows the link to the chats; how many steps that took."""
    page.goto(link)
    expect(page.get_by_role("heading", name=f"Begin anew as @{person.name}")).to_be_visible()
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


class TestReset:
    def test_everything_lost_and_back_by_the_operators_link(
        self, open_window: OpenWindow, site: Site
    ) -> None:
        a, b, alice, _bob = talking(open_window)
        old = open_window("alice's lost browser").page
        sign_in(old, alice)
        fresh = open_window("alice, who lost everything").page
        assert begin_anew(fresh, reset_link(site, alice), alice) <= STEPS_MAX
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

    def test_whoever_begins_anew_may_write_first(self, open_window: OpenWindow, site: Site) -> None:
        _a, b, alice, _bob = talking(open_window)
        open_page(b, "/chats")
        fresh = open_window("alice anew").page
        begin_anew(fresh, reset_link(site, alice), alice)
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
    def test_both_begin_anew(self, open_window: OpenWindow, site: Site, order: str) -> None:
        _a, _b, alice, bob = talking(open_window)
        pages = {}
        people = (alice, bob) if order == "alice first" else (bob, alice)
        for person in people:
            page = pages[person.name] = open_window(f"{person.name} anew").page
            begin_anew(page, reset_link(site, person), person)
        a, b = pages[alice.name], pages[bob.name]
        open_chat(a, "Bob")
        open_chat(b, "Alice")
        both_understand(a, b)
        for page in (a, b):
            expect(
                page.get_by_text("The security identity of this person has changed.")
            ).to_be_visible()

    def test_a_used_link_says_so_and_how_to_get_another(
        self, open_window: OpenWindow, site: Site
    ) -> None:
        page = open_window("alice").page
        alice = newcomer(page, "Alice")
        link = reset_link(site, alice)
        fresh = open_window("alice anew").page
        begin_anew(fresh, link, alice)
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
                "LIVE_RATE_FACTOR": "1000",
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
    fresh.get_by_role("link", name="Begin the account anew").click()
    field(fresh, "Username").fill(alice.name)
    press(fresh, "Send the link")
    expect(fresh.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
    assert begin_anew(fresh, mails.next(r"http\S+/reset#[0-9a-f]{64}"), alice) + 1 <= STEPS_MAX


class TestWiped:
    def test_a_wiped_browser_is_enrolled_again_and_its_old_device_struck_off(
        self, open_window: OpenWindow
    ) -> None:
        a, b, alice, _bob = talking(open_window)
        before = a.locator(".message").all_inner_texts()
        wipe(a, databases=True, places=True)
        a.goto("/chats")
        expect(a).to_have_url(re.compile("/sign-in"))
        expect(a.get_by_text("its storage was cleared")).to_be_visible()
        expect(field(a, "Username")).to_have_value(alice.name)
        missed = text()
        write(b, missed)
        field(a, "Password").fill(alice.password)
        press(a, "Sign in")
        expect(a).to_have_url(re.compile("/chats"), timeout=SLOW_MS)
        open_chat(a, "Bob")
        expect(bubble(a, missed)).to_be_visible()
        assert len(before) == 2
        expect(a.locator(".message")).to_have_count(3)
        both_understand(a, b)
        a.goto("/settings")
        expect(a.locator("device-list .device")).to_have_count(1)

    @pytest.mark.parametrize("half", ["databases", "device", "account", "place"])
    def test_a_half_wiped_browser_is_no_dead_end(self, open_window: OpenWindow, half: str) -> None:
        a, b, alice, _bob = talking(open_window)
        if half in ("device", "account"):
            a.goto("/help")
            forget_row(a, *{"device": ("device", "this"), "account": ("meta", "account")}[half])
        else:
            wipe(a, databases=half == "databases", places=half == "place")
        a.goto("/chats")
        expect(a).to_have_url(re.compile("/sign-in"))
        expect(field(a, "Username")).to_have_value(alice.name)
        field(a, "Password").fill(alice.password)
        press(a, "Sign in")
        expect(a).to_have_url(re.compile("/chats"), timeout=SLOW_MS)
        open_chat(a, "Bob")
        both_understand(a, b)

    def test_storage_cleared_under_an_open_chat(self, open_window: OpenWindow) -> None:
        a, b, alice, _bob = talking(open_window)
        live(a)
        devtools = a.context.new_cdp_session(a)
        origin = {"origin": a.url.split("/chats")[0], "storageTypes": "indexeddb,local_storage"}
        devtools.send("Storage.clearDataForOrigin", origin)
        expect(a).to_have_url(re.compile("/sign-in"), timeout=SLOW_MS)
        expect(a.get_by_text("its storage was cleared")).to_be_visible()
        field(a, "Password").fill(alice.password)
        press(a, "Sign in")
        expect(a).to_have_url(re.compile("/chats/"), timeout=SLOW_MS)
        both_understand(a, b)


class TestSignOut:
    def test_it_waits_for_what_is_unsent(self, open_window: OpenWindow) -> None:
        a, b, _alice, _bob = talking(open_window)
        line = cut(a)
        for said in (texts := [text(), text()]):
            write(a, said)
            expect(bubble(a, said)).to_be_visible()
        dialog = ask_to_leave(a)
        expect(dialog).to_contain_text("2 messages are not sent yet.")
        expect(dialog.get_by_role("button", name="Sign out")).to_be_disabled()
        line.whole = True
        dialog.get_by_role("link", name="To the chats").click()
        for said in texts:
            expect(bubble(b, said)).to_be_visible(timeout=SLOW_MS)
        expect(ask_to_leave(a).get_by_role("button", name="Sign out")).to_be_enabled()

    def test_given_up_in_so_many_words_it_is_lost(self, open_window: OpenWindow) -> None:
        a, b, alice, _bob = talking(open_window)
        line = cut(a)
        lost = text()
        write(a, lost)
        expect(bubble(a, lost)).to_be_visible()
        dialog = ask_to_leave(a)
        expect(dialog).to_contain_text("1 message is not sent yet.")
        dialog.get_by_label("Give them up").check()
        dialog.get_by_role("button", name="Sign out").click()
        expect(a).to_have_url(re.compile("/$"))
        assert a.evaluate("async () => (await indexedDB.databases()).length") == 0
        line.whole = True
        sign_in(a, alice)
        open_chat(a, "Bob")
        both_understand(a, b)
        expect(bubble(b, lost)).to_have_count(0)

    def test_another_tab_loses_the_account_too(self, open_window: OpenWindow) -> None:
        a = open_window("alice").page
        newcomer(a, "Alice")
        tab = a.context.new_page()
        open_page(tab, "/chats")
        a.goto("/settings")
        with a.expect_response(lambda answer: answer.request.method == "DELETE") as answer:
            press(a, "Sign out")
            a.get_by_role("dialog").get_by_role("button", name="Sign out").click()
        assert answer.value.all_headers()["clear-site-data"] == '"storage"'
        expect(tab).to_have_url(re.compile("/sign-in"), timeout=SLOW_MS)


class TestStolen:
    def test_a_removed_browser_wipes_itself_and_reads_nothing_newer(
        self, open_window: OpenWindow
    ) -> None:
        a, b, alice, _bob = talking(open_window)
        thief = open_window("thief with alice's laptop").page
        sign_in(thief, alice)
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
        self, open_window: OpenWindow, late: bool
    ) -> None:
        a, _b, alice, _bob = talking(open_window)
        first = open_window("alice's stolen laptop").page
        sign_in(first, alice)
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
            assert page.evaluate(WHAT_IS_LEFT) == {"databases": 0, "places": []}
            page.reload()
            expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
            expect(page.get_by_text("no longer belongs to your account")).to_be_hidden()

    def test_a_browser_that_was_away_when_it_was_removed(self, open_window: OpenWindow) -> None:
        a, _b, alice, _bob = talking(open_window)
        away = open_window("alice's old laptop").page
        sign_in(away, alice)
        ready(away)
        away.goto("about:blank")
        remove(a, alice)
        away.goto("/chats")
        expect(away).to_have_url(re.compile("/sign-in"))
        expect(away.get_by_text("no longer belongs to your account")).to_be_visible()
        assert away.evaluate("async () => (await indexedDB.databases()).length") == 0
        sign_in(away, alice)


class TestCode:
    def test_a_code_is_checked_without_changing_anything(self, open_window: OpenWindow) -> None:
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

    def test_a_lost_code_alone_costs_nothing_but_a_new_one(self, open_window: OpenWindow) -> None:
        _a, b, alice, _bob = talking(open_window)
        other = open_window("alice's other browser").page
        sign_in(other, alice)
        open_chat(other, "Bob")
        expect(other.locator(".message")).to_have_count(2)
        both_understand(other, b)
        expect(b.locator(".thread-identity")).to_be_hidden()


MAKE_CODE = """async () => {
  const { formatCode, newCode } = await import("/static/js/crypto/recoverycode.js");
  return formatCode(newCode());
}"""
WHAT_IS_LEFT = """async () => ({
  databases: (await indexedDB.databases()).length,
  places: [...Object.keys(localStorage), ...Object.keys(sessionStorage)],
})"""
STEAL_KEYS = """async () => {
  const { openAccount } = await import("/static/js/account/openaccount.js");
  return Math.max(...(await openAccount()).seeds.keys());
}"""


class Line:
    """Between a page and the live path: whole or cut, whatever carries it."""

    def __init__(self, page: Page) -> None:
        self.whole = False
        page.context.route_web_socket(re.compile("/live$"), self._socket)
        page.context.route(re.compile("/live$"), self._call)

    def _socket(self, route: WebSocketRoute) -> None:
        if self.whole:
            route.connect_to_server()
        else:
            route.close()

    def _call(self, route: Route) -> None:
        if self.whole:
            route.continue_()
        else:
            route.abort()


def cut(page: Page) -> Line:
    line = Line(page)
    page.reload()
    expect(composer(page)).to_be_enabled()
    return line


def ask_to_leave(page: Page) -> Locator:
    page.goto("/settings")
    press(page, "Sign out")
    return page.get_by_role("dialog")


def newest_generation(page: Page) -> int:
    return int(page.evaluate(STEAL_KEYS))


def open_page_of_settings(page: Page) -> None:
    page.goto("/settings")
    expect(page.locator("device-list .device")).to_have_count(1)


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


def wipe(page: Page, *, databases: bool, places: bool) -> None:
    """What a person, or a browser short of space, clears; the cookie of the session stays."""
    page.goto("/help")
    page.evaluate(
        """async ([databases, places]) => {
          if (places) localStorage.clear();
          if (!databases) return;
          const gone = (name) => new Promise((done, failed) => {
            const asked = indexedDB.deleteDatabase(name);
            asked.onsuccess = done;
            asked.onerror = asked.onblocked = failed;
          });
          for (const { name } of await indexedDB.databases()) await gone(name);
        }""",
        [databases, places],
    )


def forget_row(page: Page, store: str, key: str) -> None:
    page.evaluate(
        """async ([store, key]) => {
          const [{ name }] = await indexedDB.databases();
          await new Promise((done, failed) => {
            const asked = indexedDB.open(name);
            asked.onerror = failed;
            asked.onsuccess = () => {
              const change = asked.result.transaction(store, "readwrite");
              change.objectStore(store).delete(key);
              change.oncomplete = () => { asked.result.close(); done(); };
            };
          });
        }""",
        [store, key],
    )
