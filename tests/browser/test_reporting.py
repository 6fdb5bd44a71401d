"""Somebody reports a message in their browser, and it is proved where staff open it."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from testkit.running import Site
from tests.browser.chatting import Pair, bubble, write
from tests.browser.engine import new_site
from tests.browser.readable import serious

PHONE: ViewportSize = {"width": 360, "height": 740}
OPENED = """\
import json
from asgiref.sync import async_to_sync
from moderation import reports
from moderation.models import Report
found = []
for row in Report.objects.order_by("pk"):
    opened = async_to_sync(reports.open_sealed)(row, row.made)
    items = [[json.loads(it.item.body)["body"], it.item.chosen, it.failure] for it in opened.items]
    found.append([row.reason, opened.note, items])
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """It has staff pages, so it takes reports."""
    site = new_site({"ADMIN_URL": "/admin"}).start()
    yield site
    site.remove()


def report_of(page: Page, words: str) -> Locator:
    message = bubble(page, words)
    message.locator("[data-act='details']").click()
    message.get_by_role("button", name="Report").click()
    return page.get_by_role("dialog")


def test_what_was_seen_is_sealed_and_proved(pair: Pair, site: Site) -> None:
    said = ["go away", "I know where you live", "you will see"]
    for words in said:
        write(pair.bob, words)
        expect(bubble(pair.alice, words)).to_be_visible()
    pair.alice.set_viewport_size(PHONE)
    dialog = report_of(pair.alice, said[2])
    shown = dialog.get_by_role("listitem").locator("p + p")
    expect(shown).to_have_text([said[2]])
    dialog.get_by_label("Messages that are sent along").first.select_option("5")
    expect(shown).to_have_text(said)
    assert not serious(pair.alice)
    dialog.get_by_label("What is wrong?").select_option("Threats or violence")
    dialog.get_by_label("What should they know?").fill("I am afraid")
    dialog.get_by_role("button", name="Send report").click()
    expect(dialog.get_by_role("heading", name="Your report was sent")).to_be_focused()
    dialog.get_by_role("button", name="Close").click()
    pair.alice.get_by_role("button", name="More about this chat").click()
    pair.alice.locator("#thread-menu").get_by_role("button", name="Report").click()
    dialog.get_by_label("What is wrong?").select_option("Spam or fraud")
    dialog.get_by_role("button", name="Send report").press("Enter")
    expect(dialog.get_by_role("heading", name="Your report was sent")).to_be_visible()
    pair.alice.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert json.loads(site.manage_says("shell", "--no-imports", "-c", OPENED)) == [
        [1, "I am afraid", [[said[0], False, None], [said[1], False, None], [said[2], True, None]]],
        [7, "", []],
    ]
