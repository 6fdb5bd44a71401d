"""Somebody reports a message in their browser, and it is proved where staff open it; so are its
files."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from testkit.running import Site
from tests.browser.chatting import SLOW_MS, Pair, bubble, write
from tests.browser.conftest import OpenWindow
from tests.browser.engine import new_site
from tests.browser.files import File, photo
from tests.browser.readable import serious
from tests.browser.staffing import enter, shell
from tests.browser.test_attachments import arrived, save
from tests.browser.test_attachments import send as send_files

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
LOOKS = """\
from moderation.models import Audit
print(Audit.objects.filter(action="file_opened").count())
"""
SHOWN = """img => {
  const pen = new OffscreenCanvas(1, 1).getContext("2d");
  pen.drawImage(img, 0, 0);
  return [img.naturalWidth, img.naturalHeight, ...pen.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}"""


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


def reports_page(site: Site, open_window: OpenWindow, role: str) -> Page:
    """Of somebody of staff, with the newest report open."""
    page = open_window(role, base_url=site.url).page
    enter(page, site, role)
    page.goto(f"{site.url}/admin/reports/")
    page.locator(".listing a, table a").first.click()
    return page


@pytest.mark.embedded("the way to the bytes is the same")
@pytest.mark.files
def test_staff_see_a_reported_picture_and_each_look_is_written_down(
    pair: Pair, site: Site, open_window: OpenWindow
) -> None:
    secret = File("where you live.pdf", "application/pdf", b"%PDF- the plan")
    words = send_files(pair.bob, photo("caught.png", 320, 200), secret)
    arrived(pair.alice, words)
    dialog = report_of(pair.alice, words)
    expect(dialog.locator(".report-files li")).to_contain_text(["caught.png", "where you live"])
    expect(dialog.get_by_text("2 files go along.")).to_be_visible()
    assert not serious(pair.alice)
    dialog.get_by_label("What is wrong?").select_option("Harassment or bullying")
    dialog.get_by_role("button", name="Send report").click()
    expect(dialog.get_by_role("heading", name="Your report was sent")).to_be_visible()
    page = reports_page(site, open_window, "moderator")
    expect(page.get_by_text("Your role does not save files")).to_be_visible()
    expect(page.get_by_role("button", name="Save file")).to_have_count(0)
    assert int(shell(site, LOOKS)) == 0
    page.get_by_role("button", name="Show picture").click()
    frame = page.locator("iframe[sandbox=''][src^='blob:']")
    picture = frame.content_frame.locator("img")
    expect(picture).to_be_visible(timeout=SLOW_MS)
    assert picture.evaluate(SHOWN) == [320, 200, 90, 120, 220]
    assert int(shell(site, LOOKS)) == 1
    assert not serious(page)
    page.get_by_role("button", name="Hide picture").click()
    expect(frame).to_have_count(0)
    page = reports_page(site, open_window, "investigator")
    name, data = save(page, page.get_by_role("button", name="Save file").last)
    assert (name, data) == (secret.name, secret.data)
    assert int(shell(site, LOOKS)) == 2
    kept = [path.read_bytes() for path in site.var.rglob("*") if path.is_file()]
    assert not [each for each in kept if b"where you live" in each or secret.data in each]
