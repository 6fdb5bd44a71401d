import assert from "node:assert/strict";
import { test } from "node:test";
import { afterMessage, afterReceipt, afterState, unread, vecHash } from "../../static/js/sync/vector.js";

const id = (byte) => btoa(String.fromCharCode(byte).repeat(16));
const row = (conv, more = {}) => ({
  conv: id(conv),
  peer: id(9),
  state: 3,
  since: 5,
  last_seq: 0,
  my_ord: 0,
  peer_ord: 0,
  my_read: 0,
  my_read_ord: 0,
  my_got: 0,
  peer_read: 0,
  peer_got: 0,
  cleared: 0,
  ...more,
});

test("the empty vector has the hash of the label and an empty string", async () => {
  const { createHash } = await import("node:crypto");
  const bytes = Buffer.concat([Buffer.from([0, 0, 0, 6]), Buffer.from("m1:vec"), Buffer.from([0, 0, 0, 0])]);
  assert.equal(await vecHash([]), createHash("sha256").update(bytes).digest("base64"));
});

test("order does not matter, every number does, times do not", async () => {
  const hash = await vecHash([row(1), row(2)]);
  assert.equal(await vecHash([row(2), row(1)]), hash);
  assert.equal(await vecHash([row(1, { times: { last: 77 } }), row(2)]), hash);
  assert.notEqual(await vecHash([row(1, { cleared: 1 }), row(2)]), hash);
  assert.notEqual(await vecHash([row(1, { state: 4 }), row(2)]), hash);
});

test("unread is the difference of two ordinals, whatever comes twice", () => {
  let now = row(1);
  const msg = { seq: 1, ord: 1, time: 10 };
  now = afterMessage(afterMessage(now, msg, false), msg, false);
  now = afterMessage(now, { seq: 2, ord: 2, time: 11 }, false);
  assert.equal(unread(now), 2);
  now = afterMessage(now, { seq: 3, ord: 1, time: 12 }, true);
  assert.equal(unread(now), 2);
  now = afterReceipt(now, { read: 1, read_ord: 1 }, true);
  assert.equal(unread(now), 1);
  now = afterReceipt(now, { read: 2, read_ord: 2 }, true);
  now = afterReceipt(now, { read: 1, read_ord: 1 }, true);
  assert.equal(unread(now), 0);
});

test("read implies delivered", () => {
  const now = afterReceipt(row(1), { read: 4, read_time: 9 }, false);
  assert.equal(now.peer_got, 4);
  assert.equal(now.peer_read, 4);
});

test("a vector that knows less than I do takes nothing back, and brings the rest", () => {
  const mine = row(1, { my_read: 9, my_read_ord: 4, my_got: 9, peer_read: 3, last_seq: 9, peer_ord: 4 });
  const theirs = row(1, { my_read: 5, my_read_ord: 2, my_got: 5, peer_read: 6, last_seq: 9, peer_ord: 4, state: 4 });
  const now = afterState(mine, theirs);
  assert.deepEqual([now.my_read, now.my_read_ord, now.my_got, now.peer_read, now.state], [9, 4, 9, 6, 4]);
  assert.equal(unread(now), 0);
});

test("what was cleared unread is not counted with what comes later", () => {
  const cleared = row(1, { peer_ord: 4, my_read_ord: 1 });
  assert.equal(unread(cleared), 3);
  assert.equal(unread(cleared, 4), 0);
  assert.equal(unread({ ...cleared, peer_ord: 5 }, 4), 1);
});
