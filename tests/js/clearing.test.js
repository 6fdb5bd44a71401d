import assert from "node:assert/strict";
import { test } from "node:test";
import { Clearing, UNDO_MS } from "../../static/js/sync/clearing.js";
import { MovedClock } from "./moved_clock.js";

function world(kept = new Map(), answer = async () => {}) {
  const clock = new MovedClock();
  const calls = [];
  const stores = {
    write: async (changes) => {
      for (const { key, value, remove } of changes) remove ? kept.delete(key) : kept.set(key, value);
    },
    all: async () => [...kept],
  };
  const call = async (conv, upto) => {
    calls.push([conv, upto]);
    await answer();
  };
  return { kept, clock, calls, clearing: new Clearing({ stores, clock, call, changed: () => {} }) };
}

const settled = () => new Promise((done) => setImmediate(done));
const refused = (status) => async () => {
  throw Object.assign(new Error("no"), { status });
};

test("the call waits as long as the person may take it back", async () => {
  const { clock, calls, clearing, kept } = world();
  const ms = await clearing.begin("a", 7);
  assert.equal(clearing.of("a")?.upto, 7);
  await clock.pass(ms);
  assert.deepEqual(calls, []);
  await clock.pass(1000);
  await settled();
  assert.deepEqual(calls, [["a", 7]]);
  assert.equal(clearing.of("a"), undefined);
  assert.equal(kept.size, 0);
  assert.equal(await clearing.undo("a"), false);
});

test("taken back in time, nothing is called", async () => {
  const { clock, calls, clearing, kept } = world();
  await clearing.begin("a", 7);
  assert.equal(await clearing.undo("a"), true);
  await clock.pass(10 * UNDO_MS);
  await settled();
  assert.deepEqual(calls, []);
  assert.equal(kept.size, 0);
});

test("the page that comes next makes the call of one that went", async () => {
  const before = world();
  await before.clearing.begin("a", 7);
  const after = world(before.kept);
  await after.clearing.load();
  assert.equal(after.clearing.of("a")?.upto, 7);
  await after.clock.pass(2 * UNDO_MS);
  await settled();
  assert.deepEqual(after.calls, [["a", 7]]);
});

test("the clock was set back meanwhile: what one hid or cleared does not wait for a day", async () => {
  const { kept, calls, clearing, clock } = world(new Map([["clearing a", { upto: 7, at: 86_400_000 }]]));
  await clearing.load();
  await clock.pass(UNDO_MS + 1000);
  await settled();
  assert.deepEqual([calls, kept.size], [[["a", 7]], 0]);
});

test("without an answer it is called again, and a refusal shows the chat again", async () => {
  const offline = world(new Map(), refused(0));
  await offline.clearing.begin("a", 7);
  await offline.clock.pass(2 * UNDO_MS);
  await settled();
  assert.equal(offline.clearing.of("a")?.upto, 7);
  offline.clearing.opened();
  await settled();
  assert.equal(offline.calls.length, 2);
  const gone = world(new Map(), refused(404));
  await gone.clearing.begin("a", 7);
  await gone.clearing.settle();
  assert.equal(gone.clearing.of("a"), undefined);
});

test("an older backup was put back: what is above both logs was never seen, and is not cleared", async () => {
  const { clock, calls, clearing, kept } = world();
  for (const [conv, upto] of Object.entries({ a: 7, b: 3 })) await clearing.begin(conv, upto);
  for (const conv of ["a", "b", "c"]) await clearing.rewind(conv, 4);
  assert.deepEqual(
    [...kept.values()].map(({ upto }) => upto),
    [4, 3],
  );
  await clock.pass(UNDO_MS + 1000);
  await settled();
  assert.deepEqual(calls, [
    ["a", 4],
    ["b", 3],
  ]);
});
