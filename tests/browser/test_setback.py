"""An older backup is put back under two people who talk."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from testkit.browser.pages import live
from testkit.browser.people import Person, field, press
from testkit.running import Site
from tests.browser import readymade
from tests.browser.chatting import (
    SLOW_MS,
    Pair,
    both_understand,
    bubble,
    face_to_face,
    open_chat,
    open_page,
    strangers,
    write,
)
from tests.browser.conftest import OpenWindow
from tests.browser.engine import new_site
from tests.browser.readable import serious

pytestmark = pytest.mark.embedded("elsewhere: tests/nodes/test_restoring.py")

KEPT = """async () => {
  const [{ name }] = await indexedDB.databases();
  const asked = indexedDB.open(name);
  await new Promise((done) => { asked.onsuccess = done; });
  const counted = asked.result.transaction("messages").objectStore("messages").count();
  await new Promise((done) => { counted.onsuccess = done; });
  return counted.result;
}"""


@pytest.fixture
def site() -> Iterator[Site]:
    """Of its own: nobody else's data is set back."""
    # On SQLite always: elsewhere a backup goes into an empty site.
    site = new_site({"DATABASE_URL": ""}).start()
    yield site
    site.remove()


def set_back(site: Site, folder: Path) -> None:
    site.kill()
    site.manage("restore", str(folder))
    site.start()


def sign_in_again(page: Page, person: Person) -> None:
    """The page went to the sign-in by itself, and knows who was here."""
    expect(page).to_have_url(re.compile("/sign-in"), timeout=SLOW_MS)
    expect(field(page, "Username")).to_have_value(person.name, timeout=SLOW_MS)
    field(page, "Password").fill(person.password)
    press(page, "Sign in")
    expect(page).to_have_url(re.compile("/chats"), timeout=SLOW_MS)
    live(page)


def test_what_was_on_the_screen_stays_and_what_is_new_arrives(
    site: Site, open_window: OpenWindow, tmp_path: Path
) -> None:
    pair: Pair = face_to_face(open_window("alice").page, open_window("bob").page)
    a, b = pair.alice, pair.bob
    both_understand(a, b)
    site.manage("backup", str(tmp_path / "backup"))
    write(a, "written after the backup")
    expect(bubble(b, "written after the backup")).to_be_visible()
    write(b, "and answered")
    expect(bubble(a, "and answered")).to_be_visible()
    set_back(site, tmp_path / "backup")
    for page, person in ((a, pair.alice_is), (b, pair.bob_is)):
        page.reload()
        sign_in_again(page, person)
        lost = bubble(page, "written after the backup")
        expect(lost).to_have_attribute("data-only", "")
        expect(lost.locator("[data-part='status']")).to_be_hidden()
        expect(page.get_by_text("2 messages are only on this device")).to_have_count(1)
    for scheme in ("light", "dark"):
        a.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert not serious(a), scheme
    both_understand(a, b)
    for page in (a, b):
        page.reload()
        live(page)
        expect(bubble(page, "written after the backup")).to_be_visible()
        expect(page.get_by_text("2 messages are only on this device")).to_have_count(1)
        expect(page.locator(".message[data-only]")).to_have_count(2)
        expect(page.locator(".message-warning:not([hidden])")).to_have_count(0)


def test_a_browser_that_joined_after_the_backup_is_not_wiped(
    site: Site, open_window: OpenWindow, tmp_path: Path
) -> None:
    pair: Pair = face_to_face(open_window("alice").page, open_window("bob").page)
    both_understand(pair.alice, pair.bob)
    site.manage("backup", str(tmp_path / "backup"))
    late = open_window("alice's new laptop").page
    readymade.another_device(late, pair.alice_is)
    open_chat(late, "Bob")
    both_understand(late, pair.bob)
    set_back(site, tmp_path / "backup")
    late.reload()
    expect(late).to_have_url(re.compile("/sign-in"), timeout=SLOW_MS)
    expect(field(late, "Username")).to_have_value(pair.alice_is.name, timeout=SLOW_MS)
    field(late, "Password").fill(pair.alice_is.password)
    press(late, "Sign in")
    said = late.get_by_text("Nothing was deleted here")
    expect(said).to_be_visible(timeout=SLOW_MS)
    assert late.evaluate(KEPT) > 0


def test_a_chat_that_the_server_lost_says_so_and_leads_back(
    site: Site, open_window: OpenWindow, tmp_path: Path
) -> None:
    """The messages alone are put back: the page stays signed in, and the chat on the screen."""
    pair = strangers(open_window("alice").page, open_window("bob").page)
    site.manage("backup", str(tmp_path / "backup"))
    address = readymade.connect(pair.alice_is, pair.bob_is)
    for page in (pair.alice, pair.bob):
        open_page(page, address)
    both_understand(pair.alice, pair.bob)
    put_messages_back(site, tmp_path / "backup")
    alice = pair.alice
    expect(alice.locator("chat-composer")).to_contain_text(
        "does not know this chat any more", timeout=SLOW_MS
    )
    expect(alice.get_by_label("Message", exact=True)).to_be_hidden()
    answer = alice.reload()
    assert answer is not None
    assert answer.status == 404
    expect(alice.get_by_role("main")).to_contain_text("What this device keeps")
    alice.get_by_role("link", name="Back to the chats").click()
    alice.locator("chat-list").get_by_role("link", name="Bob").click()
    expect(alice.locator("chat-composer")).to_contain_text("does not know this chat any more")
    expect(alice.locator(".message")).to_have_count(2)


def test_a_chat_that_the_server_lost_before_this_browser_heard_of_it(
    site: Site, open_window: OpenWindow, tmp_path: Path
) -> None:
    pair = strangers(open_window("alice").page, open_window("bob").page)
    site.manage("backup", str(tmp_path / "backup"))
    pair.alice.goto("about:blank")
    way = Way(pair.alice)
    pair.alice.goto(readymade.connect(pair.alice_is, pair.bob_is))
    expect(pair.alice.get_by_label("Message", exact=True)).to_be_disabled()
    put_messages_back(site, tmp_path / "backup")
    way.open = True
    expect(pair.alice.locator("chat-composer")).to_contain_text(
        "Choose another one", timeout=SLOW_MS
    )
    expect(pair.alice.get_by_label("Message", exact=True)).to_be_hidden()


class Way:
    """To the live connection of the server, in all tabs of one browser."""

    def __init__(self, page: Page) -> None:
        self.open = False
        page.context.route_web_socket(re.compile("/live$"), self._socket)
        page.context.route(re.compile(r"/live(\?|$)"), self._call)

    def _socket(self, route: WebSocketRoute) -> None:
        if self.open:
            route.connect_to_server()
        else:
            route.close()

    def _call(self, route: Route) -> None:
        if self.open:
            route.continue_()
        else:
            route.abort()


def put_messages_back(site: Site, folder: Path) -> None:
    site.kill()
    for path in site.var.glob("messages.sqlite3*"):
        path.unlink()
    shutil.copy(folder / "messages.sqlite3", site.var / "messages.sqlite3")
    site.start()
