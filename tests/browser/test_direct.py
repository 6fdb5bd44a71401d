"""The same journeys where parts go between browsers and a real S3 server, past the site: what
the site, the server and the policy of the pages say fits together."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Request, Route, expect

from testkit.running import Site
from tests.browser.chatting import SLOW_MS, Pair, bubble
from tests.browser.engine import new_site
from tests.browser.files import File
from tests.browser.test_attachments import (
    arrived,
    save,
    send,
    test_the_viewer_goes_through_what_the_conversation_has,
)
from tests.browser.test_uploads import (
    PART,
    test_a_file_arrives_and_opens_once_from_the_server_then_from_here,
    test_a_link_that_is_cut_again_and_again_costs_a_part_each_time,
    test_a_reload_in_the_middle_sends_nothing_again_that_arrived,
    test_a_text_overtakes_a_file_that_is_on_its_way,
    test_another_tab_goes_on_when_the_first_is_closed,
)
from tests.services import own_bucket

pytestmark = pytest.mark.embedded("the engine is not on this way")

__all__ = [
    "test_a_file_arrives_and_opens_once_from_the_server_then_from_here",
    "test_a_link_that_is_cut_again_and_again_costs_a_part_each_time",
    "test_a_reload_in_the_middle_sends_nothing_again_that_arrived",
    "test_a_text_overtakes_a_file_that_is_on_its_way",
    "test_another_tab_goes_on_when_the_first_is_closed",
    "test_the_viewer_goes_through_what_the_conversation_has",
]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with own_bucket() as given:
        direct = {"MEDIA_TRANSFER": "direct", "S3_PUBLIC_ENDPOINT": given["S3_ENDPOINT_URL"]}
        site = new_site({**given, **direct}).start()
        yield site
        site.remove()


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
