"""Two people compare their safety number, and what becomes of the mark."""

import json
import re
import time
from typing import Any

import pytest
import segno
from playwright.sync_api import Locator, Page, Request, Response, Route, expect

from e2ee import records
from e2ee.encoding import from_base64, to_base64
from testkit.browser.chromium import PHONE
from testkit.client.m1 import safety
from testkit.client.m1.devicelist import first_link, listed
from testkit.client.m1.keys import DeviceKeys, KemKey, SigningKey
from tests.browser import chatting, readymade
from tests.browser.chatting import Pair, composer, open_chat
from tests.browser.conftest import OpenWindow
from tests.browser.readable import serious


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Compare safety number")


def open_dialog(page: Page) -> Locator:
    page.get_by_role("button", name="More about this chat").click()
    page.locator("#thread-menu").get_by_role("button", name="Compare safety number").click()
    expect(dialog(page).get_by_role("listitem")).to_have_count(12)
    return dialog(page)


def outcome(opened: Locator) -> Locator:
    """What the dialog says of the number that was scanned or pasted."""
    return opened.locator("[role=status][data-part=outcome]")


def number(page: Page) -> str:
    """What somebody selects there and copies."""
    opened = open_dialog(page)
    opened.get_by_role("list", name="Safety number").click()
    digits = re.sub(r"\s", "", page.evaluate("() => getSelection().toString()"))
    opened.get_by_role("button", name="Close").click()
    return digits


def verify(page: Page) -> None:
    press = open_dialog(page).get_by_role("button", name="They are the same: mark as verified")
    press.click()
    expect(dialog(page)).to_be_hidden()


def mark(place: Locator) -> Locator:
    return place.get_by_role("img", name="Verified", exact=True)


def test_both_see_the_same_number_and_mallory_another(pair: Pair, open_window: OpenWindow) -> None:
    mallory = open_window("mallory").page
    readymade.connect(chatting.newcomer(mallory, "Mallory"), pair.alice_is)
    open_chat(mallory, "Alice")
    digits = number(pair.alice)
    assert re.fullmatch(r"\d{60}", digits)
    assert number(pair.bob) == digits
    with_mallory = number(mallory)
    assert with_mallory != digits
    open_chat(pair.alice, "Mallory")
    assert number(pair.alice) == with_mallory


def test_a_screen_reader_hears_digit_after_digit(pair: Pair) -> None:
    digits = number(pair.alice)
    heard = open_dialog(pair.alice).get_by_role("list", name="Safety number").aria_snapshot()
    assert re.findall(r"listitem: (\d(?: \d){4})$", heard, re.MULTILINE) == [
        " ".join(digits[i : i + 5]) for i in range(0, 60, 5)
    ]


def test_pasted_digits_are_told_at_once(pair: Pair) -> None:
    digits = number(pair.bob)
    opened = open_dialog(pair.alice)
    field = opened.get_by_label("Or paste theirs")
    same = opened.get_by_role("button", name="They are the same")
    for pasted, words in (
        (f"Mine is {digits[:30]} {digits[30:]}", "The same."),
        (digits[:17], "17 of 60 digits."),
        (f"{digits[30:]}{digits[:30]}", "Different."),
    ):
        field.fill(pasted)
        expect(outcome(opened)).to_contain_text(words)
    expect(same).to_be_disabled()
    field.fill("")
    expect(same).to_be_enabled()


def test_nothing_of_the_number_leaves_the_browser(pair: Pair) -> None:
    sent: list[str] = []
    pair.alice.on("request", lambda request: sent.append(f"{request.url} {request.post_data}"))
    digits = number(pair.alice)
    with pair.alice.expect_request("**/api/notes"):  # the control: it listens
        verify(pair.alice)
    expect(mark(pair.alice.locator("chat-person"))).to_be_visible()
    assert any("/api/notes" in line for line in sent)
    groups = [digits[i : i + 5] for i in range(0, 60, 5)]
    assert not [line for line in sent if sum(group in line for group in groups) > 1]
    assert not [line for line in sent if "/qr" in line or '"verified"' in line]


@pytest.mark.engine
def test_the_mark_is_shown_and_follows_and_can_be_taken_back(
    pair: Pair, open_window: OpenWindow
) -> None:
    alice = pair.alice
    expect(mark(alice.locator("chat-person"))).to_be_hidden()
    verify(alice)
    expect(mark(alice.locator("chat-person"))).to_be_visible()
    expect(mark(alice.locator("chat-list"))).to_be_visible()
    alice.reload()
    expect(mark(alice.locator("chat-person"))).to_be_visible()
    chatting.open_page(alice, "/people")
    expect(mark(chatting.contacts(alice))).to_be_visible()
    expect(mark(pair.bob.locator("chat-person"))).to_be_hidden()  # Bob is told nothing
    second = open_window("alice's second browser").page
    readymade.another_device(second, pair.alice_is)
    open_chat(second, "Bob")
    expect(mark(second.locator("chat-person"))).to_be_visible()
    open_dialog(second).get_by_role("button", name="Mark as not verified").click()
    expect(mark(second.locator("chat-person"))).to_be_hidden()
    open_chat(alice, "Bob")
    expect(mark(alice.locator("chat-person"))).to_be_hidden()


@pytest.fixture
def lies(pair: Pair) -> None:
    """From now on Alice's server says that everybody started over, under a key of its own."""
    forged: dict[bytes, records.Link] = {}

    def answer(route: Route) -> None:
        lists = []
        for wanted in lists_wanted(route.request):
            uid = from_base64(wanted["uid"])
            link = forged.setdefault(uid, forge(uid))
            links = [] if wanted["after"] else [to_base64(link.raw)]
            lists.append({**wanted, "links": links, "head": [1, to_base64(link.hash)]})
        route.fulfill(json={"lists": lists})

    pair.alice.context.route("**/api/links/read", answer)


def forge(uid: bytes) -> records.Link:
    ms = time.time_ns() // 1_000_000
    raw = first_link(
        uid=uid, aik=SigningKey(), devices=[listed(DeviceKeys(), ms)], user_key=KemKey().public,
        recovery_key=KemKey().public, ms=ms, reset=True,
    )  # fmt: skip
    return records.verify_link(raw)


def test_another_identity_has_no_mark_and_the_chat_says_that_it_had_one(
    pair: Pair, request: pytest.FixtureRequest
) -> None:
    verify(pair.alice)
    true = number(pair.alice)
    request.getfixturevalue("lies")
    opened = open_dialog(pair.alice)
    expect(opened).to_contain_text("You had verified Bob, but the security identity has changed")
    opened.get_by_label("Or paste theirs").fill(true)
    expect(outcome(opened)).to_contain_text("Different.")
    opened.get_by_role("button", name="Close").click()
    person = pair.alice.locator("chat-person")
    expect(mark(person)).to_be_hidden()
    expect(mark(pair.alice.locator("chat-list"))).to_be_hidden()
    expect(person.get_by_role("img", name="No longer verified")).to_be_visible()
    expect(person).to_contain_text("Bob has a new security identity")
    expect(person).to_contain_text("You had verified Bob.")
    expect(pair.alice.locator(".thread-line")).to_contain_text(["You had verified the one before."])
    expect(composer(pair.alice)).to_be_hidden()  # nothing can be sent to the forged key


def test_who_was_not_verified_is_not_said_to_have_been(
    pair: Pair, request: pytest.FixtureRequest
) -> None:
    number(pair.alice)
    request.getfixturevalue("lies")
    open_dialog(pair.alice).get_by_role("button", name="Close").click()
    person = pair.alice.locator("chat-person")
    expect(person).to_contain_text("Bob has a new security identity")
    expect(pair.alice.locator(".thread-line")).to_contain_text(["has changed."])
    expect(pair.alice.get_by_text("had verified")).to_have_count(0)  # nor hidden anywhere


def test_comparing_the_number_of_a_new_identity_is_an_answer_to_it(
    pair: Pair, request: pytest.FixtureRequest
) -> None:
    number(pair.alice)
    request.getfixturevalue("lies")
    verify(pair.alice)
    person = pair.alice.locator("chat-person")
    expect(mark(person)).to_be_visible()
    expect(person.get_by_text("Bob has a new security identity")).to_be_hidden()


def is_first_read(response: Response) -> bool:
    if not response.url.endswith("/api/links/read"):
        return False
    return lists_wanted(response.request)[0]["after"] == 0


def lists_wanted(request: Request) -> list[dict[str, Any]]:
    return list(json.loads(request.post_data or "")["lists"])


def test_digits_and_qr_code_are_what_the_protocol_says(pair: Pair) -> None:
    """Computed again in Python from the lists that both browsers fetched."""
    prints = []
    for page in (pair.alice, pair.bob):
        with page.expect_response(is_first_read) as fetched:
            digits = number(page)
        link = records.verify_link(from_base64(fetched.value.json()["lists"][0]["links"][0]))
        prints.append(safety.fingerprint(link.uid, link.aik))
    assert digits == safety.digits(*prints)
    code = safety.qr(*prints)
    opened = open_dialog(pair.alice)
    drawn = opened.get_by_role("img", name="The safety number as a QR code").locator("path")
    squares = re.findall(r"M(\d+) (\d+)h1v1h-1z", drawn.get_attribute("d") or "")
    dark = {(int(x), int(y)) for x, y in squares}
    assert distance(dark, code) < 250 < distance(dark, code[::-1])
    opened.get_by_label("Or paste theirs").fill(code)
    expect(outcome(opened)).to_contain_text("The same.")


def distance(dark: set[tuple[int, int]], code: str) -> int:
    """In how many of 1681 squares another QR code of this text differs, at best. Not in none:
    segno fills what the text leaves free in another way, which its checksums depend on."""
    border = 4
    drawn = [
        segno.make(code, error="m", version=6, mask=mask, boost_error=False) for mask in range(8)
    ]
    readings = [
        {
            (x, y)
            for y, row in enumerate(qr.matrix_iter(border=border))
            for x, on in enumerate(row)
            if on
        }
        for qr in drawn
    ]
    return min(len(dark ^ reading) for reading in readings)


def test_nothing_serious_for_axe_on_any_screen(pair: Pair) -> None:
    verify(pair.alice)
    open_dialog(pair.alice).get_by_label("Or paste theirs").fill("1" * 60)
    for size in (PHONE, {"width": 1280, "height": 800}):
        pair.alice.set_viewport_size(size)  # type: ignore[arg-type]
        wide = pair.alice.evaluate("() => document.querySelector('.verify').scrollWidth")
        assert wide <= size["width"]
        for scheme in ("light", "dark"):
            pair.alice.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            assert not serious(pair.alice), scheme
