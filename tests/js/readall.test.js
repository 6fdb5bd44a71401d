import assert from "node:assert/strict";
import { test } from "node:test";
import { AT_ONCE, PACE_MS, readAll } from "../../static/js/sync/readall.js";
import { MovedClock } from "./moved_clock.js";

function client(count) {
  const clock = new MovedClock();
  const conversations = new Map();
  for (let i = 0; i < count; i++) {
    const row = { conv: `c${i}`, state: 3, last_seq: 7, peer_ord: 4 };
    conversations.set(row.conv, { row, unread: 2 });
  }
  const unmarked = [];
  const contacts = {
    all: () => [{ peer: { uid: "bob" }, unread: true }, { peer: { uid: "carol" } }],
    markUnread: async (uid, on) => unmarked.push([uid, on]),
  };
  const read = [];
  return { clock, conversations, contacts, parts: { clock }, unmarked, read, mark: async (...mark) => read.push(mark) };
}

test("what is unread is read up to its end, and marks by hand go", async () => {
  const world = client(3);
  world.conversations.get("c1").unread = 0;
  world.conversations.get("c2").row.state = 5; // blocked: no badge, no receipt
  await readAll(world, world.mark);
  assert.deepEqual(world.read, [["c0", 7, 4]]);
  assert.deepEqual(world.unmarked, [["bob", false]]);
});

test("very many go slower than the server ends a session for", async () => {
  const world = client(AT_ONCE + 3);
  const done = readAll(world, world.mark);
  await world.clock.pass(0);
  assert.equal(world.read.length, AT_ONCE);
  await world.clock.pass(PACE_MS);
  assert.equal(world.read.length, AT_ONCE + 1);
  await world.clock.pass(PACE_MS * 2);
  await done;
  assert.equal(world.read.length, AT_ONCE + 3);
});
