"""What is told where parts go between browsers and a real S3 server, past the site, and that one
lets nobody in. Every journey of files goes this way as well: `bin/test direct`."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Request, Route, expect

from testkit.running import Site
from tests.browser.chatting import SLOW_MS, Pair, bubble
from tests.browser.engine import DIRECT, new_site
from tests.browser.files import File
from tests.browser.stored import PART
from tests.browser.test_attachments import arrived, save, send

pytestmark = pytest.mark.files


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    site = new_site(transfer=DIRECT).start()
    yield site
    site.remove()


@pytest.mark.engine
def test_a_place_of_files_that_lets_nobody_in_is_told_with_what_to_do(
    pair: Pair, site: Site
) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(status=403, headers={"Access-Control-Allow-Origin": "*"})

    asked: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith("/urls") or PART.search(request.url):
            asked.append(urlsplit(request.url).netloc)

    alice, bob = pair.alice, pair.bob
    alice.context.route(PART, refuse)
    body = send(alice, File("plain.txt", "text/plain", b"x" * 5000))
    line = bubble(alice, body).locator(".message-upload")
    expect(line).to_contain_text("This page cannot reach the file storage", timeout=SLOW_MS)
    alice.context.unroute(PART, refuse)
    card = arrived(bob, body).locator(".file-card")
    bob.context.route(PART, refuse)
    bob.context.on("request", note)
    card.locator("[data-act='save']").click()
    expect(card).to_contain_text("Reload the page", timeout=SLOW_MS)
    here, there = urlsplit(site.url).netloc, urlsplit(site.env["S3_PUBLIC_ENDPOINT"]).netloc
    assert asked == [here, there, here, there]
    bob.context.unroute(PART, refuse)
    assert save(bob, card.locator("[data-act='save']"))[1] == b"x" * 5000
    assert asked[4:] == [here, there]
