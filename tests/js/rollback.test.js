// An older backup was put back: positions follow the server, what it lost stays on this device.

import assert from "node:assert/strict";
import { test } from "node:test";
import { STATE } from "../../static/js/chat/contactstate.js";
import { outboxStore } from "../../static/js/sending/outboxstore.js";
import { learn } from "../../static/js/sync/applystate.js";
import { catchUp } from "../../static/js/sync/catchup.js";
import { Conversation } from "../../static/js/sync/conversation.js";
import { blank } from "../../static/js/sync/kept.js";
import { judge, onlyHere } from "../../static/js/sync/onlyhere.js";
import { Receipts } from "../../static/js/sync/receipts.js";
import { Rollback } from "../../static/js/sync/rollback.js";
import { vecHash } from "../../static/js/sync/vector.js";
import { MemoryStores } from "./memory_stores.js";
import { MovedClock, settle } from "./moved_clock.js";

const ME = btoa("me".repeat(8));
const PEER = btoa("peer".repeat(4));
const [OLD, NEW] = ["old data", "new data"];
const convOf = (n) => btoa(String(n).padStart(16, "c"));

/** A server of conversations whose rows have no content left: what is applied needs no keys. */
class Log {
  data = OLD;
  rows = new Map();
  marks = new Map();
  asked = 0;
  away = false;

  constructor(convs) {
    for (const conv of convs) this.rows.set(conv, []);
  }

  write(conv, mid, mine = false) {
    const rows = this.rows.get(conv);
    const sender = mine ? ME : PEER;
    const device = `${sender} device`;
    const ctr = rows.filter((row) => row.device === device).length + 1;
    const ord = rows.filter((row) => row.sender === sender).length + 1;
    const row = { t: "msg", conv, seq: rows.length + 1, client_id: mid, sender, device, ctr, ord };
    rows.push({ ...row, time: 1000 + rows.length, kind: 1, epoch: 0, ttl: 0, gone: "erased" });
    return rows.at(-1);
  }

  vector() {
    return [...this.rows].map(([conv, rows]) => {
      const ord = (sender) => rows.filter((row) => row.sender === sender).length;
      const times = { last: rows.at(-1)?.time ?? 0 };
      const zeros = { my_read: 0, my_read_ord: 0, my_got: 0, peer_read: 0, peer_got: 0, cleared: 0 };
      const own = { conv, peer: PEER, state: 3, since: 1, last_seq: rows.length, my_ord: ord(ME), peer_ord: ord(PEER) };
      return { ...own, ...zeros, ...this.marks.get(conv), times };
    });
  }

  ask = async ({ conv, last, before, after, limit }) => {
    if (this.away) throw new Error("closed");
    this.asked += 1;
    if (last) return { rows: last.flatMap((one) => this.rows.get(one)?.slice(-1) ?? []), more: false };
    const rows = this.rows.get(conv);
    const found = after === undefined ? rows.filter(({ seq }) => seq < before).reverse() : rows.slice(after);
    return { rows: found.slice(0, limit), more: found.length > limit };
  };
}

/** What the leading tab does of it: learn, look, catch up. */
class Browser {
  told = [];
  frames = [];
  clock = new MovedClock();
  conversations = new Map();

  constructor(log, stores = new MemoryStores()) {
    Object.assign(this, { log, stores });
    this.receipts = new Receipts((frame) => this.frames.push(frame), this.clock);
    this.rollback = new Rollback({
      stores,
      ask: (what) => log.ask(what),
      receipts: this.receipts,
      clearing: { rewind: async (conv, seq) => this.told.push(`clear ${conv} up to ${seq}`) },
      epochs: { renew: (conv) => this.told.push(`renew ${conv}`) },
      tell: (event, { conv }) => this.told.push(`${event} ${conv}`),
    });
  }

  async load() {
    await this.rollback.load();
    for (const [, kept] of await this.stores.all("chats")) this.open(kept);
    return this;
  }

  open(kept) {
    const { conv } = kept.row;
    const conversation = new Conversation(kept, {
      stores: this.stores,
      clock: this.clock,
      desk: { me: ME, peer: PEER, seeds: new Map() },
      ask: (what, limit) => this.log.ask({ conv, ...what, limit }),
      ahead: async () => async () => {},
      applied: async () => {},
      hides: (message) => message,
      evict: async () => {},
      changed: () => {},
    });
    this.conversations.set(conv, conversation);
    return conversation;
  }

  async connect({ same = false } = {}) {
    const rows = same ? null : this.log.vector();
    await this.rollback.follow(rows, this.log.data, this.conversations.values());
    const rest = rows ? await learn(rows, this.conversations, (row) => this.open(blank(row)), this.stores) : () => {};
    await catchUp(
      [...this.conversations.values()],
      [],
      (what) => this.log.ask(what),
      () => {},
      rest,
    );
    await settle();
  }

  async shown(conv) {
    const conversation = this.conversations.get(conv);
    const { messages } = await conversation.page(conversation.have + 1, 50);
    return messages.map(({ mid }) => mid);
  }

  only = async (conv) => (await onlyHere(this.stores, conv)).map(({ mid, after }) => `${mid} after ${after}`);
}

/** Two messages in the backup, two after it. */
async function ahead(convs = [convOf(1)]) {
  const log = new Log(convs);
  const browser = await new Browser(log).load();
  for (const conv of convs) log.write(conv, "a");
  await browser.connect();
  for (const conv of convs) await browser.conversations.get(conv).push(log.write(conv, "b"));
  const backup = structuredClone(log.rows);
  for (const conv of convs)
    for (const mid of ["c", "d"]) await browser.conversations.get(conv).push(log.write(conv, mid));
  Object.assign(log, { rows: backup, data: NEW });
  return { log, browser, conv: convs[0] };
}

test("what the server lost stays in its place, and what is new arrives", async () => {
  const { log, browser, conv } = await ahead();
  assert.deepEqual(await browser.shown(conv), ["a", "b", "c", "d"]);
  log.write(conv, "new");
  await browser.connect();
  assert.deepEqual(await browser.shown(conv), ["a", "b", "new"]);
  assert.deepEqual(await browser.only(conv), ["c after 2", "d after 2"]);
  assert.ok(browser.told.includes(`rewound ${conv}`));
  assert.ok(browser.told.includes(`clear ${conv} up to 2`));
  await browser.conversations.get(conv).push(log.write(conv, "pushed"));
  assert.deepEqual((await browser.shown(conv)).at(-1), "pushed");
});

test("nobody has written since: new messages are applied from there", async () => {
  const { log, browser, conv } = await ahead();
  await browser.connect();
  assert.equal(browser.conversations.get(conv).have, 2);
  await browser.conversations.get(conv).push(log.write(conv, "new"));
  assert.deepEqual(await browser.shown(conv), ["a", "b", "new"]);
});

test("others wrote past it before this browser came back: the name of the data tells", async () => {
  const { log, browser, conv } = await ahead();
  for (const mid of ["v", "w", "x", "y", "z"]) log.write(conv, mid);
  await browser.connect();
  assert.deepEqual(await browser.shown(conv), ["a", "b", "v", "w", "x", "y", "z"]);
  assert.deepEqual(await browser.only(conv), ["c after 2", "d after 2"]);
});

test("the same vector by chance is looked at all the same", async () => {
  const { log, browser, conv } = await ahead();
  for (const mid of ["v", "w"]) log.write(conv, mid);
  await browser.connect({ same: true });
  assert.deepEqual(await browser.shown(conv), ["a", "b", "v", "w"]);
});

test("a head below what is here tells without a name", async () => {
  const { log, browser, conv } = await ahead();
  log.data = OLD;
  await browser.connect();
  assert.deepEqual(await browser.only(conv), ["c after 2", "d after 2"]);
});

test("an ordinary connect looks at nothing twice", async () => {
  const { log, browser } = await ahead();
  await browser.connect();
  const { asked } = log;
  await browser.connect();
  assert.equal(log.asked, asked);
});

test("a restart knows as much, and counts them still", async () => {
  const { log, browser, conv } = await ahead();
  await browser.connect();
  const again = await new Browser(log, browser.stores).load();
  assert.equal(again.conversations.get(conv).have, 2);
  await again.connect();
  assert.deepEqual(await again.only(conv), ["c after 2", "d after 2"]);
});

test("the line breaks in the middle: nothing is applied before it was looked at, and nothing is lost", async () => {
  const { log, browser, conv } = await ahead();
  log.away = true;
  await assert.rejects(browser.connect());
  const row = log.write(conv, "new");
  await browser.conversations.get(conv).push(row);
  assert.equal(browser.conversations.get(conv).have, 4);
  assert.equal(await browser.stores.get("messages", [conv, 5]), undefined);
  log.away = false;
  await browser.connect();
  assert.deepEqual(await browser.shown(conv), ["a", "b", "new"]);
  assert.deepEqual(await browser.only(conv), ["c after 2", "d after 2"]);
});

test("numbers fall to the server's, and it is not told marks that it cannot have", async () => {
  const { log, browser, conv } = await ahead();
  browser.receipts.got(conv, 4);
  browser.receipts.read(conv, 4, 4);
  await browser.conversations.get(conv).receipt({ got: 4, read: 4, read_ord: 4 }, true);
  log.marks.set(conv, { my_read: 1, my_read_ord: 1, my_got: 2 });
  browser.frames.length = 0;
  await browser.connect();
  for (const { row } of browser.conversations.values()) browser.receipts.known(row, row);
  await browser.clock.pass(5000);
  assert.deepEqual(browser.frames, []);
  const { row, unread } = browser.conversations.get(conv);
  assert.deepEqual([row.last_seq, row.my_read, row.my_got, unread], [2, 1, 2, 1]);
  assert.equal(await vecHash([row]), await vecHash(log.vector()));
});

test("a hundred chats: all are looked at, in few questions", async () => {
  const convs = Array.from({ length: 100 }, (_, n) => convOf(n));
  const { log, browser } = await ahead(convs);
  log.asked = 0;
  await browser.connect();
  assert.ok(log.asked <= 5, `${log.asked} questions`);
  for (const conv of convs) assert.equal((await browser.only(conv)).length, 2);
});

test("what is heard while both logs are compared counts beside the server's numbers", async () => {
  const { log, browser, conv } = await ahead();
  const conversation = browser.conversations.get(conv);
  const { ask } = log;
  log.ask = async (what) => {
    await conversation.receipt({ got: 2, read: 2, read_ord: 2 }, true); // by another device, which was faster
    await conversation.receipt({ got: 1, got_time: 7 }, false);
    await conversation.learn({ state: STATE.CLOSED });
    return ask(what);
  };
  await browser.rollback.follow(log.vector(), log.data, browser.conversations.values());
  const { row, steps } = conversation;
  assert.deepEqual([row.last_seq, row.my_read, row.peer_got, row.state], [2, 2, 1, STATE.CLOSED]);
  assert.equal(steps.got.at(-1)[1], 7);
});

test("a vector that lags behind its log sets nothing back", async () => {
  const { log, browser, conv } = await ahead();
  Object.assign(log, { rows: new Map([[conv, [...log.rows.get(conv)]]]), data: OLD });
  for (const mid of ["c", "d"]) log.write(conv, mid);
  const lagging = log.vector().map((row) => ({ ...row, last_seq: 3 }));
  browser.told.length = 0;
  await browser.rollback.follow(lagging, OLD, browser.conversations.values());
  assert.deepEqual([await browser.only(conv), browser.told], [[], []]);
  await browser.conversations.get(conv).push(log.write(conv, "e"));
  assert.deepEqual(await browser.shown(conv), ["a", "b", "c", "d", "e"]);
});

test("a break in the middle, and the vector that lagged does not any more: it goes on", async () => {
  const { log, browser, conv } = await ahead();
  log.data = OLD;
  for (const mid of ["c", "d"]) log.write(conv, mid);
  log.away = true;
  const lagging = log.vector().map((row) => ({ ...row, last_seq: 3 }));
  await assert.rejects(browser.rollback.follow(lagging, OLD, browser.conversations.values()));
  log.away = false;
  await browser.connect();
  await browser.conversations.get(conv).push(log.write(conv, "e"));
  assert.deepEqual(await browser.shown(conv), ["a", "b", "c", "d", "e"]);
});

test("what is read while both logs are compared waits, and what was lost is not read", async () => {
  const { log, browser, conv } = await ahead();
  const conversation = browser.conversations.get(conv);
  const ends = [await conversation.agreed];
  const following = browser.rollback.follow(log.vector(), log.data, browser.conversations.values());
  const waiting = conversation.agreed.then((seq) => ends.push(seq));
  assert.equal(ends.length, 1);
  await Promise.all([following, waiting]);
  assert.deepEqual(ends, [Number.MAX_SAFE_INTEGER, 2]);
  assert.equal(await conversation.agreed, Number.MAX_SAFE_INTEGER); // what comes now may be read
});

test("set back twice: what was lost before stands where the logs part now", async () => {
  const { log, browser, conv } = await ahead();
  log.write(conv, "e").time = 2000;
  await browser.connect();
  log.rows.set(conv, log.rows.get(conv).slice(0, 1));
  log.data = "newer data";
  await browser.connect();
  assert.deepEqual(await browser.only(conv), ["b after 1", "c after 1", "d after 1", "e after 1"]);
});

test("counters of the log before are not given again, in an empty chat neither", async () => {
  const { log, browser, conv } = await ahead();
  const empty = convOf(2);
  log.rows.set(empty, []);
  log.data = OLD;
  const counted = async () =>
    Promise.all([conv, empty].map(async (one) => (await outboxStore(browser.stores).turn(one)).log));
  assert.deepEqual(await counted(), [undefined, undefined]);
  await browser.connect(); // by its head
  assert.deepEqual(await counted(), [1, undefined]);
  log.data = NEW;
  await browser.connect();
  assert.deepEqual(await counted(), [2, 1]);
  await browser.connect();
  assert.deepEqual(await counted(), [2, 1]);
});

test("a chat that the server knows no more stays, and its hash does not count", async () => {
  const { log, browser, conv } = await ahead([convOf(1), convOf(2)]);
  log.rows.delete(conv);
  await browser.connect();
  assert.equal(browser.conversations.get(conv).row.state, STATE.FORGOTTEN);
  assert.deepEqual(await browser.shown(conv), ["a", "b", "c", "d"]);
  const rows = [...browser.conversations.values()].map(({ row }) => row);
  assert.equal(await vecHash(rows), await vecHash(log.vector()));
});

test("it comes again under its name: the same bytes are the same message, others an alarm", async () => {
  const stores = new MemoryStores();
  const message = (more) => ({
    conv: "c",
    seq: 3,
    mid: "m",
    warnings: [],
    ctr: 5,
    c: "C",
    content: { t: "text", body: "t" },
    ...more,
  });
  const kept = { have: 2, only: 1, lasts: { d: { ctr: 6, c: "C6" } } };
  const step = { device: "d", ctr: 5, c: "C", prev: "C4" };
  await stores.write([{ store: "only", key: ["c", "m"], value: message({ after: 2 }) }]);

  const other = message({ c: "another C" });
  await judge(stores, kept, other, { ...step, c: "another C" });
  assert.deepEqual(other.warnings, ["replayed"]);

  const same = message();
  const judged = await judge(stores, kept, same, step);
  assert.deepEqual(same.warnings, []);
  assert.deepEqual([judged.only, judged.lasts], [0, kept.lasts]); // what followed on what is not lowered
  await stores.write(judged.changes);
  assert.deepEqual(await onlyHere(stores, "c"), []);

  const stranger = message({ mid: "unknown" });
  await judge(stores, kept, stranger, step);
  assert.deepEqual(stranger.warnings, ["replayed"]); // as ever
});

test("it comes again, and was emptied or deleted: no alarm, and what was said here of it stands", async () => {
  const content = { t: "text", body: "t" };
  const place = { conv: "c", seq: 3, mid: "m", device: "d", ctr: 5, warnings: [] };
  const come = async (before, now) => {
    const stores = new MemoryStores();
    await stores.write([{ store: "only", key: ["c", "m"], value: { ...place, ...before, after: 2 } }]);
    const message = { ...structuredClone(place), ...now };
    const kept = { have: 2, only: 1, lasts: { d: { ctr: 6, c: "C6" } } };
    const { only } = await judge(stores, kept, message, { device: "d", ctr: 5, c: now.c ?? null, prev: null });
    const { gone, warnings } = message;
    return [only, message.content?.body, gone, warnings];
  };
  const said = { content, c: "C" };
  assert.deepEqual(await come(said, { gone: "erased" }), [0, "t", undefined, []]);
  assert.deepEqual(await come(said, { gone: "expired" }), [0, undefined, "expired", []]);
  assert.deepEqual(await come({ c: "C", gone: "deleted" }, said), [0, undefined, "deleted", []]);
  assert.deepEqual(await come(said, { gone: "erased", ctr: 4 }), [1, undefined, "erased", ["replayed"]]);
});
