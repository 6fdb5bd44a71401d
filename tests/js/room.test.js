import assert from "node:assert/strict";
import { test } from "node:test";
import { PROBE_MS, Room } from "../../static/js/room.js";
import { MovedClock } from "./moved_clock.js";

function world() {
  const clock = new MovedClock();
  const [told, written] = [[], []];
  const shelf = {
    left: 1_000_000,
    get: async (store, key) => `${store} ${key}`,
    all: async () => [],
    write: async (changes) => {
      const size = JSON.stringify(changes).length;
      if (size > shelf.left) throw Object.assign(new Error("full"), { code: shelf.code ?? "quota" });
      written.push(changes);
    },
  };
  const room = new Room(shelf, clock, (full) => told.push(full));
  return { clock, shelf, room, told, written };
}
const change = [{ store: "messages", key: "k", value: "a letter" }];

test("a full browser is told once, the write still fails, and room is noticed unasked", async () => {
  const { clock, shelf, room, told, written } = world();
  await room.write(change);
  shelf.left = 0;
  for (let i = 0; i < 3; i++) await assert.rejects(room.write(change), { code: "quota" });
  assert.deepEqual(told, [true]);
  assert.equal(room.full, true);
  shelf.left = 1000; // enough for a letter, not to go on
  await clock.pass(PROBE_MS * 3);
  assert.deepEqual(told, [true]);
  shelf.left = 1_000_000;
  await clock.pass(PROBE_MS);
  assert.deepEqual(told, [true, false]);
  assert.equal(room.full, false);
  assert.ok(written.at(-1).at(-1).remove); // and nothing of the probe stays
  await clock.pass(PROBE_MS * 10);
  assert.equal(written.length, 2);
});

test("another trouble of the disk is not called a full one", async () => {
  const { shelf, room, told } = world();
  shelf.left = 0;
  shelf.code = "unavailable";
  await assert.rejects(room.write(change), { code: "unavailable" });
  assert.deepEqual(told, []);
});

test("what lies there can be read meanwhile", async () => {
  const { shelf, room } = world();
  shelf.left = 0;
  await room.write(change).catch(() => {});
  assert.equal(await room.get("meta", "x"), "meta x");
});
