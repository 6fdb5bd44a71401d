import assert from "node:assert/strict";
import { test } from "node:test";
import { order } from "../../static/js/chat/order.js";
import { HistoryRequests } from "../../static/js/sync/historyrequests.js";
import { Receipts } from "../../static/js/sync/receipts.js";
import { MovedClock } from "./moved_clock.js";

function receipts() {
  const clock = new MovedClock();
  const world = { clock, sent: [], connected: true };
  world.receipts = new Receipts((frame) => world.connected && world.sent.push(frame) > 0, clock);
  return world;
}

test("at most one a second, the newest", async () => {
  const { clock, receipts: marks, sent } = receipts();
  for (const seq of [1, 2, 3]) marks.got("c", seq);
  assert.deepEqual(sent, [{ t: "got", conv: "c", seq: 1 }]);
  await clock.pass(1000);
  assert.deepEqual(sent.at(-1), { t: "got", conv: "c", seq: 3 });
  await clock.pass(5000);
  assert.equal(sent.length, 2);
});

test("read says got as well, and goes before the answer", () => {
  const { receipts: marks, sent } = receipts();
  marks.got("c", 1);
  marks.read("c", 2, 2);
  marks.flush("c");
  assert.deepEqual(sent, [
    { t: "got", conv: "c", seq: 1 },
    { t: "read", conv: "c", seq: 2, ord: 2 },
  ]);
});

test("what the line swallowed goes again when the vector does not know it", async () => {
  const world = receipts();
  world.receipts.read("c", 5, 4);
  world.receipts.closed();
  world.receipts.known({ conv: "c", my_got: 5, my_read: 0, my_read_ord: 0 });
  await world.clock.pass(1000);
  assert.deepEqual(world.sent.at(-1), { t: "read", conv: "c", seq: 5, ord: 4 });
  const before = world.sent.length;
  world.receipts.known({ conv: "c", my_got: 5, my_read: 5, my_read_ord: 4 });
  await world.clock.pass(1000);
  assert.equal(world.sent.length, before);
});

/** What the server knows of a conversation in which nothing was read. */
const UNREAD = { conv: "c", my_got: 9, my_read: 0, my_read_ord: 0 };
const reads = (sent) => sent.filter(({ t }) => t === "read");

test("what was read without a line says how long ago, as one and by the oldest", async () => {
  const world = receipts();
  world.connected = false;
  for (const seq of [1, 2, 3]) {
    world.receipts.read("c", seq, seq);
    await world.clock.pass(20_000);
  }
  world.receipts.closed();
  world.connected = true;
  world.receipts.known(UNREAD, { ...UNREAD, my_read: 3, my_read_ord: 3 });
  assert.deepEqual(reads(world.sent), [{ t: "read", conv: "c", seq: 3, ord: 3, ago: 60_000 }]);
  await world.clock.pass(5000);
  world.receipts.read("c", 4, 4);
  assert.deepEqual(reads(world.sent).at(-1), { t: "read", conv: "c", seq: 4, ord: 4 });
});

test("without a line nothing counts as told", async () => {
  const world = receipts();
  world.connected = false;
  world.receipts.got("c", 1);
  world.connected = true;
  await world.clock.pass(1000);
  assert.deepEqual(world.sent, [{ t: "got", conv: "c", seq: 1 }]);
});

test("a question is answered by its reference; previews in several frames", async () => {
  const sent = [];
  const history = new HistoryRequests((frame) => sent.push(frame) > 0, new MovedClock());
  const answer = history.ask({ last: ["a", "b"] });
  const [{ ref }] = sent;
  history.answered({ t: "page", ref, rows: [{ seq: 1 }], more: true });
  history.answered({ t: "page", ref, rows: [{ seq: 2 }], more: false });
  assert.deepEqual((await answer).rows, [{ seq: 1 }, { seq: 2 }]);
});

test("busy and rate are waited out; a refusal, a break and silence are told", async () => {
  const clock = new MovedClock();
  const sent = [];
  const history = new HistoryRequests((frame) => sent.push(frame) > 0, clock);
  const patient = history.ask({ conv: "c", after: 0 });
  history.answered({ t: "busy", ref: 1, retry_ms: 50 });
  await clock.pass(50);
  history.answered({ t: "error", ref: 1, code: "rate" });
  await clock.pass(1000);
  assert.equal(sent.length, 3);
  history.answered({ t: "page", ref: 1, rows: [], more: false });
  await patient;
  const refused = history.ask({ conv: "c", after: 0 });
  history.answered({ t: "error", ref: 2, code: "unknown" });
  await assert.rejects(refused);
  const broken = history.ask({ conv: "c", after: 0 });
  history.closed();
  await assert.rejects(broken);
  const silent = assert.rejects(history.ask({ conv: "c", after: 0 }));
  await clock.pass(20_000);
  await silent;
});

test("the list is sorted by activity, but not under a pointer", () => {
  const chats = [
    { conv: "a", time: 3 },
    { conv: "b", time: 2 },
    { conv: "c", time: 1 },
  ];
  assert.deepEqual(order([], chats, false), ["a", "b", "c"]);
  const moved = [
    { conv: "c", time: 9 },
    { conv: "a", time: 3 },
    { conv: "n", time: 10 },
  ];
  assert.deepEqual(order(["a", "b", "c"], moved, true), ["a", "c", "n"]);
  assert.deepEqual(order(["a", "b", "c"], moved, false), ["n", "c", "a"]);
});
