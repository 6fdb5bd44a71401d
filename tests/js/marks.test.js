import assert from "node:assert/strict";
import { test } from "node:test";
import { Receipts } from "../../static/js/sync/receipts.js";
import { MovedClock } from "./moved_clock.js";

const vector = (got, ord) => ({ conv: "c", my_got: got, my_read: got, my_read_ord: ord });

test("what was read before a crash, and never told, is told by the next life", async () => {
  const sent = [];
  const clock = new MovedClock();
  const receipts = new Receipts((frame) => sent.push(frame) > 0, clock);
  receipts.known(vector(3, 2), vector(5, 4));
  await clock.pass(1000);
  assert.deepEqual(sent, [
    { t: "got", conv: "c", seq: 5 },
    { t: "read", conv: "c", seq: 5, ord: 4, ago: 1_700_000_000_000 }, // nobody knows when it was
  ]);
});

test("where both know the same, nothing is told", async () => {
  const sent = [];
  const clock = new MovedClock();
  const receipts = new Receipts((frame) => sent.push(frame) > 0, clock);
  receipts.known(vector(5, 4), vector(5, 4));
  await clock.pass(1000);
  assert.deepEqual(sent, []);
});
