"""Signing out loses nothing unsaid, and everything that the browser kept."""

import re

from playwright.sync_api import Locator, Page, Route, WebSocketRoute, expect

from testkit.browser.people import press, sign_in
from tests.browser.chatting import (
    SLOW_MS,
    Pair,
    both_understand,
    bubble,
    composer,
    newcomer,
    open_chat,
    open_page,
    text,
    write,
)
from tests.browser.conftest import OpenWindow


def test_it_waits_for_what_is_unsent(talking: Pair) -> None:
    a, b = talking.alice, talking.bob
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


def test_given_up_in_so_many_words_it_is_lost(talking: Pair) -> None:
    a, b, alice = talking.alice, talking.bob, talking.alice_is
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


def test_another_tab_loses_the_account_too(open_window: OpenWindow) -> None:
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


class Line:
    """Between a page and the live path: whole or cut, whatever carries it."""

    def __init__(self, page: Page) -> None:
        self.whole = False
        page.context.route_web_socket(re.compile("/live$"), self._socket)
        page.context.route(re.compile(r"/live(\?|$)"), self._call)

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
