import assert from "node:assert/strict";
import { test } from "node:test";
import { Notices } from "../../static/js/sync/notices.js";
import { MovedClock } from "./moved_clock.js";

/** What is kept, as IndexedDB orders it. */
function stores() {
  const kept = new Map([
    ["contacts", []],
    ["turn a", {}],
  ]);
  return {
    write: async (changes) => {
      for (const { key, value } of changes) kept.set(key, value);
    },
    all: async (_store, lower, upper) => [...kept].filter(([key]) => key >= lower && key <= upper).sort(),
  };
}

test("what a chat says of its keys survives a restart, and stays in that chat", async () => {
  const kept = stores();
  const before = new Notices(kept, new MovedClock(), () => {});
  await before.add("a", 3, "list");
  await before.add("a", 5, "epoch");
  await before.add("b/+=", 1, "identity");
  const after = new Notices(kept, new MovedClock(), () => {});
  await after.load();
  const kinds = (conv) => after.of(conv).map(({ seq, kind }) => [seq, kind]);
  assert.deepEqual(kinds("a"), [
    [3, "list"],
    [5, "epoch"],
  ]);
  assert.deepEqual(kinds("b/+="), [[1, "identity"]]);
  assert.deepEqual(kinds("c"), []);
});
