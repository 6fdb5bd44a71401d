"""People who are there already, for tests whose subject is not how they came to be.

The Python client signs up, signs in and connects, as browsers do; then the device moves into the
window: keys and account into the key store of the page, the session into its cookies. From there
on the window is a signed-in browser like any other, and one that is furnished otherwise than
static/js/storage/keystore.js has it is sent to the sign-in.
"""

import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Page

from chatsite.edge.wire import Id
from e2ee.encoding import to_base64
from messaging.domain import ContactState
from messaging.http import Act, ConnectionRow
from testkit.browser.people import Person, somebody
from testkit.client import account
from testkit.client.account import Opened, Secrets
from testkit.client.api import Api
from testkit.client.m1 import code

SALT = secrets.token_bytes(16)  # all have one password, which costs a fifth of a second to stretch
BARE = "/help"  # a page without a script of its own, on which nothing reads the key store
LOAD = """() => {
  const names = ["storage/keystore", "account/remembered"];
  for (const name of names) void import(`/static/js/${name}.js`);
}"""
MOVE_IN = """async ({ uid, id, dsk, dkk, dkkPublic, name, displayName, links, seeds }) => {
  const { fromB64, hex, sha256 } = await import("/static/js/crypto/encoding.js");
  const { signingKeyFromSeed } = await import("/static/js/crypto/keys.js");
  const { newLocalKey, sealValue } = await import("/static/js/storage/sealedvalues.js");
  const { remember } = await import("/static/js/account/remembered.js");
  const { setCurrent } = await import("/static/js/account/current.js");
  const { Keystore } = await import("/static/js/storage/keystore.js");

  const me = fromB64(uid);
  const [signing, local] = [await signingKeyFromSeed(fromB64(dsk)), await newLocalKey()];
  const of = await sha256(fromB64(dkkPublic));
  const row = {
    id: fromB64(id), dsk: signing.privateKey, dskPublic: signing.publicKey,
    dkk: await sealValue(local, "device", { seed: fromB64(dkk), of }), local,
    dkkPublic: fromB64(dkkPublic),
  };
  (await Keystore.open(me)).close(); // makes the stores
  await new Promise((done, failed) => {
    const asked = indexedDB.open(`m1-${hex(me)}`);
    asked.onerror = failed;
    asked.onsuccess = () => {
      const change = asked.result.transaction("device", "readwrite");
      change.objectStore("device").put(row, "this");
      change.onabort = failed;
      change.oncomplete = () => { asked.result.close(); done(); };
    };
  });
  const stores = await Keystore.open(me);
  await remember(stores, {
    name, displayName, links: links.map((link) => ({ bytes: fromB64(link) })),
    seeds: new Map(seeds.map(([g, seed]) => [g, fromB64(seed)])),
  });
  stores.close();
  setCurrent(me);
}"""


@dataclass
class ReadyMade(Person):
    """Somebody with a device at hand, which acts where no page is the subject."""

    origin: str = ""
    known: Secrets | None = None
    opened: Opened | None = None
    cookies: dict[str, str] | None = None

    def act(self, other: "ReadyMade", action: Literal["request", "accept"]) -> str:
        """The address of the conversation."""
        assert self.opened
        assert other.opened
        seen = ContactState.ASKS if action == "accept" else None
        body = Act(peer=Id(other.opened.uid), action=action, seen=seen)
        with closing(Api(self.origin)) as api:
            api.cookies, api.uid, api.keys = self.cookies or {}, self.opened.uid, self.opened.keys
            row = api.post("/api/connections", body, ConnectionRow, proof=True)
        return f"/chats/{bytes(row.conv).hex()}"


def make(*wanted: tuple[Page, str]) -> Sequence[ReadyMade]:
    """Somebody in each window, by display name. The windows show no chats yet."""
    people = [(page, somebody(name)) for page, name in wanted]
    return _move_in([(page, partial(_signed_up, person)) for page, person in people])


def another_device(page: Page, person: Person) -> None:
    """The window becomes one more browser of somebody who is ready made."""
    assert isinstance(person, ReadyMade)
    _move_in([(page, partial(_signed_in, person))])


def connect(asking: Person, accepting: Person) -> str:
    """The address of their conversation."""
    assert isinstance(asking, ReadyMade)
    assert isinstance(accepting, ReadyMade)
    address = asking.act(accepting, "request")
    assert accepting.act(asking, "accept") == address
    return address


def _signed_up(person: Person, origin: str, agent: str) -> ReadyMade:
    with closing(Api(origin, agent=agent)) as api:
        known, opened = account.sign_up(
            api, person.name, password=person.password, display_name=person.display_name, salt=SALT
        )
        return ReadyMade(
            person.name, person.display_name, person.password, code.show(known.code),
            origin=origin, known=known, opened=opened, cookies=api.cookies,
        )  # fmt: skip


def _signed_in(person: ReadyMade, origin: str, agent: str) -> ReadyMade:
    assert person.known
    with closing(Api(origin, agent=agent)) as api:
        opened = account.enrol(api, person.known, by_code=True)
        return replace(person, opened=opened, cookies=api.cookies)


def _move_in(wanted: Sequence[tuple[Page, Callable[[str, str], ReadyMade]]]) -> list[ReadyMade]:
    for page, _ in wanted:
        page.goto(BARE, wait_until="commit")
    with ThreadPoolExecutor() as pool:  # the modules take as long
        origins = ["{0.scheme}://{0.netloc}".format(urlsplit(page.url)) for page, _ in wanted]
        agent = wanted[0][0].evaluate("() => navigator.userAgent")
        futures = [
            pool.submit(enter, origin, agent)
            for origin, (_, enter) in zip(origins, wanted, strict=True)
        ]
        for page, _ in wanted:
            page.evaluate(LOAD)
        people = [future.result() for future in futures]
    for (page, _), person in zip(wanted, people, strict=True):
        cookies = [
            {"name": name, "value": value, "url": person.origin}
            for name, value in (person.cookies or {}).items()
        ]
        page.context.add_cookies(cookies)  # type: ignore[arg-type]
        assert person.opened
        page.evaluate(MOVE_IN, _furniture(person, person.opened))
    return people


def _furniture(person: ReadyMade, opened: Opened) -> dict[str, Any]:
    keys = opened.keys
    values = {
        "uid": opened.uid, "id": keys.id, "dsk": keys.signing.seed, "dkk": keys.kem.seed,
        "dkkPublic": keys.kem.public,
    }  # fmt: skip
    return {
        **{name: to_base64(value) for name, value in values.items()},
        "name": person.name,
        "displayName": person.display_name,
        "links": [to_base64(link.raw) for link in opened.links],
        "seeds": [[g, to_base64(seed)] for g, seed in opened.ring.seeds.items()],
    }
