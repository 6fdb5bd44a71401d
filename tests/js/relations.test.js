// What messages say of one another: kept beside the row that brought it, found by the message it names.

import assert from "node:assert/strict";
import { test } from "node:test";
import { b64 } from "../../static/js/crypto/encoding.js";
import { stored } from "../../static/js/storage/stores.js";
import { decrypt } from "../../static/js/sync/decrypt.js";
import { related, relating, SAID_MAX, targets } from "../../static/js/sync/relations.js";
import { NOW } from "./correspondence.js";
import { MemoryStores } from "./memory_stores.js";
import { settle } from "./moved_clock.js";
import { world } from "./read_log.js";
import { CONV } from "./two_people.js";

const SILENT = 2;

/** @param {() => unknown} come */
async function until(come) {
  while (!come()) await new Promise((pass) => setImmediate(pass));
}

test("what a message says of another one goes and comes back; all but texts are silent", async () => {
  const { log, desk } = await world();
  const first = await log.say("hello");
  for (const content of [
    { t: "text", body: "an answer", ref: first.client_id },
    { t: "react", body: "👍", ref: first.client_id },
    { t: "edit", body: "hello!", ref: first.client_id },
    { t: "del", ref: first.client_id },
  ]) {
    const row = await log.say(content);
    assert.equal(row.kind, content.t === "text" ? 1 : SILENT);
    assert.deepEqual((await decrypt(row, desk)).message.content, content);
  }
});

test("a picture's keys are kept as they came", async () => {
  const { log, bob, hear } = await world();
  const bytes = (value, length) => b64(new Uint8Array(length).fill(value));
  const file = { blob: bytes(1, 16), fk: bytes(2, 32), size: 9, hash: bytes(3, 32), log2: 18, mime: "image/webp" };
  const content = { t: "text", body: "", att: [{ ...file, name: "a.webp", w: 1, h: 2 }] };
  await log.say(content);
  await hear();
  const { messages } = await bob.page(2, 1);
  assert.deepEqual(messages[0].content, content);
});

test("the page tells what was said of a message, and who shows it hears of it", async () => {
  const { log, hear, said, retold } = await world();
  const { client_id: ref } = await log.say("helo");
  await log.say("another one");
  await hear();
  assert.deepEqual(await said(1), []);
  await log.say({ t: "edit", body: "hello", ref });
  await log.say({ t: "react", body: "👍", ref });
  await log.say({ t: "text", body: "an answer", ref });
  await hear();
  assert.deepEqual(await said(1), [
    ["edit", "hello"],
    ["react", "👍"],
    ["text", undefined], // its words stand in its own row
  ]);
  assert.deepEqual(await said(2), []);
  assert.deepEqual(
    retold.map(({ seq, relations }) => [seq, relations.length]),
    [
      [1, 1],
      [1, 2],
      [1, 3],
    ],
  );
});

test("nobody edits or deletes the words of somebody else", async () => {
  const { log, hear, said, stores, bob } = await world();
  const { client_id: ref } = await log.say("mine");
  await hear();
  const name = [CONV, ref];
  const forged = ["edit", "del", "react"].map((t, at) => {
    const value = { conv: CONV, seq: 50 + at, mid: "m", mine: true, time: NOW, t, body: "x" };
    return { store: "relations", key: [CONV, 50 + at], name, value };
  });
  await stores.write(forged);
  assert.deepEqual(await said(1), [["react", "x"]]);
  assert.equal(bob.have, 1);
});

test("what a jump passed over is said of messages below it, once somebody looks there", async () => {
  const { log, bob, hear, said, retold, asked, row } = await world();
  const { client_id: ref } = await log.say("helo");
  await log.say("another one");
  await hear();
  log.fill(70);
  await log.say({ t: "edit", body: "hello", ref });
  log.fill(70);
  await bob.learn({ ...row, last_seq: log.rows.length });
  await bob.jump(log.rows.at(-1));
  await settle();
  assert.deepEqual([bob.have, asked], [log.rows.length, []]); // nobody looks: nothing is asked
  await bob.page(bob.have + 1, 1);
  await settle();
  assert.deepEqual(asked, []);

  assert.deepEqual(await said(1), []); // from this browser, at once
  await until(() => !bob.passed);
  assert.deepEqual(
    retold.map(({ seq, relations }) => [seq, relations[0].body]),
    [[1, "hello"]],
  );
  assert.deepEqual(await said(1), [["edit", "hello"]]);
  const once = asked.length;
  await said(1);
  await settle();
  assert.deepEqual([asked.length, bob.passed], [once, undefined]);
});

test("who begins to read among what a jump passed over hears what is said above", async () => {
  for (const fresh of [true, false]) {
    const { log, bob, hear, retold, row } = await world();
    if (!fresh) await log.say("below");
    if (!fresh) await hear();
    log.fill(60);
    const { client_id: ref, seq } = await log.say("helo");
    const gone = await log.say("not for you");
    log.fill(100);
    await log.say({ t: "edit", body: "hello", ref });
    await log.say({ t: "del", ref: gone.client_id }); // and the server shows it still
    log.fill(60);
    await bob.learn({ ...row, last_seq: log.rows.length });
    await bob.jump(log.rows.at(-1));
    await bob.page(bob.have + 1, 20);
    await bob.page(seq + 2, 2);
    await until(() => retold.length > 1);
    assert.deepEqual(retold.map((message) => [message.seq, message.gone, message.relations?.[0].body]).sort(), [
      [seq, undefined, "hello"],
      [seq + 1, "deleted", undefined],
    ]);
    await until(() => bob.passed.to < seq);
    await settle();
    assert.deepEqual(bob.passed, { from: fresh ? 1 : 2, to: seq - 1 }); // further down nobody looks
  }
});

test("what was passed over and is read, upwards or downwards, is not looked at again", async () => {
  const { log, bob, hear, row } = await world();
  await log.say("below");
  await hear();
  log.fill(130);
  await bob.learn({ ...row, last_seq: log.rows.length });
  await bob.jump(log.rows.at(-1));
  assert.deepEqual(bob.passed, { from: 2, to: log.rows.length - 1 });
  await bob.page(log.rows.length, 40); // read upwards
  assert.deepEqual(bob.passed, { from: 2, to: log.rows.length - 41 });
  await bob.page(42, 40); // and downwards
  assert.deepEqual(bob.passed, { from: 42, to: log.rows.length - 41 });
});

test("it stays when its row leaves this browser, and goes with what is cleared", async () => {
  const { log, bob, hear, said, row, stores } = await world();
  const { client_id: ref } = await log.say("helo");
  await log.say({ t: "edit", body: "hello", ref });
  log.fill(1200);
  await hear();
  assert.equal(await stores.get("messages", [CONV, 2]), undefined); // pruned
  assert.deepEqual(await said(1), [["edit", "hello"]]);
  await bob.learn({ ...row, last_seq: log.rows.length, cleared: 600 });
  assert.deepEqual(await stores.all("relations"), []);
});

test("what a row far below says goes, unless somebody looks there", async () => {
  for (const looks of [false, true]) {
    const { log, bob, hear, stores, row } = await world();
    const { client_id: ref } = await log.say("helo");
    await log.say({ t: "edit", body: "hello", ref });
    await hear();
    log.fill(10_000);
    await log.say({ t: "react", body: "👍", ref });
    await bob.learn({ ...row, last_seq: log.rows.length });
    await bob.jump(log.rows.at(-1));
    if (looks) await bob.page(40, 38); // what the server has
    log.fill(1);
    await bob.learn({ ...row, last_seq: log.rows.length });
    await bob.jump(log.rows.at(-1));
    const kept = (await stores.all("relations")).map(([, { t }]) => t);
    assert.deepEqual(kept, looks ? ["edit", "react"] : ["react"]);
  }
});

test("where the server is set back, what was said above goes with it", async () => {
  const { log, bob, hear, said, row, stores } = await world();
  const { client_id: ref } = await log.say("helo");
  await hear();
  await log.say({ t: "edit", body: "hello", ref });
  await hear();
  await bob.pause();
  await bob.rewind(1, { ...row, last_seq: 1 });
  assert.deepEqual(await said(1), []);
  assert.deepEqual(await stores.all("relations"), []);
});

test("of a message of which very much is said, what counts stays alone", async () => {
  const stores = new MemoryStores();
  const place = { conv: CONV, time: NOW, ord: 1, warnings: [] };
  const message = { ...place, seq: 1, mid: "m", mine: true, kind: 1, content: { t: "text", body: "words" } };
  const say = (seq, mine, t, body) => {
    const content = { t, ...(body !== undefined && { body }), ref: "m" };
    return { ...place, seq, mid: `m${seq}`, mine, kind: 2, content };
  };
  const flood = Array.from({ length: SAID_MAX }, (_, at) => say(at + 10, false, "react", at % 2 ? "👍" : "❤️"));
  const others = [
    say(2, true, "react", "😂"),
    say(3, true, "edit", "words!"),
    say(4, false, "edit", "forged"),
    say(5, false, "text", "an answer"),
    say(500, false, "react", "no emoji"),
  ];
  await stores.write([stored(message), ...[...flood, ...others].flatMap(relating)]);
  const counted = [
    [2, "😂"],
    [3, "words!"],
    [5, undefined],
    [9 + SAID_MAX, "👍"],
  ];
  const bodies = (relations) => relations.map(({ seq, body }) => [seq, body]).sort(([a], [b]) => a - b);
  const [shown] = await related(stores, [message]);
  assert.deepEqual(bodies(shown.relations), counted); // who only reads changes nothing
  assert.equal((await stores.all("relations")).length, SAID_MAX + others.length);
  const [told] = await targets(stores, [flood[0]]);
  assert.deepEqual(bodies(told.relations), counted);
  assert.deepEqual(bodies((await stores.all("relations")).map(([, value]) => value)), counted);

  const deletions = Array.from({ length: SAID_MAX + 1 }, (_, at) => say(at + 600, true, "del"));
  await stores.write(deletions.flatMap(relating));
  stores.failing = true; // the next one tries again
  assert.equal((await targets(stores, [flood[0]]))[0].gone, "deleted");
  stores.failing = false;
  assert.equal((await targets(stores, [flood[0]]))[0].gone, "deleted");
  const left = (await stores.all("relations")).filter(([, { t }]) => t === "del");
  assert.deepEqual(
    left.map(([, { seq }]) => seq),
    [600],
  );
});
