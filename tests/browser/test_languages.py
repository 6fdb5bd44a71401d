"""The site in its languages: chosen in the settings, complete on every page, readable by all."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from testkit.browser.chromium import DESKTOP, PHONE
from testkit.running import Site
from tests.browser import chatting, everywhere
from tests.browser.conftest import OpenWindow
from tests.browser.readable import serious
from tests.browser.test_layouts import broken_words, spills

LANGUAGES = ("en", "de")
# The same in both, or no words of the site: names, what people wrote, the name of a language.
SAME = {
    "Chatsite", "Chats", "Name", "Online", "System", "Alice", "Bob", "A", "B",
    "English", "Deutsch", "Code", "Links", "Pause",
}  # fmt: skip
SIZE = re.compile(r"\d+ [kMG]?B( · \d+ × \d+)?")  # the same in all languages that we have
SHOWN_TEXTS = """() => {
  const texts = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const inside = node.parentElement;
    if (inside.closest("script, #username, .message-text, .code, .server-keeps")) continue;
    if (inside.closest("code, bdi")) continue;
    texts.push(node.textContent);
  }
  for (const one of document.querySelectorAll("[aria-label], [placeholder], [title]"))
    for (const name of ["aria-label", "placeholder", "title"]) texts.push(one.getAttribute(name));
  texts.push(document.title);
  return texts.filter(Boolean).map((text) => text.trim().replace(/\\s+/g, " "));
}"""


@dataclass
class Reader:
    """Somebody with a conversation, who reads one language after another."""

    page: Page
    chat: str
    site: Site

    def speak(self, language: str) -> None:
        self.page.context.add_cookies(
            [{"name": "language", "value": language, "url": self.site.url}]
        )


@pytest.fixture(scope="module")
def reader(browser: Browser, site: Site) -> Iterator[Reader]:
    contexts = [browser.new_context(base_url=site.url, viewport=DESKTOP) for _ in range(2)]
    alice, bob = (context.new_page() for context in contexts)
    alice.emulate_media(reduced_motion="reduce")
    chatting.face_to_face(alice, bob)
    chatting.write(alice, words := chatting.text())
    chatting.expect_status(alice, words, "Read")
    yield Reader(alice, alice.url, site)
    for context in contexts:
        context.close()


def every_page(
    reader: Reader, open_window: OpenWindow, language: str, **options: object
) -> Iterator[tuple[Page, str]]:
    stranger = open_window("somebody", locale=language, **options).page
    for name in everywhere.signed_out(stranger):
        yield stranger, name
    reader.speak(language)
    for name in everywhere.signed_in(reader.page, reader.chat):
        yield reader.page, name


def test_no_words_stay_in_the_source_language(reader: Reader, open_window: OpenWindow) -> None:
    """Whatever reads the same in both languages was not marked, or not translated."""
    shown = {
        language: {
            name: {text for text in page.evaluate(SHOWN_TEXTS) if any(map(str.isalpha, text))}
            for page, name in every_page(reader, open_window, language)
        }
        for language in LANGUAGES
    }
    assert sum(map(len, shown["de"].values())) > 200
    for name, texts in shown["de"].items():
        same = {text for text in texts & shown["en"][name] if not text.startswith("@")} - SAME
        same = {text for text in same if text.removesuffix(" · Chatsite") not in SAME}
        same = {text for text in same if not SIZE.fullmatch(text.strip())}
        assert not same, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_accessible(reader: Reader, open_window: OpenWindow, language: str) -> None:
    scheme = {"en": "light", "de": "dark"}[language]
    reader.page.emulate_media(reduced_motion="reduce", color_scheme=scheme)  # type: ignore[arg-type]
    options = {"reduced_motion": "reduce", "color_scheme": scheme}
    for page, name in every_page(reader, open_window, language, **options):
        assert page.evaluate("() => document.documentElement.lang") == language
        assert not serious(page), name


@pytest.mark.parametrize("size", [DESKTOP, PHONE, {"width": 320, "height": 568}], ids=str)
def test_longer_words_fit(reader: Reader, open_window: OpenWindow, size: dict[str, int]) -> None:
    reader.page.set_viewport_size(size)  # type: ignore[arg-type]
    for page, name in every_page(reader, open_window, "de", viewport=size):
        assert not spills(page), name
        assert not broken_words(page), name
    reader.page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]


def test_a_language_is_chosen_in_the_settings(reader: Reader) -> None:
    page = reader.page
    reader.speak("en")
    page.goto("/settings")
    page.get_by_role("button", name="Deutsch").click()
    expect(page.get_by_role("heading", name="Einstellungen")).to_be_visible()
    expect(page.get_by_role("button", name="Deutsch")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("device-list")).to_contain_text("Jetzt aktiv")
    expect(page.locator("device-list")).to_contain_text("auf Linux")
    expect(page.locator("time")).to_have_text(re.compile(r"^\d{1,2}\.\d{1,2}\.\d{4}$"))
    chatting.open_page(page, "/chats")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.goto("/settings")
    page.get_by_role("button", name="Wie im Browser").click()
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()


def test_times_are_written_as_the_reader_does(reader: Reader, open_window: OpenWindow) -> None:
    """An English page in Britain has a 24-hour clock, and a day before the month."""
    stranger = open_window("somebody", locale="en-GB").page
    stranger.goto("/sign-in")
    british, german = (
        stranger.evaluate(
            """async (language) => {
              document.documentElement.lang = language;
              const at = new Date(2024, 11, 24, 18, 5).getTime();
              const when = await import(document.querySelector("script[type='module']").src
                .replace(/js\\/pages.*/, "js/ui/when.js"));
              return `${when.clockTime(at)} ${when.date(at)}`;
            }""",
            language,
        )
        for language in ("en", "de")
    )
    assert british == "18:05 24 Dec 2024"
    assert german == "18:05 24.12.2024"
