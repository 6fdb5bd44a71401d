import assert from "node:assert/strict";
import { test } from "node:test";
import { READ_MS, Reading } from "../../static/js/ui/reading.js";
import { MovedClock } from "./moved_clock.js";

function world() {
  const clock = new MovedClock();
  const here = { clock, screen: [], upto: 0, read: [] };
  here.reading = new Reading({
    clock,
    shown: () => here.screen,
    upto: () => here.upto,
    read: ({ seq, ord }) => {
      here.read.push(seq);
      here.upto = ord;
    },
  });
  here.show = (...seqs) => {
    here.screen = seqs.map((seq) => ({ seq, ord: seq }));
    here.reading.look();
  };
  return here;
}

test("what stands on the screen for a second is read, once, with what stands above it", async () => {
  const { clock, show, read } = world();
  show(1, 2, 3);
  await clock.pass(READ_MS - 1);
  assert.deepEqual(read, []);
  await clock.pass(1);
  assert.deepEqual(read, [3]);
  await clock.pass(10 * READ_MS);
  assert.deepEqual(read, [3]);
});

test("what comes in the meantime has a second of its own", async () => {
  const { clock, show, read } = world();
  show(1);
  await clock.pass(READ_MS - 10);
  show(1, 2);
  await clock.pass(10);
  assert.deepEqual(read, [1]);
  await clock.pass(READ_MS - 10);
  assert.deepEqual(read, [1, 2]);
});

test("a second with a break in it does not count", async () => {
  const { clock, show, read } = world();
  show(1);
  await clock.pass(READ_MS - 10);
  show(); // another window came in front
  await clock.pass(5);
  show(1);
  await clock.pass(READ_MS - 1);
  assert.deepEqual(read, []);
  await clock.pass(1);
  assert.deepEqual(read, [1]);
});

test("what scrolled by is not read", async () => {
  const { clock, show, read } = world();
  show(1, 2);
  await clock.pass(READ_MS / 2);
  show(7, 8);
  await clock.pass(READ_MS / 2);
  show(8, 9);
  await clock.pass(READ_MS / 2);
  assert.deepEqual(read, [8]);
});

test("an end to the conversation is an end to the wait", async () => {
  const { clock, show, reading, read } = world();
  show(1);
  reading.forget();
  await clock.pass(2 * READ_MS);
  assert.deepEqual(read, []);
});
