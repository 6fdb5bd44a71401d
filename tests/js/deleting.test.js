// A message that who wrote it deletes for everyone, and one that the reader wants to see no more on this device.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isRefused } from "../../static/js/chat/deleted.js";
import { outboxStore } from "../../static/js/sending/outboxstore.js";
import { stored } from "../../static/js/storage/stores.js";
import { dropRefused, erasedBy } from "../../static/js/sync/deleting.js";
import { UNDO_MS } from "../../static/js/sync/hiding.js";
import { HistoryWindow } from "../../static/js/ui/historywindow.js";
import { sharedIn, sharedWithout } from "../../static/js/ui/sharedmedia.js";
import { layout } from "../../static/js/ui/threadlayout.js";
import { MemoryStores } from "./memory_stores.js";
import { settle } from "./moved_clock.js";
import { world } from "./read_log.js";
import { CONV } from "./two_people.js";

const shown = async (bob, seq) => (await bob.page(seq + 1, 1)).messages[0];
const kept = (stores, seq) => stores.get("messages", [CONV, seq]);
const says = (message) => [message?.gone, message?.content?.body];

test("what its sender deletes leaves this browser, with its files; the list of chats says so", async () => {
  const { log, hear, bob, stores, retold, evicted } = await world();
  const { client_id: ref } = await log.say("a secret");
  await hear();
  assert.equal(bob.newest?.content?.body, "a secret");
  await log.say({ t: "del", ref });
  await hear();
  assert.deepEqual(says(await kept(stores, 1)), ["deleted", undefined]);
  assert.deepEqual(says(await shown(bob, 1)), ["deleted", undefined]);
  assert.deepEqual(says(bob.newest), ["deleted", undefined]);
  assert.deepEqual(evicted, [1]);
  assert.deepEqual(retold.map(says), [["deleted", undefined]]);
  assert.ok(!JSON.stringify(await stores.all("messages")).includes("a secret"));
});

test("nobody deletes the words of somebody else", async () => {
  const { log, hear, bob, stores, evicted } = await world();
  await log.say("theirs");
  await hear();
  const mine = {
    conv: CONV,
    seq: 1,
    mid: "bWluZSBtaW5lIG1pbmUgbQ==",
    mine: true,
    time: 1,
    ord: 1,
    kind: 1,
    warnings: [],
  };
  await stores.write([stored({ ...mine, content: { t: "text", body: "mine" } })]);
  await log.say({ t: "del", ref: mine.mid });
  await hear();
  assert.equal(bob.have, 2);
  assert.deepEqual(says(await shown(bob, 1)), [undefined, "mine"]);
  assert.deepEqual(evicted, []);
});

test("what the server empties by itself is told from what its sender deleted", async () => {
  const { log, bob, row } = await world();
  const { client_id: ref } = await log.say("one");
  await log.say("two");
  await log.say({ t: "del", ref });
  log.empty(1);
  log.empty(2);
  await bob.learn({ ...row, last_seq: 3 });
  const { messages } = await bob.page(4, 3);
  assert.deepEqual(
    messages.map(({ gone }) => gone),
    ["deleted", "erased", undefined],
  );
});

test("a server that still shows what was deleted shows it to nobody", async () => {
  const { log, bob, stores, row } = await world();
  const { client_id: ref } = await log.say("a secret");
  await log.say({ t: "del", ref });
  await bob.learn({ ...row, last_seq: 2 });
  const { messages } = await bob.page(3, 2); // a new browser
  assert.deepEqual(says(messages[0]), ["deleted", undefined]);
  assert.deepEqual(says(await kept(stores, 1)), ["deleted", undefined]);
});

test("a jump to a deletion looks for the message that stands in the list", async () => {
  const { log, bob, row } = await world();
  log.fill(60);
  const { client_id: ref } = await log.say("gone again");
  await log.say("what stands there");
  await log.say({ t: "del", ref });
  await bob.learn({ ...row, last_seq: log.rows.length });
  await bob.jump(log.rows.at(-1));
  for (let at = 0; at < 20 && !bob.newest; at++) await settle();
  assert.equal(bob.newest?.content?.body, "what stands there");
});

test("hidden on this device: back for some seconds, then without its words, whatever the server brings", async () => {
  const { log, hear, bob, stores, hiding, clock, told } = await world();
  await log.say("stays");
  const { client_id: mid } = await log.say("a secret");
  await hear();
  const ms = await hiding.begin(CONV, mid);
  assert.deepEqual(says(await shown(bob, 2)), ["hidden", undefined]);
  assert.equal(bob.newest?.content?.body, "stays");
  assert.equal(await hiding.undo(CONV, mid), true);
  assert.equal(await hiding.undo(CONV, mid), true); // by a tab that heard no answer
  assert.deepEqual(says(await shown(bob, 2)), [undefined, "a secret"]);
  assert.equal(bob.newest?.content?.body, "a secret");
  assert.deepEqual(
    told.map(([event, message]) => [event, message.gone]),
    [
      ["retold", "hidden"],
      ["retold", undefined],
    ],
  );

  await hiding.begin(CONV, mid);
  await clock.pass(ms + UNDO_MS);
  await settle();
  assert.equal(await hiding.undo(CONV, mid), false);
  assert.ok(!JSON.stringify(await stores.all("messages")).includes("a secret"));
  await stores.write([{ store: "messages", key: [CONV, 2], remove: true }]);
  assert.deepEqual(says(await shown(bob, 2)), ["hidden", undefined]); // of the server
  assert.deepEqual(says(await kept(stores, 2)), ["hidden", undefined]);
});

test("what is taken back while its words are leaving is too late, and says so", async () => {
  const { log, hear, stores, hiding, clock } = await world();
  const { client_id: mid } = await log.say("a secret");
  await hear();
  await hiding.begin(CONV, mid);
  const { write } = stores;
  let undone;
  stores.write = async (changes) => {
    stores.write = write;
    undone = await hiding.undo(CONV, mid);
    return write(changes);
  };
  await clock.pass(2 * UNDO_MS);
  await settle();
  assert.equal(undone, false);
  assert.deepEqual(says(await kept(stores, 1)), ["hidden", undefined]);
});

test("a row that comes at the moment of hiding keeps no words of it", async () => {
  const { log, hear, bob, stores, hiding, clock } = await world();
  await log.say("stays");
  const { client_id: mid } = await log.say("a secret");
  await hear();
  await log.say({ t: "react", ref: mid, body: "👍" });
  const { write } = stores;
  stores.write = async (changes) => {
    stores.write = write;
    await hiding.begin(CONV, mid); // between what the row found and what it keeps
    return write(changes);
  };
  await hear();
  await clock.pass(2 * UNDO_MS);
  await settle();
  assert.equal(bob.have, 3);
  assert.equal(bob.newest?.content?.body, "stays");
  assert.ok(!JSON.stringify(await stores.all("chats")).includes("a secret"));
});

test("what this browser does not keep is hidden, too: pages ask for it again", async () => {
  const { hiding, told } = await world();
  const mid = "b2xkIG9sZCBvbGQgb2xkIQ==";
  await hiding.begin(CONV, mid);
  await hiding.undo(CONV, mid);
  assert.deepEqual(told, [
    ["rewound", { conv: CONV }],
    ["rewound", { conv: CONV }],
  ]);
});

test("the page that comes next ends what one hid that went", async () => {
  const before = await world();
  const { client_id: mid } = await before.log.say("a secret");
  await before.hear();
  await before.hiding.begin(CONV, mid);
  const after = await world(before.stores);
  await after.hiding.load();
  assert.equal(after.hiding.shown(await kept(after.stores, 1)).gone, "hidden");
  await after.clock.pass(2 * UNDO_MS);
  await settle();
  assert.deepEqual(says(await kept(after.stores, 1)), ["hidden", undefined]);
});

test("the deletion names the row for the server; it ends no draft, nor do files", async () => {
  const { log } = await world();
  const { client_id: ref } = await log.say("x");
  const row = await log.say({ t: "del", ref }, { erases: 1 });
  assert.deepEqual([row.erase, row.kind], [{ seq: 1, client_id: ref }, 2]);
  assert.equal((await log.say("y")).erase, undefined);

  const stores = new MemoryStores();
  await stores.write([{ store: "drafts", key: CONV, value: "half a sentence" }]);
  const entry = { id: "a", conv: CONV, order: 1, written: 1 };
  await outboxStore(stores).add({ ...entry, content: { t: "del", ref }, erases: 1 });
  await outboxStore(stores).add({ ...entry, content: { t: "text", body: "", att: [{}] } }); // sealed meanwhile
  assert.equal(await stores.get("drafts", CONV), "half a sentence");
  await outboxStore(stores).add({ ...entry, content: { t: "text", body: "taken back" } }, true); // and written on since
  assert.equal(await stores.get("drafts", CONV), "half a sentence");
  await outboxStore(stores).add({ ...entry, content: { t: "text", body: "sent" } });
  assert.equal(await stores.get("drafts", CONV), undefined);
});

test("a deletion names the place that its message has when it leaves, or none", async () => {
  const stores = new MemoryStores();
  const entry = { id: "d", conv: CONV, order: 1, written: 1, content: { t: "del", ref: "m1" }, erases: 4 };
  const at = (more = {}) => erasedBy(stores, { ...entry, ...more });
  assert.deepEqual([await at(), await at({ erases: undefined })], [4, undefined]);
  await stores.write([{ store: "only", key: [CONV, "m1"], value: message(4, { mid: "m1", after: 2 }) }]);
  assert.equal(await at(), undefined);
  await stores.write([stored(message(3, { mid: "m1" })), stored(message(4, { mid: "m2" }))]);
  assert.equal(await at(), 3);
  await stores.write([stored(message(4, { mid: "m1" })), stored(message(5, { mid: "m1" }))]);
  assert.equal(await at(), 4);
});

const message = (seq, more = {}) => ({
  ...{ conv: CONV, seq, mid: `m${seq}`, mine: true, time: seq, ord: seq, kind: 1, warnings: [] },
  content: { t: "text", body: `text ${seq}` },
  ...more,
});

test("while a deletion waits the message is gone for me; where it failed, it is back with the reason", () => {
  const entry = { id: "d", conv: CONV, order: 1, written: 1, content: { t: "del", ref: "m1" }, erases: 1 };
  const bubbles = (entries, messages = [message(1), message(2)]) =>
    layout({ messages, entries, notices: [], marks: { peer_got: 2, peer_read: 0 } })
      .filter(({ type }) => type === "bubble")
      .map(({ message: of, status, deleting }) => [...says(of), status, deleting?.id]);
  assert.deepEqual(bubbles([entry]), [
    ["deleted", undefined, "waiting", "d"],
    [undefined, "text 2", "delivered", undefined],
  ]);
  assert.deepEqual(bubbles([{ ...entry, failed: "unknown" }])[0], [undefined, "text 1", "delivered", "d"]);
  assert.deepEqual(bubbles([entry], [message(1, { mine: false })])[0], [undefined, "text 1", undefined, undefined]);
  assert.deepEqual(bubbles([], [message(1, { gone: "hidden" })]), []);
});

test("what a page holds, and this browser does not keep, is emptied there", () => {
  const held = new HistoryWindow();
  held.replace({ messages: [message(1), message(2, { mine: false })], more: false, have: 2 });
  const del = (seq, ref, mine) => message(seq, { kind: 2, mine, content: { t: "del", ref } });
  held.came(del(3, "m2", true), true);
  held.came(del(4, "m1", true), true);
  assert.deepEqual(held.messages.slice(0, 2).map(says), [
    ["deleted", undefined],
    [undefined, "text 2"],
  ]);
});

test("what waits to be deleted is shared no more; where that was refused, it is again", () => {
  const link = { content: { t: "text", body: "https://example.org" } };
  const messages = [message(1, link), message(1, { ...link, mine: false })];
  const entry = { id: "d", conv: CONV, order: 1, written: 1, content: { t: "del", ref: "m1" }, erases: 1 };
  assert.deepEqual(
    sharedIn(messages, [entry]).links.map(({ mine }) => mine),
    [false],
  );
  assert.equal(sharedIn(messages, [{ ...entry, failed: "unknown" }]).links.length, 2);
});

test("a deletion or reaction that was refused is not waited for by who signs out; one that waits is", () => {
  const entry = { id: "d", conv: CONV, order: 1, written: 1, content: { t: "del", ref: "m1" }, erases: 1 };
  const text = { ...entry, content: { t: "text", body: "x" } };
  const reaction = { ...entry, content: { t: "react", body: "👍", ref: "m1" } };
  const refused = [entry, reaction, text].flatMap((one) => [one, { ...one, failed: "unknown" }]).map(isRefused);
  assert.deepEqual(refused, [false, true, false, true, false, false]);
});

test("what was refused of a message that shows no more is given up; of any other it waits for the person", async () => {
  const stores = new MemoryStores();
  const refs = ["m1", "m2", "m3", "m4", "m5", "m6"];
  const entry = (ref, at) => ({ id: ref, conv: CONV, order: at, written: 9, content: { t: "react", body: "👍", ref } });
  let entries = refs.map((ref, at) => ({ ...entry(ref, at), failed: "unknown" }));
  entries.push({ ...entry("m2", 7), id: "waits" }, { ...entries[5], id: "cleared", written: 8 });
  const relation = { conv: CONV, seq: 9, mid: "d", mine: true, time: 9, t: "del" };
  await stores.write([
    stored(message(1)),
    stored(message(2, { gone: "deleted", content: undefined })),
    stored(message(3)),
    { store: "relations", key: [CONV, 9], name: [CONV, "m3"], value: relation },
    { store: "only", key: [CONV, "m4"], value: message(4, { after: 3 }) },
  ]);
  const hidden = ({ mid, ...more }) => (mid === "m5" ? { mid, ...more, gone: "hidden" } : { mid, ...more });
  await dropRefused({
    conversations: new Map([[CONV, { clearedAt: 8 }]]),
    outbox: { all: () => entries, discard: async (id) => void (entries = entries.filter((one) => one.id !== id)) },
    hiding: { shown: hidden },
    parts: { stores },
  });
  assert.deepEqual(
    entries.map(({ id }) => id),
    ["m1", "m6", "waits"],
  );
});

test("what was shared goes with its message, and with no other", () => {
  const shared = sharedIn([1, 2].map((seq) => message(seq, { content: { t: "text", body: "https://example.org" } })));
  assert.equal(sharedWithout(shared, { mid: "m1", mine: true }).links.length, 1);
  assert.equal(sharedWithout(shared, { mid: "m1", mine: false }).links.length, 2);
});
