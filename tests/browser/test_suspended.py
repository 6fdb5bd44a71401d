"""A leading tab that a debugger stops between reading its counter and keeping it.

Without the fence (static/js/storage/fence.js) it would write its counter over that of the tab
that took the lead, and two messages would go under one counter: an alarm at the receiver.
"""

import json
import time

from playwright.sync_api import Page, expect

from testkit.running import ROOT, Site
from tests.browser.chatting import SLOW_MS, Pair, bubble, text, write

BETWEEN = "await seal(entry, turn)"  # in Queue.seal: `turn` is read, not yet kept
TAKEN_MS = 60_000  # ten seconds, where the machine has time


class Stopped:
    """The page stands still where it next comes to that line of a module, until it goes on."""

    def __init__(self, page: Page, module: str, line: str) -> None:
        source = (ROOT / "static/js" / f"{module}.js").read_text().splitlines()
        (number,) = (i for i, each in enumerate(source) if line in each)
        self._debugger = page.context.new_cdp_session(page)
        self._paused = False
        self._debugger.on("Debugger.paused", self._note)
        self._debugger.send("Debugger.enable")
        place = {"urlRegex": rf".*/{module}\.[0-9a-f]+\.js$", "lineNumber": number}
        found = self._debugger.send("Debugger.setBreakpointByUrl", place)
        assert found["locations"], "the browser has loaded this module under another name"

    def _note(self, _event: object) -> None:
        self._paused = True

    def wait(self, other: Page) -> None:
        deadline = time.monotonic() + SLOW_MS / 1000
        while not self._paused:
            assert time.monotonic() < deadline, "it does not come to that line"
            other.wait_for_timeout(20)  # the events of a debugger are nothing to await

    def go_on(self) -> None:
        self._debugger.send("Debugger.disable")  # no breakpoints, and on from the one it stands at


COUNTERS = """
from asgiref.sync import async_to_sync
from messaging.backends import log

rows = async_to_sync(log().page)(bytes.fromhex("%s"), 50, 0, after=0)
print([row.ctr for row in rows if row.ctr])
"""


def counters(site: Site, page: Page) -> list[int]:
    """Of all messages in the conversation on screen, as the server has them, in order."""
    asked = COUNTERS % page.url.rpartition("/")[2]
    return list(json.loads(site.manage_says("shell", "-v", "0", "-c", asked)))


def test_a_suspended_leader_loses_the_lead_and_does_no_harm(pair: Pair, site: Site) -> None:
    leader = pair.alice
    first, caught, taken, later, last = (text() for _ in range(5))
    write(leader, first)
    expect(bubble(pair.bob, first)).to_be_visible()
    follower = leader.context.new_page()
    follower.goto(leader.url)
    expect(bubble(follower, first)).to_be_visible()
    stopped = Stopped(leader, "sending/queue", BETWEEN)
    write(leader, caught)
    stopped.wait(follower)

    write(follower, taken)
    notice = follower.get_by_text("Another tab of this browser does not answer")
    expect(notice).to_be_visible(timeout=TAKEN_MS)
    expect(bubble(pair.bob, taken)).to_be_visible(timeout=TAKEN_MS)
    expect(bubble(pair.bob, caught)).to_be_visible()

    stopped.go_on()
    expect(bubble(leader, taken)).to_be_visible(timeout=SLOW_MS)
    write(follower, later)
    write(leader, last)
    for words in (first, caught, taken, later, last):
        for page in (pair.bob, leader, follower):
            expect(bubble(page, words)).to_have_count(1, timeout=SLOW_MS)
    follower.close()
    leader.reload()  # what is left in the outbox would go now
    write(leader, after := text())
    expect(bubble(pair.bob, after)).to_have_count(1, timeout=SLOW_MS)
    expect(pair.bob.locator(".message")).to_have_count(6)
    expect(pair.bob.locator(".message [data-part='warning']:visible")).to_have_count(0)
    assert counters(site, pair.bob) == [1, 2, 3, 4, 5, 6]
