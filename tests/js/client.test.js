// The client beside a server that answers when the test says so: what a connect does while both logs
// are compared, and what becomes of it where the connection breaks.

import assert from "node:assert/strict";
import { test } from "node:test";
import { STATE } from "../../static/js/chat/contactstate.js";
import { b64 } from "../../static/js/crypto/encoding.js";
import { Client } from "../../static/js/sync/client.js";
import { MemoryStores } from "./memory_stores.js";
import { MovedClock, settle } from "./moved_clock.js";

const bytes = (letter) => new Uint8Array(16).fill(letter.charCodeAt(0));
const [ME, PEER, CONV, OTHER, OLD, NEW] = [..."mpcodn"].map((letter) => b64(bytes(letter)));

/** The log of one conversation, its rows without content: what is applied needs no keys. */
const log = (...mids) =>
  mids.map((mid, at) => ({
    ...{ t: "msg", conv: CONV, seq: at + 1, client_id: b64(bytes(mid)), sender: PEER, device: PEER },
    ...{ ctr: at + 1, ord: at + 1, time: 1000 + at, kind: 1, epoch: 0, ttl: 0, gone: "erased" },
  }));

const vector = (rows) => ({
  ...{ conv: CONV, peer: PEER, state: STATE.CONNECTED, since: 1, last_seq: rows.length, my_ord: 0 },
  ...{ peer_ord: rows.length, my_read: 0, my_read_ord: 0, my_got: 0, peer_read: 0, peer_got: 0, cleared: 0 },
  times: { last: 1000 },
});

class World {
  clock = new MovedClock();
  transports = [];
  /** @type {any[]} questions that were not answered */ asked = [];
  sent = [];
  posted = [];

  constructor() {
    const away = async () => {
      throw new Error("away");
    };
    const post = async (path, body) => {
      this.posted.push([path, body]);
      return away();
    };
    this.client = new Client({
      stores: new MemoryStores(),
      api: { get: away, post, put: away, delete: away },
      clock: this.clock,
      dial: (ears) => this.#dial(ears),
      account: { uid: bytes("m"), device: bytes("v"), seeds: new Map(), links: [] },
      renewAccount: away,
      credentials: async () => ({ token: "t", device: "d", proof: "p" }),
      token: away,
      fetch: away,
      files: Promise.resolve(undefined),
      tell: () => {},
    });
  }

  #dial(ears) {
    const send = (frame) => {
      if (frame.t === "get") this.asked.push(frame);
      if (frame.t === "send") this.sent.push(frame);
    };
    this.transports.push(ears);
    return { send, close: () => {} };
  }

  async hear(...frames) {
    for (const frame of frames) this.transports.at(-1).heard(frame, 100);
    await settle();
  }

  greet(data, ...rows) {
    const challenge = { t: "challenge", nonce: "n", version: 1, data };
    return this.hear(challenge).then(() => this.hear({ t: "state", part: 0, of: 1, now: 1, rows }));
  }

  /** Every question that waits, from this log. */
  async answer(rows) {
    while (this.asked.length) {
      const { ref, last, before = rows.length + 1, after = 0 } = this.asked.shift();
      const found = last ? rows.slice(-1) : rows.filter(({ seq }) => seq > after && seq < before);
      await this.hear({ t: "page", ref, rows: found, more: false });
    }
  }

  /** The connection is gone, and the next one dialled. */
  async breakOff() {
    this.asked = [];
    this.transports.at(-1).closed(1006);
    await this.clock.pass(4000);
  }

  get talk() {
    return this.client.conversations.get(CONV);
  }

  async shown() {
    const { messages } = await this.talk.page(this.talk.have + 1, 50);
    return messages.map(({ mid }) => String.fromCharCode(atob(mid).charCodeAt(0))).join("");
  }
}

/** A browser with a, b, x and y, of which the server has lost x and y; it is connected again and asks. */
async function setBack(theirs = log("a", "b")) {
  const world = new World();
  await world.client.start();
  await world.greet(OLD, vector([]));
  await world.hear(...log("a", "b", "x", "y"));
  assert.equal(world.talk.have, 4);
  await world.breakOff();
  await world.greet(NEW, vector(theirs));
  assert.ok(world.talk.paused);
  return world;
}

test("what is heard of a contact meanwhile is newer than the vector of the connect", async () => {
  const world = await setBack();
  const relation = { t: "connection", conv: CONV, peer: PEER, since: 2, state: STATE.CLOSED };
  await world.hear(relation, { t: "request", conv: OTHER, peer: ME, since: 3 });
  await world.answer(log("a", "b"));
  assert.ok(!world.talk.paused);
  assert.equal(world.talk.row.state, STATE.CLOSED);
  assert.equal(world.client.conversations.get(OTHER).row.state, STATE.ASKS);
});

test("a break: the next connect compares in peace, however long it takes", async () => {
  const world = await setBack();
  await world.breakOff();
  await world.greet(NEW, vector(log("a", "b")));
  const { length } = world.transports;
  await world.clock.pass(10_000);
  assert.equal(world.transports.length, length);
  await world.answer(log("a", "b"));
  assert.equal(await world.shown(), "ab");
});

test("a break while what was lost is moved aside: nothing is applied until the next connect has looked", async () => {
  const world = await setBack(log("a", "b", "v"));
  const { stores } = world.client.parts;
  const { write } = stores;
  let written = () => {};
  stores.write = async (changes) => {
    if (changes.some(({ store }) => store === "only")) await new Promise((done) => (written = done));
    return write(changes);
  };
  await world.answer(log("a", "b", "v"));
  await world.breakOff();
  await world.greet(NEW, vector(log("a", "b", "v")));
  await world.hear({ ...log("a", "b", "v", "w")[3] });
  written();
  await settle();
  assert.ok(world.talk.paused);
  await world.answer(log("a", "b", "v", "w"));
  assert.equal(await world.shown(), "abvw");
  assert.equal(world.talk.have, 4);
});

test("what was on its way goes again behind a row that the log has", async () => {
  const world = await setBack();
  const frame = { conv: CONV, client_id: b64(bytes("w")), after_seq: 4, epoch: 0, kind: 1, ttl: 0, body: "", salt: "" };
  const entry = { id: "e", conv: CONV, content: { t: "text", body: "w" }, order: 1, written: 1 };
  const sealed = { frame, ctr: 1, commitment: "C" };
  await world.client.parts.stores.write([{ store: "outbox", key: "e", value: { ...entry, sealed } }]);
  await world.client.outbox.load();
  await world.answer(log("a", "b"));
  assert.deepEqual(
    world.sent.map(({ client_id, after_seq }) => [client_id, after_seq]),
    [[frame.client_id, 2]],
  );
});

test("no answer on a line that holds: it is dialled again, or what is missing would stay away", async () => {
  const world = new World();
  await world.client.start();
  await world.greet(OLD, vector(log("a", "b")));
  assert.equal(world.asked.length, 1);
  await world.clock.pass(20_000);
  await settle();
  await world.clock.pass(5000);
  assert.equal(world.transports.length, 2);
  world.asked = [];
  await world.greet(OLD, vector(log("a", "b")));
  await world.answer(log("a", "b"));
  assert.equal(world.talk.have, 2);
});

test("a chat that was cleared while this browser was away: what it never saw is not", async () => {
  const world = new World();
  await world.client.start();
  await world.greet(OLD, vector([]));
  await world.hear(...log("a", "b", "x", "y"));
  world.asked = [];
  world.transports.at(-1).closed(1006);
  await world.client.clearing.begin(CONV, 4);
  await world.clock.pass(10_000);
  await settle();
  world.posted = [];
  const theirs = log("a", "b", "v", "w", "z");
  await world.greet(NEW, vector(theirs));
  await settle();
  assert.deepEqual(
    world.posted.filter(([, body]) => body?.upto),
    [],
  ); // both logs are compared first
  await world.answer(theirs);
  await settle();
  assert.deepEqual(
    world.posted.filter(([, body]) => body?.upto).map(([, { upto }]) => upto),
    [2],
  );
});
