"""Two people, one of them with two devices, while network, server and clocks fail.

Afterwards everybody holds the same texts in the same order, each once; before and after a reload.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect

from testkit.browser.pages import live
from testkit.browser.people import sign_in, sign_up, somebody
from testkit.running import Site
from tests.browser import chatting, readymade
from tests.browser.chatting import (
    bubble,
    composer,
    expect_status,
    open_chat,
    text,
    write,
    write_all,
)
from tests.browser.conftest import OpenWindow
from tests.browser.door import Door, site_behind

NOTICED_MS = 60_000  # a silent line is known dead after PING_SECONDS + PONG_SECONDS, then redialled
BACK_MS = 30_000
WALK = 50  # rows; further behind, a browser takes the newest first (static/js/sync/timeline.js)

# The clock of the machine, not of the timers: what a person sets wrong in their system.
CLOCK_OFF = """
{
  const [Real, off] = [Date, %d * 3_600_000];
  globalThis.Date = class extends Real {
    constructor(...given) { given.length ? super(...given) : super(Real.now() + off); }
    static now() { return Real.now() + off; }
  };
}
"""


@dataclass
class Three:
    """Alice, her other browser, and Bob, all in front of the same conversation."""

    alice: Page
    other: Page
    bob: Page

    @property
    def all(self) -> Sequence[Page]:
        return (self.alice, self.other, self.bob)

    def agree_on(self, texts: Sequence[str]) -> None:
        """All show these, each once, in one order; also when they come back to the page."""
        order = self.show(texts)
        for page in self.all:
            page.reload()
        assert self.show(texts) == order

    def show(self, texts: Sequence[str]) -> list[str]:
        """These, each once, in the order that it gives."""
        for page in self.all:
            expect(shown(page)).to_have_count(len(texts), timeout=NOTICED_MS)
        order, *others = [shown(page).all_inner_texts() for page in self.all]
        assert sorted(order) == sorted(texts)
        assert others == [order, order]
        return order


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    door = Door(passing=True)
    yield door
    door.close()


@pytest.fixture(scope="module")
def site(door: Door) -> Iterator[Site]:
    site = site_behind(door)
    yield site
    site.remove()


@pytest.fixture
def meet(open_window: OpenWindow) -> Callable[..., Three]:
    def meeting(*, alice_off: int = 0, bob_off: int = 0) -> Three:
        """Hours by which their clocks are off."""
        windows = [open_window(name) for name in ("alice", "bob", "alice's other browser")]
        for window, off in zip(windows, (alice_off, bob_off, 0), strict=True):
            window.page.add_init_script(CLOCK_OFF % off)
        alice, bob, other = (window.page for window in windows)
        if alice_off or bob_off:  # their accounts, too, are made by clocks that are wrong
            alice_is, bob_is = sign_up(alice, somebody("Alice")), sign_up(bob, somebody("Bob"))
            chatting.connect(alice, bob, bob_is.name)
            sign_in(other, alice_is)
            open_chat(alice, "Bob")
            address = alice.url
        else:
            alice_is, bob_is = readymade.make((alice, "Alice"), (bob, "Bob"))
            address = readymade.connect(alice_is, bob_is)
            readymade.another_device(other, alice_is)
        chatting.open_pages(address, alice, bob, other)
        for page in (alice, bob, other):
            expect(composer(page)).to_be_enabled()
            live(page)
        return Three(alice, other, bob)

    return meeting


def shown(page: Page) -> Locator:
    return page.locator(".message [data-part='text']")


@pytest.mark.engine
def test_the_server_is_killed_while_both_write(meet: Callable[..., Three], site: Site) -> None:
    three = meet()
    texts = [text() for _ in range(24)]
    for number, words in enumerate(texts):
        if number == 8:
            site.kill()
        if number == 16:
            site.start()
        write(three.all[number % 3], words)
    three.agree_on(texts)


def test_a_line_that_died_in_silence(meet: Callable[..., Three], door: Door) -> None:
    """Half-open: no end was told. What was written meanwhile comes, both ways, by itself."""
    three = meet()
    write(three.alice, first := text())
    expect_status(three.alice, first, "Read")
    door.forget()
    texts = [first, *(text() for _ in range(4))]
    write(three.bob, texts[1])
    for words in texts[2:]:
        write(three.alice, words)
    expect(bubble(three.bob, texts[-1])).to_be_visible(timeout=NOTICED_MS)
    three.show(texts)  # whether the browser can load a page over such lines is not in our hands


def test_long_away_and_back_without_a_reload(meet: Callable[..., Three]) -> None:
    """More came than is walked: the end is there at once, and nothing between is missing."""
    three = meet()
    write(three.alice, first := text())
    expect_status(three.alice, first, "Read")
    three.bob.context.set_offline(True)
    write(three.bob, mine := text())
    expect_status(three.bob, mine, "Waiting to be sent")
    texts = [text() for _ in range(WALK + 10)]
    write_all(three.alice, texts)
    expect_status(three.alice, texts[-1], "Sent")
    three.bob.context.set_offline(False)
    expect(bubble(three.bob, texts[-1])).to_be_visible(timeout=BACK_MS)
    expect_status(three.bob, mine, "Read")
    wanted = [first, *texts, mine]
    for page in three.all:
        scroll_back_to(page, first)
        expect(shown(page)).to_have_count(len(wanted))
        assert shown(page).all_inner_texts() == wanted


def test_a_browser_that_slept(meet: Callable[..., Three]) -> None:
    three = meet()
    write(three.alice, first := text())
    expect_status(three.alice, first, "Read")
    sleeper = three.bob.context.new_cdp_session(three.bob)
    sleeper.send("Page.setWebLifecycleState", {"state": "frozen"})
    texts = [first, *(text() for _ in range(6))]
    for words in texts[1:]:
        write(three.alice, words)
    expect(bubble(three.other, texts[-1])).to_be_visible()
    sleeper.send("Page.setWebLifecycleState", {"state": "active"})
    three.agree_on(texts)


def test_clocks_that_are_a_day_wrong(meet: Callable[..., Three]) -> None:
    three = meet(alice_off=24, bob_off=-24)
    assert three.alice.evaluate("Date.now()") - three.bob.evaluate("Date.now()") > 47 * 3_600_000
    texts = [text() for _ in range(9)]
    for number, words in enumerate(texts):
        page = three.all[number % 3]
        write(page, words)
        expect(bubble(three.all[(number + 1) % 3], words)).to_be_visible()
    three.agree_on(texts)
    assert shown(three.bob).all_inner_texts() == texts
    times = [page.locator(".message time").all_inner_texts() for page in three.all]
    assert times[0] == times[1] == times[2]  # the server's, for all


def scroll_back_to(page: Page, words: str) -> None:
    box = page.locator(".thread-scroll")
    for _ in range(20):
        if bubble(page, words).count():
            return
        box.evaluate("""box => new Promise((done) => {
          box.scrollTop = 0;
          requestAnimationFrame(() => requestAnimationFrame(done));
        })""")
