"""What people type and the files that they send are found nowhere but on their own screens.

Two people type texts, passwords and a private name that no other text contains, and send files with
a caption, a description and a name. Then every file that the server wrote (databases, journals,
files of messages, logs at DEBUG), what lies in PostgreSQL, Cassandra, Redis and S3, and all that
passed between browsers and server is searched for them in each spelling that a leak could have.
"""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext, Error, Page, Request, WebSocket, expect

from e2ee.encoding import from_base64
from testkit.browser.people import Person, recover, sign_up
from testkit.running import Site
from tests.browser import chatting, databases, made_pictures
from tests.browser.conftest import OpenWindow
from tests.browser.engine import DIRECT, TRANSFER, Several, new_site
from tests.browser.received import opened, with_files
from tests.browser.stored import PART
from tests.browser.test_attaching import items, pick, ready
from tests.browser.test_files_arrive import send

PASSWORDS = ("Kanarienvögel singen 7 Arien", "Canaries sing 8 arias at dawn")
TEXTS = ("Der gelbe Vogel fliegt um Mitternacht", "the yellow bird replies at noon 🐤")
PRIVATE_NAME = "Schatz Kanarienvogel"
FILE_NAME = "Notenblatt der Kanarien.txt"
CAPTION, DESCRIPTION = "Federkleid aus dem Album", "Vier Farben auf einer Vogelstange"
SIGNATURE = re.compile(rb"X-Amz-Signature=([0-9a-f]{64})")
INSIDE = "the canary sings at nine in the cage; "


@pytest.fixture
def site() -> Iterator[Site]:
    site = new_site({"LOG_LEVEL": "DEBUG"}).start()
    yield site
    site.remove()


class Traffic:
    """All that browsers and server said to each other, as bytes."""

    def __init__(self) -> None:
        self.said: list[bytes] = []
        self.missed: list[str] = []  # answers whose bodies nobody has

    def record(self, context: BrowserContext) -> None:
        context.on("requestfinished", self._exchange)
        for page in context.pages:
            page.on("websocket", self._socket)

    def _exchange(self, request: Request) -> None:
        if not request.url.startswith("http"):
            return  # a file that a page shows: nobody else hears of it
        headers = json.dumps([request.url, request.all_headers()], ensure_ascii=False)
        self.said += [headers.encode(), request.post_data_buffer or b""]
        response = request.response()
        if response is not None and "/static/" not in request.url:
            self.said.append(json.dumps(response.all_headers()).encode())
            # A redirect has no body to ask for; parts that a worker fetched lie in the store.
            if not 300 <= response.status < 400 and not PART.search(request.url):
                try:
                    self.said.append(response.body())
                except Error:  # the page went on before it was asked for
                    self.missed.append(request.url)

    def _socket(self, socket: WebSocket) -> None:
        socket.on("framesent", self._frame)
        socket.on("framereceived", self._frame)

    def _frame(self, payload: str | bytes) -> None:
        self.said.append(payload.encode() if isinstance(payload, str) else payload)


def spellings(text: str) -> set[bytes]:
    """The text as UTF-8, UTF-16, JSON with escapes, hex, in a URL, and base64 at each offset."""
    raw = text.encode()
    found = {raw, text.encode("utf-16-le"), text.encode("utf-16-be"), raw.hex().encode()}
    found |= {json.dumps(text)[1:-1].encode(), quote(text).encode(), text.casefold().encode()}
    return found | {base64_inside(raw, offset) for offset in range(3)}


def base64_inside(raw: bytes, offset: int) -> bytes:
    """What base64 of anything shows where `raw` begins `offset` bytes after a group of three."""
    shown = base64.b64encode(b"\0" * offset + raw).rstrip(b"=")
    return shown[4 if offset else 0 : -4]


def leaks(text: str, places: dict[str, bytes]) -> list[str]:
    return [
        where for where, content in places.items() if any(s in content for s in spellings(text))
    ]


def places(site: Site, traffic: Traffic) -> dict[str, bytes]:
    files = {
        str(path.relative_to(site.var)): path.read_bytes()
        for path in site.var.rglob("*")
        if path.is_file() and "static" not in path.relative_to(site.var).parts
    }
    held = databases.contents(site.env, site.cassandra) if isinstance(site, Several) else {}
    if "S3_BUCKET" in site.env:
        held["s3"] = databases.bucket(site.env)
    return {**files, **held, "traffic": b"\n".join(traffic.said)}


@pytest.mark.engine
@pytest.mark.files
def test_nothing_typed_leaves_the_browsers_readable(open_window: OpenWindow, site: Site) -> None:
    traffic = Traffic()
    alice_window, bob_window = open_window("alice"), open_window("bob")
    for window in (alice_window, bob_window):
        traffic.record(window.context)
    alice, bob = alice_window.page, bob_window.page
    alice_is = sign_up(alice, Person("canaryalice", "Alice Display", PASSWORDS[0]))
    bob_is = sign_up(bob, Person("canarybob", "Bob Display"))
    chatting.connect(alice, bob, bob_is.name)
    chatting.open_chat(alice, bob_is.display_name)
    chatting.open_chat(bob, alice_is.display_name)
    chatting.write(alice, TEXTS[0])
    expect(chatting.bubble(bob, TEXTS[0])).to_be_visible()
    chatting.write(bob, TEXTS[1])
    expect(chatting.bubble(alice, TEXTS[1])).to_be_visible()
    att = send_files(alice, bob)
    name_privately(alice, PRIVATE_NAME)
    first_code = alice_is.code
    again = open_window("alice elsewhere")
    traffic.record(again.context)
    recover(again.page, alice_is, PASSWORDS[1])

    searched = places(site, traffic)
    # The search finds what is there: names that the server knows, ids in base64 and in the files.
    assert {"site.sqlite3-wal", "traffic"} & set(leaks("canaryalice", searched))
    if isinstance(site, Several):
        assert "postgres accounts_user" in leaks("canaryalice", searched)
        assert alice.url.rpartition("/")[2].encode() in searched["cassandra conversation"]
        assert b"canaryalice" not in searched["redis"] != b"[]"
    assert "traffic" in leaks("Alice Display", searched)
    assert 4 * len(traffic.missed) < len(traffic.said), traffic.missed
    assert leaks("live", {"traffic": base64.b64encode(b"it is live here")})
    assert any(where.endswith("server.log") and said for where, said in searched.items())
    for blob in (from_base64(entry["blob"], 16).hex() for entry in att):
        there = f"{blob}/0"  # a part of it
        assert any(there in where or there.encode() in said for where, said in searched.items())
    # Past the site the store is told the SHA-256 of each part: of a small file that is its hash.
    kept = ("fk",) if TRANSFER == DIRECT else ("fk", "hash")
    secret = [entry[word] for entry in att for word in kept]
    raw = [from_base64(word, 32) for word in secret]
    assert not [where for where, said in searched.items() if any(key in said for key in raw)]
    signatures = set(SIGNATURE.findall(searched["traffic"]))
    assert bool(signatures) == (TRANSFER == DIRECT)
    log = b"".join(said for where, said in searched.items() if where.endswith("server.log"))
    assert not [one for one in signatures if one in log]  # who has it reads the part
    about = (FILE_NAME, FILE_NAME[:-4], CAPTION, DESCRIPTION, INSIDE, *secret)
    assert not [where for where in searched if any(word in where for word in about)]
    for canary in (
        *about,
        *PASSWORDS,
        *TEXTS,
        PRIVATE_NAME,
        first_code,
        first_code.replace("-", "")[:30],
    ):
        assert leaks(canary, searched) == []


def send_files(alice: Page, bob: Page) -> list[dict[str, Any]]:
    """A picture with words and a file whose bytes can be read; the entries that name them."""
    inside = INSIDE.encode() * 9000
    pick(alice, ("photo.jpg", made_pictures.photo(alice)), (FILE_NAME, inside))
    ready(alice, 2)
    items(alice).first.get_by_label("Description").fill(DESCRIPTION)
    send(alice, 2, CAPTION)
    (content,) = with_files(bob)
    photo, file = content["att"]
    assert (content["body"], photo["alt"], file["name"]) == (CAPTION, DESCRIPTION, FILE_NAME)
    assert opened(bob, photo)
    assert opened(bob, file) == inside
    return [photo, file, photo["thumb"]]


def name_privately(page: Page, name: str) -> None:
    page.get_by_role("button", name="More about this chat").click()
    page.get_by_role("button", name="Private name").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("chat-thread").get_by_role("heading", name=name)).to_be_visible()
