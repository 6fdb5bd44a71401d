"""Files from one person to another, over a real server, through what a network does to them."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.chatting import SLOW_MS, Pair, bubble, composer, text, write
from tests.browser.stored import PART
from tests.browser.test_files import without_files

pytestmark = pytest.mark.files

MB = 1_000_000
SEND = """async ([size, caption]) => {
  const { sealFile } = await import("/static/js/tabs/media.js");
  const { bus } = await import("/static/js/tabs/bus.js");
  const megabyte = new Uint8Array(1e6).map((_, i) => i % 251);
  const file = new Blob(Array(Math.ceil(size / 1e6)).fill(megabyte)).slice(0, size);
  const { inMemory: _, ...entry } = await sealFile(file, "file");
  const att = [{ ...entry, mime: "application/octet-stream", name: "numbers.bin" }];
  const [{ row }] = await bus.ask("chats");
  window.uploads = [];
  bus.on("upload", (upload) => window.uploads.push(upload));
  const content = { t: "text", body: caption, att };
  await bus.ask("send", { id: crypto.randomUUID(), conv: row.conv, content });
  return entry;
}"""
WAITING = """async () => {
  const { BlobFiles } = await import("/static/js/storage/blobfiles.js");
  const { currentUid } = await import("/static/js/account/current.js");
  const { hex } = await import("/static/js/crypto/encoding.js");
  return (await (await BlobFiles.open(hex(currentUid()))).waiting()).length;
}"""
OPEN = """async (caption) => {
  const { openAttachment } = await import("/static/js/tabs/media.js");
  const { bus } = await import("/static/js/tabs/bus.js");
  const [{ row }] = await bus.ask("chats");
  const { messages } = await bus.ask("messages", row.conv);
  const { content } = messages.find(({ content }) => content?.body === caption);
  const told = [];
  const onProgress = (done, total) => told.push([done, total]);
  const opened = await openAttachment(content.att[0], "file", { onProgress });
  let same = true;
  for (let at = 0; at < opened.size; at += 1e6) {
    const bytes = new Uint8Array(await opened.slice(at, at + 1e6).arrayBuffer());
    same &&= bytes.every((byte, i) => byte === i % 251);
  }
  return { size: opened.size, same, fetched: told.length > 0 };
}"""


def test_a_file_arrives_and_opens_once_from_the_server_then_from_here(pair: Pair) -> None:
    a, b = pair.alice, pair.bob
    caption = text()
    a.evaluate(SEND, [3 * MB, caption])
    expect(bubble(b, caption)).to_be_visible(timeout=SLOW_MS)
    assert b.evaluate(OPEN, caption) == {"size": 3 * MB, "same": True, "fetched": True}
    assert b.evaluate(OPEN, caption) == {"size": 3 * MB, "same": True, "fetched": False}
    assert a.evaluate(OPEN, caption) == {"size": 3 * MB, "same": True, "fetched": False}
    states = [one["state"] for one in a.evaluate("window.uploads")]
    assert states[0] == "sending"
    assert "failed" not in states


class Parts:
    """The parts that pages of a browser send, on their way: let through, held, or cut."""

    def __init__(self, page: Page, cut_every: int = 0, hold_after: int | None = None) -> None:
        self.sent: list[int] = []
        self.arrived: list[int] = []
        self.held: list[Route] = []
        self._cut_every, self._hold_after = cut_every, hold_after
        page.context.route(PART, self._take)
        page.context.on("response", self._answered)

    def _take(self, route: Route) -> None:
        if self._hold_after is not None and len(self.sent) >= self._hold_after:
            self.held.append(route)
            return
        self.sent.append(number(route.request.url))
        if self._cut_every and len(self.sent) % self._cut_every == 0:
            route.abort("connectionreset")
        else:
            route.continue_()

    def _answered(self, response: Any) -> None:
        put = response.request.method == "PUT" and PART.search(response.url)
        if put and response.status in (200, 204):
            self.arrived.append(number(response.url))

    def let_go(self) -> None:
        self._hold_after = None
        for route in self.held:
            route.continue_()  # where its page has gone: without effect

    def nothing_again(self, before: list[int]) -> None:
        """Of what had arrived `before`, a second page sent nothing.

        A browser may still let a held part out while its page goes: it arrives, and nobody here
        hears the answer. So these are not all parts, each time.
        """
        assert self.arrived[: len(before)] == before
        assert len(self.arrived) > len(before), "the second page sent nothing: this proves nothing"
        assert len(self.arrived) == len(set(self.arrived))


def number(url: str) -> int:
    return int(urlsplit(url).path.rsplit("/", 1)[1])


def send(page: Page, size: int) -> str:
    caption = text()
    page.evaluate(SEND, [size, caption])
    return caption


def opens(page: Page, caption: str, size: int) -> None:
    expect(bubble(page, caption)).to_be_visible(timeout=SLOW_MS)
    outcome = page.evaluate(OPEN, caption)
    assert (outcome["size"], outcome["same"]) == (size, True)


def test_a_link_that_is_cut_again_and_again_costs_a_part_each_time(pair: Pair) -> None:
    parts = Parts(pair.alice, cut_every=3)
    caption = send(pair.alice, 6 * MB)
    opens(pair.bob, caption, 6 * MB)
    cuts = len(parts.sent) // 3
    assert cuts >= 2
    assert len(parts.sent) == len(set(parts.sent)) + cuts


@pytest.mark.engine
def test_a_reload_in_the_middle_sends_nothing_again_that_arrived(pair: Pair) -> None:
    a, b = pair.alice, pair.bob
    parts = Parts(a, hold_after=3)
    caption = send(a, 6 * MB)
    before = until(a, lambda: parts.arrived, 3)
    a.reload()
    parts.let_go()
    opens(b, caption, 6 * MB)
    parts.nothing_again(before)


def test_another_tab_goes_on_when_the_first_is_closed(pair: Pair) -> None:
    a, b = pair.alice, pair.bob
    second = a.context.new_page()
    second.goto(a.url)
    expect(composer(second)).to_be_enabled()
    parts = Parts(a, hold_after=2)
    caption = send(second, 6 * MB)
    before = until(second, lambda: parts.arrived, 2)
    a.close()
    parts.let_go()
    opens(b, caption, 6 * MB)
    parts.nothing_again(before)


def test_a_file_in_the_memory_of_one_tab_is_sent_by_the_tab_that_leads(pair: Pair) -> None:
    """And by its own, where that one is closed in the middle."""
    a, b = pair.alice, pair.bob
    a.context.route("**/workers/media.js", without_files)
    second = a.context.new_page()
    second.goto(a.url)
    expect(composer(second)).to_be_enabled()
    parts = Parts(a, hold_after=2)
    caption = send(second, 6 * MB)
    before = until(second, lambda: parts.arrived, 2)
    assert a.evaluate(WAITING) == second.evaluate(WAITING) == 0
    a.close()
    parts.let_go()
    opens(b, caption, 6 * MB)
    parts.nothing_again(before)


def test_a_text_overtakes_a_file_that_is_on_its_way(pair: Pair) -> None:
    a, b = pair.alice, pair.bob
    parts = Parts(a, hold_after=0)
    caption = send(a, 2 * MB)
    said = text()
    write(a, said)
    expect(bubble(b, said)).to_be_visible(timeout=SLOW_MS)
    expect(bubble(b, caption)).to_have_count(0)
    parts.let_go()
    opens(b, caption, 2 * MB)


def until(page: Page, found: Any, count: int) -> list[int]:
    """The browser's events come while a page is asked something."""
    while len(found()) < count:
        page.evaluate("() => new Promise((done) => requestAnimationFrame(done))")
    return list(found())
