// A history into which somebody wrote rows of every kind that no client can read: each is one broken
// message at its place, and all others are read.

import assert from "node:assert/strict";
import { test } from "node:test";
import { b64, cat, fromB64, newId, utf8 } from "../../static/js/crypto/encoding.js";
import { sealBytes } from "../../static/js/crypto/envelope.js";
import { readServerFrame } from "../../static/js/network/serverframe.js";
import { catchUp } from "../../static/js/sync/catchup.js";
import { Conversation } from "../../static/js/sync/conversation.js";
import { blank } from "../../static/js/sync/kept.js";
import { unwritten } from "../../static/js/sync/vector.js";
import { MemoryStores } from "./memory_stores.js";
import { MovedClock } from "./moved_clock.js";
import { CONV, pair } from "./two_people.js";

const NOW = 1_700_000_000_000;
const OTHER = b64(new Uint8Array(16).fill(8));

/** What stands in place of a member, as JSON: numbers that no number of JavaScript holds, too. */
const FRAME = [
  ["ctr", "1152921504606846976"],
  ["ctr", "9223372036854775808"],
  ["ctr", "-1"],
  ["ctr", "1.5"],
  ["time", "1e400"],
  ["time", "[]"],
  ["ord", "1e17"],
  ["seq", "null"],
  ["seq", "1e300"],
  ["conv", '"x"'],
  ["sender", '"short"'],
  ["device", "{}"],
  ["kind", "3"],
  ["epoch", "4294967296"],
  ["ttl", "-5"],
  ["body", '"%%%"'],
  ["body", "null"],
  ["body", '""'],
  ["salt", '"AAAA"'],
  ["salt", "null"],
  ["gone", '"perhaps"'],
  ["blobs", '["x"]'],
  ["t", '"mgs"'],
  ["more", "1"],
];

const HEADS = `{"me":[1,"${b64(new Uint8Array(32))}"],"peer":[1,"${b64(new Uint8Array(32))}"]}`;
const TEXTS = [
  "",
  "\u0000",
  "not JSON",
  "7",
  "null",
  "[".repeat(9_000),
  '{"a":'.repeat(5_000),
  `{"t":"text","ts":${"9".repeat(400)},"heads":${HEADS},"body":"x"}`,
  `{"t":"text","ts":1e3,"heads":${HEADS},"body":"x"}`,
  `{"t":"text","ts":1,"ts":2,"heads":${HEADS},"body":"x"}`,
  '{"t":"text","ts":1,"heads":{"me":[4294967294,"x"],"peer":null},"body":"x"}',
  `{"t":"text","ts":1,"heads":${HEADS},"body":7}`,
  `{"t":"text","ts":1,"heads":${HEADS},"body":"x","att":[]}`,
  `{"t":"__proto__","ts":1,"heads":${HEADS}}`,
  `{"t":"toString","ts":1,"heads":${HEADS}}`,
];

/** Alice's history with Bob, and the browser of Bob that reads it. */
async function world() {
  const { alice, bob, a, b } = await pair();
  const open = await a.rotation.forSending(CONV, bob.id, 0);
  const fields = {
    conn: open.epoch.conn,
    n: 0,
    epochHash: open.epoch.hash,
    sender: alice.me.uid,
    device: alice.me.device,
  };
  /** @param {number} seq @param {string | Uint8Array} m */
  const sealed = async (seq, m, ctr = 1) => {
    const mid = newId();
    const bytes = typeof m === "string" ? utf8(m) : m;
    const seed = alice.me.seeds.get(1);
    const { body, salt } = await sealBytes(open.secret, { ...fields, ctr, mid, kind: 1, ttl: 0 }, bytes, seed);
    const ids = { conv: CONV, client_id: b64(mid), sender: alice.id, device: b64(alice.me.device) };
    return {
      t: "msg",
      seq,
      ...ids,
      ctr,
      time: NOW,
      ord: seq,
      kind: 1,
      epoch: 0,
      ttl: 0,
      body: b64(body),
      salt: b64(salt),
    };
  };
  const heads = [alice, bob].map(({ links: [link] }) => [link.k, b64(link.hash)]);
  const honest = (seq) =>
    sealed(seq, JSON.stringify({ t: "text", ts: NOW, heads: { me: heads[0], peer: heads[1] }, body: `honest ${seq}` }));
  const desk = {
    me: bob.id,
    peer: alice.id,
    seeds: bob.me.seeds,
    deviceLists: b.deviceLists,
    epoch: (n) => b.epochs.open(CONV, alice.id, n),
  };
  return { sealed, honest, desk, peer: alice.id };
}

/** Rows of every kind that cannot be read, each as the text in which it stands in a frame. */
async function hostile({ sealed, honest }) {
  const makers = FRAME.map(
    ([member, value]) =>
      async (seq) =>
        replaced(await honest(seq), member, value),
  );
  for (const text of TEXTS) makers.push(async (seq) => JSON.stringify(await sealed(seq, text)));
  for (const json of ["null", "7", '"x"', "[]", "{}", '{"t":"pong"}']) makers.push(async () => json);
  for (const body of [
    new Uint8Array(1),
    new Uint8Array(5_000),
    cat("m1:env", new Uint8Array(205), new Uint8Array(272), new Uint8Array(32)),
  ])
    makers.push(async (seq) => JSON.stringify({ ...(await honest(seq)), body: b64(body) }));
  makers.push(async (seq) => JSON.stringify(await bigCounter(await honest(seq))));
  return makers;
}

/** The header says 2^60: what an honest server of before took. */
async function bigCounter(row) {
  const body = fromB64(row.body);
  const at = body.findIndex((_, i) => i > 100 && body.subarray(i, i + 12).join() === "0,0,0,8,0,0,0,0,0,0,0,1");
  assert.ok(at > 0);
  body[at + 4] = 16;
  return { ...row, body: b64(body) };
}

/** @param {object} row @param {string} member @param {string} value */
function replaced(row, member, value) {
  return JSON.stringify({ ...row, [member]: "@" }).replace(`"${member}":"@"`, `"${member}":${value}`);
}

/** A browser before the log `rows` (texts, by seq from 1), which it reads through frames. */
function browser(rows, { desk, peer }, conv = CONV) {
  const shown = new Map();
  const ask = async ({ after, before, last, limit = 50 }) => {
    const [from, upto] = last
      ? [rows.length - 1, rows.length]
      : after !== undefined
        ? [after, after + limit]
        : [Math.max(0, before - 1 - limit), before - 1];
    const page = readServerFrame(`{"t":"page","ref":1,"rows":[${rows.slice(from, upto).join()}],"more":false}`);
    assert.ok(page, "the page is a page whatever its rows are");
    return page;
  };
  const row = { ...unwritten({ conv, peer, state: 3, since: 1 }), last_seq: rows.length, peer_ord: rows.length };
  const conversation = new Conversation(blank({ ...row, last_seq: 0 }), {
    stores: new MemoryStores(),
    clock: new MovedClock(),
    desk,
    ask,
    ahead: async () => async () => {},
    applied: async (message) => void shown.set(message.seq, message),
    hides: (message) => message,
    evict: async () => {},
    changed: () => {},
  });
  return { conversation, row, ask, shown };
}

/** @param {Map<number, any>} messages @param {Set<number>} hostile @param {number} count */
function check(messages, hostile, count) {
  for (let seq = 1; seq <= count; seq++) {
    const message = messages.get(seq);
    assert.equal(message?.seq, seq, `nothing stands at ${seq}`);
    if (!hostile.has(seq)) assert.equal(message.content?.body, `honest ${seq}`);
    else
      assert.ok(
        message.broken && message.content?.body === undefined && message.kind === 1,
        `${seq}: ${JSON.stringify(message)}`,
      );
  }
}

/** Hostile rows among honest ones, in an order of chance that a seed repeats. */
async function history(parts, seed) {
  const makers = await hostile(parts);
  const rows = [];
  const bad = new Set();
  let state = seed;
  const chance = () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
  while (makers.length) {
    const seq = rows.length + 1;
    if (chance() < 0.5) rows.push(JSON.stringify(await parts.honest(seq)));
    else {
      const [make] = makers.splice(Math.floor(chance() * makers.length), 1);
      rows.push(await make(seq));
      bad.add(seq);
    }
  }
  rows.push(JSON.stringify(await parts.honest(rows.length + 1)));
  return { rows, bad };
}

for (const seed of [1, 2, 3]) {
  test(`every row that can be read is read, forwards and backwards (${seed})`, async () => {
    const parts = await world();
    const { rows, bad } = await history(parts, seed);
    const forwards = browser(rows, parts);
    await forwards.conversation.learn(forwards.row);
    await forwards.conversation.catchUp();
    assert.equal(forwards.conversation.have, rows.length);
    check(forwards.shown, bad, rows.length);
    const backwards = browser(rows, parts);
    await backwards.conversation.learn(backwards.row);
    const { messages } = await backwards.conversation.page(rows.length + 1, rows.length);
    check(new Map(messages.map((message) => [message.seq, message])), bad, rows.length);
  });
}

test("a chat with hostile rows does not keep another from the head", async () => {
  const parts = await world();
  const bad = browser([JSON.stringify(await parts.honest(1)), '{"conv":7}'], parts);
  const others = [await parts.honest(1), await parts.honest(2)].map((row) => JSON.stringify({ ...row, conv: OTHER }));
  const good = browser(others, parts, OTHER);
  for (const one of [bad, good]) await one.conversation.learn(one.row);
  await catchUp(
    [bad.conversation, good.conversation],
    [],
    async ({ last }) => ({
      rows: (
        await Promise.all([bad, good].filter(({ row }) => last.includes(row.conv)).map((one) => one.ask({ last })))
      ).flatMap(({ rows }) => rows),
      more: false,
    }),
    () => {},
  );
  assert.equal(good.shown.get(2)?.content?.body, "honest 2");
  assert.equal(bad.shown.get(1)?.content?.body, "honest 1");
});

test("a message that is pushed and cannot be read keeps its place", async () => {
  const parts = await world();
  const honest = await parts.honest(1);
  assert.deepEqual(readServerFrame(JSON.stringify(honest)), honest);
  const frame = readServerFrame(replaced(honest, "ctr", "1152921504606846976"));
  assert.deepEqual(frame, { t: "msg", conv: CONV, seq: 1, sender: parts.peer, time: NOW, ord: 1, kind: 1 });
});

test("a row of the vector that cannot be read leaves the others", () => {
  const row = { ...unwritten({ conv: CONV, peer: OTHER, state: 3, since: 1 }) };
  const state = (rows) => ({ t: "state", rows, part: 0, of: 1, now: 1 });
  assert.deepEqual(readServerFrame(JSON.stringify(state([row, { ...row, my_read: 2 ** 60 }, null]))), state([row]));
});

test("what is no frame is none", () => {
  for (const text of [
    "",
    "null",
    "7",
    "[]",
    '{"t":"toString","rows":[]}',
    '{"t":"page","rows":[]}',
    '{"t":"page","rows":7}',
  ])
    assert.equal(readServerFrame(text), null, text);
});
