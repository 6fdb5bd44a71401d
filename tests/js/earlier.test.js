// What earlier versions kept, in today's form; a database of each of them is opened in browsers (earlier_checks.js).

import assert from "node:assert/strict";
import { test } from "node:test";
import { carryOver, today } from "../../static/js/storage/earlier.js";
import { MemoryStores } from "./memory_stores.js";

const message = (seq, more) => ({ conv: "c", seq, mid: `m${seq}`, mine: true, kind: 1, warnings: [], ...more });
const text = { t: "text", text: "hello" };
const content = { t: "text", body: "hello" };

/** As the keystore reads: whatever was kept, in today's form. */
function reading(stores) {
  const { all } = stores;
  stores.all = async (store, ...bounds) =>
    (await all(store, ...bounds)).map(([key, value]) => [key, today(store, value)]);
  return stores;
}

test("an entry keeps all but its words as it was: its bytes never change", () => {
  const entry = {
    id: "a",
    conv: "c",
    order: 1,
    written: 5,
    failed: "too_big",
    sealed: { frame: { body: "xyz" }, ctr: 4 },
  };
  assert.deepEqual(today("outbox", { ...entry, text: "hello" }), { ...entry, content });
  assert.deepEqual(today("outbox", { ...entry, content }), { ...entry, content });
});

test("messages wherever they stand", () => {
  assert.deepEqual(today("messages", message(1, text)), message(1, { content }));
  assert.deepEqual(today("only", message(1, { ...text, after: 3 })), message(1, { content, after: 3 }));
  assert.deepEqual(today("chats", { have: 1, newest: message(1, text) }), { have: 1, newest: message(1, { content }) });
  for (const row of [message(1, { content }), message(1, { gone: "erased" }), message(1, { broken: "bad_row" })])
    assert.deepEqual(today("messages", row), row);
  assert.deepEqual(today("chats", { have: 0, newest: null }), { have: 0, newest: null });
  for (const draft of ["text", { text: "text" }]) assert.deepEqual(today("drafts", draft), { text: "text" });
  assert.deepEqual(today("drafts", { text: "", ref: "m" }), { text: "", ref: "m" });
});

test("an empty text is a text, and a deletion has none", () => {
  assert.deepEqual(today("messages", message(1, { t: "text", text: "" })).content, { t: "text", body: "" });
  assert.deepEqual(today("messages", message(1, { t: "del" })).content, { t: "del" });
});

test("afterwards a message is found by its name; a reaction whose target was not kept is asked for again", async () => {
  const stores = reading(new MemoryStores());
  const rows = [message(1, text), message(2, { t: "react", text: "👍", kind: 2 }), message(3, { gone: "erased" })];
  await stores.write([
    { store: "chats", key: "c", value: { have: 3, newest: null } },
    ...rows.map((value) => ({ store: "messages", key: ["c", value.seq], value })),
  ]);
  await carryOver(stores);
  assert.deepEqual(
    await stores.named("messages", [
      ["c", "m1"],
      ["c", "m2"],
      ["c", "m3"],
    ]),
    [[message(1, { content })], [], [rows[2]]],
  );
  assert.deepEqual(
    (await stores.all("messages")).map(([, { seq }]) => seq),
    [1, 3],
  );
  const { writes } = stores;
  await carryOver(stores);
  assert.equal(stores.writes, writes); // once
});

test("where there is no room nothing is lost, and the next start carries it over", async () => {
  const stores = reading(new MemoryStores());
  await stores.write([
    { store: "chats", key: "c", value: { have: 1, newest: null } },
    { store: "messages", key: ["c", 1], value: message(1, text) },
  ]);
  stores.failing = true;
  await carryOver(stores);
  assert.deepEqual(await stores.all("messages"), [[["c", 1], message(1, { content })]]);
  stores.failing = false;
  await carryOver(stores);
  assert.equal((await stores.named("messages", [["c", "m1"]]))[0].length, 1);
});
