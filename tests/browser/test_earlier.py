"""A browser that an earlier version of the site was in."""

from playwright.sync_api import Page, expect

from testkit.browser.pages import live, ready
from tests.browser.chatting import Pair, both_understand, bubble, write

# Everything as version 2 had it: `text` in place of `content`, no names. And a message waits.
AGE = """async (conv) => {
  const { b64, fromHex } = await import("/static/js/crypto/encoding.js");
  const { openValue, sealValue } = await import("/static/js/storage/sealedvalues.js");
  const { asked, done } = await import("/static/js/storage/indexed.js");
  const opened = async (name, version, upgrade) => {
    const request = indexedDB.open(name, version);
    request.onupgradeneeded = () => upgrade(request.result);
    return asked(request);
  };
  const rowsOf = async (db, store) => {
    const rows = db.transaction(store).objectStore(store);
    const [keys, values] = await Promise.all([asked(rows.getAllKeys()), asked(rows.getAll())]);
    return keys.map((key, i) => [key, values[i]]);
  };
  const [{ name }] = await indexedDB.databases();
  const now = await opened(name);
  const stores = {};
  for (const store of now.objectStoreNames) stores[store] = await rowsOf(now, store);
  now.close();
  const { local } = stores.device.find(([key]) => key === "this")[1];
  const textual = ({ content, ...rest }) => (
    content ? { ...rest, t: content.t, text: content.body } : rest
  );
  const older = async (store, key, row) => {
    const place = (...at) => JSON.stringify(at);
    const value = row instanceof Uint8Array
      ? await openValue(local, place(store, key), row)
      : await openValue(local, place(store, key, row.name), row.bytes);
    if (store === "chats") value.newest &&= textual(value.newest);
    const aged = store === "chats" ? value : textual(value);
    return sealValue(local, place(store, key), aged);
  };
  for (const store of ["messages", "chats"])
    for (const pair of stores[store]) pair[1] = await older(store, ...pair);
  const words = { conv: b64(fromHex(conv)), text: "written before the update" };
  const entry = { id: "a", ...words, order: 1, written: 1 };
  stores.outbox = [["a", await sealValue(local, JSON.stringify(["outbox", "a"]), entry)]];
  stores.meta = stores.meta.filter(([key]) => key !== "form");
  delete stores.relations;
  await asked(indexedDB.deleteDatabase(name));
  const then = await opened(name, 2, (db) => {
    for (const store of Object.keys(stores)) db.createObjectStore(store);
  });
  const change = then.transaction(then.objectStoreNames, "readwrite");
  for (const [store, rows] of Object.entries(stores))
    for (const [key, value] of rows) change.objectStore(store).put(value, key);
  await done(change);
  then.close();
}"""


def age(page: Page, conv: str) -> None:
    page.goto("/static/js/clock.js")  # of the site, and no page: nothing holds the database
    page.evaluate(AGE, conv)


def test_all_is_there_after_an_update_and_what_waited_goes(talking: Pair) -> None:
    a, b = talking.alice, talking.bob
    chat = a.url
    write(a, "from the old page")
    expect(bubble(b, "from the old page")).to_be_visible()
    age(a, chat.split("/chats/")[1])
    a.goto(chat)
    ready(a)
    expect(bubble(a, "from the old page")).to_be_visible()
    expect(bubble(b, "written before the update")).to_be_visible()
    live(a)
    both_understand(a, b)
    a.reload()
    ready(a)
    expect(bubble(a, "written before the update")).to_have_count(1)
    assert a.evaluate("async () => (await indexedDB.databases())[0].version") == 3
