"""What a person waits for: pages in headless Chromium, against a site of its own over loopback.

Each figure of a long history stands beside that of a short one, taken in turns with it, in the same
run. A known device has been here before; a new one has just signed in with the password.
"""

import json
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from testkit.browser import people
from testkit.browser.chromium import DESKTOP, QUIET, chromium_path
from testkit.browser.pages import live, ready
from testkit.running import ROOT, Site, new_site
from testkit.seeding import seeded

FEW, MANY = 10, 1000  # conversations
SHORT, LONG = 100, 100_000  # messages in the one that is opened
OTHERS = 2  # messages in each of the others
KNOWN_RUNS, NEW_RUNS = 5, 3
PAGES = 20  # of messages, paged back to
PATIENCE_MS = 30_000
STOPWATCH = Path(__file__).with_name("stopwatch.js")
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
SCRIPTS = """() => Object.fromEntries(performance.getEntriesByType("resource")
  .filter(({ name }) => /\\.js$/.test(new URL(name).pathname))
  .map(({ name, encodedBodySize }) => [name, encodedBodySize]))"""

Result = dict[str, Any]


@dataclass
class Reader:
    """Somebody with so many conversations, the first of them so long, and their first browser."""

    person: people.Person
    conversations: int
    messages: int
    convs: list[str]
    home: BrowserContext
    times: dict[str, list[float]] = field(default_factory=dict)

    @property
    def chat(self) -> str:
        return f"/chats/{self.convs[0]}"

    @property
    def awaited(self) -> str:
        return json.dumps({"rows": self.conversations, "newest": self.messages})

    def note(self, name: str, page: Page, look: str) -> None:
        _until(page, f"stopwatch.{look}")
        self.times.setdefault(name, []).append(page.evaluate(f"stopwatch.{look}"))


def run() -> Result:
    (ROOT / "var").mkdir(exist_ok=True)
    site = new_site({"LIVE_RATE_FACTOR": "1000000", "DATABASE_URL": ""}, ROOT / "var").start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=QUIET)
            return _measure(Bench(site, browser))
    finally:
        site.remove()


@dataclass
class Bench:
    site: Site
    browser: Browser

    def context(self, awaited: str = "null", *, timed: bool = False) -> BrowserContext:
        context = self.browser.new_context(base_url=self.site.url, viewport=DESKTOP)
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(f"window.awaited = {awaited}; window.timed = {json.dumps(timed)}")
        context.add_init_script(path=STOPWATCH)
        return context

    def reader(self, name: str, conversations: int, messages: int) -> Reader:
        """Signed up, and has seen all of it once."""
        person = people.somebody(name)
        reader = Reader(person, conversations, messages, [], self.browser.new_context())
        home = reader.home = self.context(reader.awaited)
        page = home.new_page()
        people.sign_up(page, person)
        ready(page)
        page.goto("about:blank")
        reader.convs = seeded(self.site, person.name, [messages] + [OTHERS] * (conversations - 1))
        page.goto("/chats")
        _until(page, "stopwatch.wholeList")
        page.close()
        return reader


def show(result: Result) -> None:
    print("ms until shown, median (least to most) of the runs; fewer and more in turns")
    for what in ("inbox", "whole_list", "conversation"):
        for device, sizes in result[what].items():
            figures = "   ".join(f"{size:>7}: {_text(one)}" for size, one in sizes.items())
            print(f"{what.replace('_', ' '):<14}{device:<7}{figures}")
    paints = ", ".join(f"{name} {_text(one)}" for name, one in result["first_paint"].items())
    print(f"first paint: {paints}")
    script, some = result["script"], result["page_of_messages"]
    print(f"script of a conversation: {script['kb']} kB in {script['files']} files (aim 150)")
    print(
        f"{some['messages']} messages opened and painted: {_text(some['shown'])} (aim 100),"
        f" of which opening {_text(some['opening'])}"
    )


def _text(one: dict[str, int]) -> str:
    return f"{one['ms']:>5} ({one['least']} to {one['most']})"


def _measure(bench: Bench) -> Result:
    base = bench.reader("Base", FEW, SHORT)
    wide = bench.reader("Wide", MANY, SHORT)
    deep = bench.reader("Deep", FEW, LONG)
    for _ in range(KNOWN_RUNS):
        for reader in (base, wide):
            _known_device(reader, "/chats", "list", "wholeList")
        for reader in (base, deep):
            _known_device(reader, reader.chat, "newest")
    for _ in range(NEW_RUNS):
        for reader in (base, wide):
            _new_device(bench, reader, "/chats", "list")
        for reader in (base, deep):
            _new_device(bench, reader, reader.chat, "newest")
    return {
        "inbox": _compared("list", {FEW: base, MANY: wide}),
        "whole_list": _compared("wholeList", {FEW: base, MANY: wide}),
        "conversation": _compared("newest", {SHORT: base, LONG: deep}),
        "first_paint": _first_paints(bench, base),
        "script": _script(base),
        "page_of_messages": _pages(bench, deep),
        "conditions": {
            "known_runs": KNOWN_RUNS, "new_runs": NEW_RUNS, "browser": bench.browser.version,
            "window": f"{DESKTOP['width']}x{DESKTOP['height']}", "store": "SQLite",
        },
    }  # fmt: skip


def _known_device(reader: Reader, address: str, *looks: str) -> None:
    with _page(reader.home) as page:
        page.goto(address)
        for look in looks:
            reader.note(f"known {look}", page, look)


def _new_device(bench: Bench, reader: Reader, address: str, look: str) -> None:
    """The time begins when the sign-in has finished: what Argon2id costs is another question."""
    context = bench.context(reader.awaited)
    with _page(context) as page:
        page.goto(f"/sign-in?next={address}")
        people.field(page, "Username").fill(reader.person.name)
        people.field(page, "Password").fill(reader.person.password)
        people.press(page, "Sign in")
        page.wait_for_url(bench.site.url + address)
        reader.note(f"new {look}", page, look)
    context.close()


def _compared(look: str, readers: dict[int, Reader]) -> Result:
    return {
        device: {str(size): _spread(one.times[f"{device} {look}"]) for size, one in readers.items()}
        for device in ("known", "new")
        if all(f"{device} {look}" in one.times for one in readers.values())
    }


def _first_paints(bench: Bench, reader: Reader) -> Result:
    pages = {"landing": (bench.context(), "/")}
    pages |= {"inbox": (reader.home, "/chats"), "conversation": (reader.home, reader.chat)}
    times: dict[str, list[float]] = {name: [] for name in pages}
    for name, (context, address) in list(pages.items()) * KNOWN_RUNS:
        with _page(context) as page:
            page.goto(address)
            _until(page, FIRST_PAINT)
            times[name].append(page.evaluate(FIRST_PAINT))
    return {name: _spread(some) for name, some in times.items()}


def _script(reader: Reader) -> Result:
    """Of the conversation page, as it came over the wire."""
    with _page(reader.home) as page:
        page.goto(reader.chat)
        reader.note("script", page, "newest")
        sizes = page.evaluate(SCRIPTS)
    return {"files": len(sizes), "kb": round(sum(sizes.values()) / 1000, 1)}


def _pages(bench: Bench, reader: Reader) -> Result:
    """Paged back to, further than this browser has kept them: from the ciphertext in hand until
    all of a page is painted, and how much of that time messages were being opened."""
    context = bench.context(reader.awaited, timed=True)
    with _page(context) as page:
        people.sign_in(page, reader.person)
        page.goto(reader.chat)
        reader.note("paging", page, "newest")
        live(page)
        for count in range(PAGES):
            page.evaluate("stopwatch.pageBack()")
            _until(page, f"stopwatch.pages.length > {count}")
        pages = page.evaluate("stopwatch.pages")
    context.close()
    return {
        "messages": statistics.median(one["messages"] for one in pages),
        "shown": _spread([one["ms"] for one in pages]),
        "opening": _spread([one["opening"] for one in pages]),
    }


def _until(page: Page, seen: str) -> None:
    """In every frame. (The pages allow no eval, by which Playwright's own waiting goes.)"""
    page.evaluate(f"stopwatch.when(() => {seen})")


@contextmanager
def _page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    try:
        yield page
    finally:
        page.close()


def _spread(times: list[float]) -> dict[str, int]:
    return {
        "ms": round(statistics.median(times)),
        "least": round(min(times)),
        "most": round(max(times)),
    }
