import assert from "node:assert/strict";
import { test } from "node:test";
import { stoppable } from "../../static/js/clock.js";
import { Fence } from "../../static/js/storage/fence.js";
import { MovedClock, settle } from "./moved_clock.js";

/** A keystore of numbers that stands on one term. */
function keystore({ full = false } = {}) {
  const kept = { term: 1, writes: [] };
  const failed = (code) => Promise.reject(Object.assign(new Error(code), { code }));
  return {
    kept,
    raiseTerm: async () => (full ? failed("quota") : ++kept.term),
    term: async () => kept.term,
    get: async () => "value",
    all: async () => [],
    write: async (changes, term) => (term === kept.term ? void kept.writes.push(changes) : failed("deposed")),
  };
}

const queued = (deposed = () => {}) => ({ stolen: false, deposed });

test("the term rises before the first read, and writes carry it", async () => {
  const store = keystore();
  const fence = await Fence.raise(store, queued());
  assert.equal(store.kept.term, 2);
  await fence.write(["a"]);
  assert.deepEqual(store.kept.writes, [["a"]]);
});

test("a write under an old term says so, and goes no further", async () => {
  const store = keystore();
  let deposed = 0;
  const late = await Fence.raise(
    store,
    queued(() => deposed++),
  );
  await Fence.raise(store, queued());
  let went = false;
  late.write(["b"]).finally(() => {
    went = true;
  });
  await settle();
  assert.deepEqual([deposed, went, store.kept.writes], [1, false, []]);
});

test("what was read for work that has ended is given to nobody", async () => {
  const fence = await Fence.raise(keystore(), queued());
  assert.equal(await fence.get("meta", "a"), "value");
  const read = [];
  fence.get("meta", "a").then((value) => read.push(value));
  fence.end();
  await settle();
  assert.deepEqual(read, []);
});

test("work on a store that the browser deleted goes no further", async () => {
  const closed = () => Promise.reject(Object.assign(new Error("closed"), { code: "closed" }));
  const fence = await Fence.raise({ ...keystore(), get: closed, write: closed }, queued());
  const ends = [];
  for (const work of [fence.get("meta", "a"), fence.write(["d"])]) {
    work.then(
      () => ends.push("done"),
      () => ends.push("failed"),
    );
  }
  await settle();
  assert.deepEqual(ends, []);
});

test("without room, only who was given the lead goes on under the old term", async () => {
  const fence = await Fence.raise(keystore({ full: true }), queued());
  await fence.write(["c"]);
  await assert.rejects(Fence.raise(keystore({ full: true }), { ...queued(), stolen: true }), { code: "quota" });
});

test("the timers of a stopped clock never fire, and no new ones start", async () => {
  const clock = new MovedClock();
  const work = stoppable(clock);
  const fired = [];
  for (const ms of [1, 5, 7]) work.after(ms, () => fired.push(ms));
  work.cancel(work.after(2, () => fired.push(2)));
  await clock.pass(5);
  work.stop();
  work.after(1, () => fired.push("late"));
  await clock.pass(10);
  assert.deepEqual(fired, [1, 5]);
});
