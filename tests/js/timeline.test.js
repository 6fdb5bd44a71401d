import assert from "node:assert/strict";
import { test } from "node:test";
import { HOLD_MS, Timeline } from "../../static/js/sync/timeline.js";
import { MovedClock, settle, tick } from "./moved_clock.js";

function conversation({ have = 0, log = [] } = {}) {
  const clock = new MovedClock();
  const applied = [];
  const fetched = [];
  const fails = new Set();
  const timeline = new Timeline(have, {
    clock,
    apply: async (row) => {
      await tick();
      if (fails.has(row.seq)) throw new Error("not now");
      applied.push(row.seq);
    },
    fetch: async (after) => {
      fetched.push(after);
      return log.filter((seq) => seq > after).map((seq) => ({ seq }));
    },
  });
  return { clock, timeline, applied, fetched, fails };
}
const row = (seq) => ({ seq });

test("what comes in order is applied in order, once", async () => {
  const { timeline, applied, fetched } = conversation();
  await Promise.all([row(1), row(2), row(2), row(1), row(3)].map((r) => timeline.push(r)));
  await settle();
  assert.deepEqual(applied, [1, 2, 3]);
  assert.deepEqual(fetched, []);
});

test("a frame that was overtaken is waited for, and nothing is fetched", async () => {
  const { clock, timeline, applied, fetched } = conversation({ have: 4 });
  await timeline.push(row(6));
  await clock.pass(HOLD_MS - 1);
  assert.deepEqual(applied, []);
  await timeline.push(row(5));
  await clock.pass(HOLD_MS * 2);
  assert.deepEqual(applied, [5, 6]);
  assert.deepEqual(fetched, []);
});

test("a gap that stays is fetched", async () => {
  const { clock, timeline, applied, fetched } = conversation({ have: 1, log: [1, 2, 3, 4] });
  await timeline.push(row(4));
  await clock.pass(HOLD_MS);
  assert.deepEqual(fetched, [1]);
  assert.deepEqual(applied, [2, 3, 4]);
  assert.equal(timeline.have, 4);
});

test("what the vector says is fetched at once, page by page", async () => {
  const log = Array.from({ length: 7 }, (_, i) => i + 1);
  const { timeline, applied, fetched } = conversation({ have: 0, log: log.slice(0, 4) });
  const page = timeline.learn(4);
  await page;
  assert.deepEqual(fetched, [0]);
  assert.deepEqual(applied, [1, 2, 3, 4]);
});

test("a row that cannot be applied now is tried again, and those behind it wait", async () => {
  const { clock, timeline, applied, fails } = conversation();
  fails.add(2);
  await timeline.push(row(1));
  await timeline.push(row(2));
  await timeline.push(row(3));
  assert.deepEqual(applied, [1]);
  fails.clear();
  await clock.pass(1000);
  assert.deepEqual(applied, [1, 2, 3]);
});

test("a server that does not answer is asked again, ever more slowly", async () => {
  const { clock, timeline, applied, fetched } = conversation({ log: [] });
  await timeline.learn(2);
  await clock.pass(1000);
  await clock.pass(1999);
  assert.equal(fetched.length, 2);
  await clock.pass(1);
  assert.equal(fetched.length, 3);
  assert.deepEqual(applied, []);
});

test("a line that is back is asked at once, however often it failed before", async () => {
  const log = [];
  const { clock, timeline, applied, fetched } = conversation({ have: 0, log });
  await timeline.learn(2);
  await clock.pass(1000 + 2000 + 4000);
  assert.equal(fetched.length, 4);
  log.push(1, 2);
  await timeline.learn(2);
  assert.deepEqual(applied, [1, 2]);
});

test("a jump forgets the way between and goes on from there", async () => {
  const { timeline, applied } = conversation({ have: 3 });
  await timeline.jump(row(500));
  await timeline.push(row(400));
  await timeline.push(row(501));
  assert.deepEqual(applied, [500, 501]);
});

test("a jump waits for the row that is being applied", async () => {
  const { timeline, applied } = conversation({ have: 3 });
  const walked = timeline.push(row(4));
  const jumped = timeline.jump(row(500));
  await Promise.all([walked, jumped, timeline.push(row(5))]);
  assert.deepEqual(applied, [4, 500]);
  assert.equal(timeline.have, 500);
});

test("what came so far meanwhile that the rest is a short way is walked", async () => {
  const log = Array.from({ length: 56 }, (_, i) => i + 1);
  const { timeline, applied, fetched } = conversation({ have: 5, log });
  await Promise.all([timeline.push(row(6)), timeline.jump(row(56))]);
  assert.deepEqual(applied, log.slice(5));
  assert.deepEqual(fetched, [6]);
});

test("a jump to a row that cannot be opened now is a walk", async () => {
  const log = Array.from({ length: 70 }, (_, i) => i + 1);
  const { timeline, applied, fails } = conversation({ have: 2, log });
  fails.add(70);
  await timeline.jump(row(70));
  assert.deepEqual(applied, log.slice(2, 69));
});

test("what comes while it is paused is applied afterwards, however much it is", async () => {
  const log = Array.from({ length: 700 }, (_, i) => i + 1);
  const { timeline, applied } = conversation({ have: 4, log });
  await timeline.pause();
  for (const seq of log.slice(2)) await timeline.push(row(seq));
  timeline.rewind(2);
  await timeline.resume();
  assert.equal(timeline.have, 700);
  assert.deepEqual(applied, log.slice(2));
});

test("what was asked for before a pause may be another log's", async () => {
  const log = [1, 2, 3];
  const { timeline, applied } = conversation({ log });
  const asking = timeline.learn(3);
  await timeline.pause();
  await asking;
  log.splice(1);
  await timeline.resume();
  await timeline.push(row(1));
  await timeline.push(row(3));
  assert.deepEqual(applied, [1]);
});

test("how far an earlier connect saw it go does not count after a pause", async () => {
  const { clock, timeline, applied, fetched } = conversation({ have: 2 });
  await timeline.push(row(80));
  await timeline.pause();
  await timeline.learn(9);
  await timeline.jump(row(90));
  await timeline.resume();
  await timeline.push(row(3));
  await clock.pass(60_000);
  assert.deepEqual([applied, fetched], [[3], []]);
});
