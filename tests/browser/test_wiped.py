"""A browser that lost what it kept, or half of it, is no dead end."""

import re

import pytest
from playwright.sync_api import Page, expect

from testkit.browser.pages import live
from testkit.browser.people import field, press
from tests.browser.chatting import SLOW_MS, Pair, both_understand, bubble, open_chat, text, write


def test_a_wiped_browser_is_enrolled_again_and_its_old_device_struck_off(talking: Pair) -> None:
    a, b, alice = talking.alice, talking.bob, talking.alice_is
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
def test_a_half_wiped_browser_is_no_dead_end(talking: Pair, half: str) -> None:
    a, b, alice = talking.alice, talking.bob, talking.alice_is
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


def test_storage_cleared_under_an_open_chat(talking: Pair) -> None:
    a, b, alice = talking.alice, talking.bob, talking.alice_is
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


def wipe(page: Page, *, databases: bool, places: bool) -> None:
    """What a person, or a browser short of space, clears; the cookie of the session stays."""
    page.goto("/static/js/clock.js")  # no page, which would hear of it and leave in the middle
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
