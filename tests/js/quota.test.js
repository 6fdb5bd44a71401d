import assert from "node:assert/strict";
import { test } from "node:test";
import { PROBE_MS, Quota } from "../../static/js/storage/quota.js";
import { MovedClock } from "./moved_clock.js";

function world() {
  const clock = new MovedClock();
  const [told, written] = [[], []];
  const stores = {
    left: 1_000_000,
    get: async (store, key) => `${store} ${key}`,
    all: async () => [],
    write: async (changes) => {
      const size = JSON.stringify(changes).length;
      if (size > stores.left) throw Object.assign(new Error("full"), { code: stores.code ?? "quota" });
      written.push(changes);
    },
  };
  const quota = new Quota(stores, clock, (full) => told.push(full));
  return { clock, stores, quota, told, written };
}
const change = [{ store: "messages", key: "k", value: "a message" }];

test("a full browser is told once, the write still fails, and room is noticed unasked", async () => {
  const { clock, stores, quota, told, written } = world();
  await quota.write(change);
  stores.left = 0;
  for (let i = 0; i < 3; i++) await assert.rejects(quota.write(change), { code: "quota" });
  assert.deepEqual(told, [true]);
  assert.equal(quota.full, true);
  stores.left = 1000; // enough for a message, not to go on
  await clock.pass(PROBE_MS * 3);
  assert.deepEqual(told, [true]);
  stores.left = 1_000_000;
  await clock.pass(PROBE_MS);
  assert.deepEqual(told, [true, false]);
  assert.equal(quota.full, false);
  assert.ok(written.at(-1).at(-1).remove); // and nothing of the probe stays
  await clock.pass(PROBE_MS * 10);
  assert.equal(written.length, 2);
});

test("another trouble of the disk is not called a full one", async () => {
  const { stores, quota, told } = world();
  stores.left = 0;
  stores.code = "unavailable";
  await assert.rejects(quota.write(change), { code: "unavailable" });
  assert.deepEqual(told, []);
});

test("what lies there can be read meanwhile", async () => {
  const { stores, quota } = world();
  stores.left = 0;
  await quota.write(change).catch(() => {});
  assert.equal(await quota.get("meta", "x"), "meta x");
});
