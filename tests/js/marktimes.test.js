import assert from "node:assert/strict";
import { test } from "node:test";
import { momentOf, momentsOf, STEPS_MAX, stepped } from "../../static/js/chat/receipttimes.js";

/** @param {[number, number, boolean][]} steps */
const from = (steps) => steps.reduce((kept, step) => stepped(kept, ...step), []);

test("a message has the time of the mark that reached it", () => {
  const steps = from([
    [2, 100, true],
    [5, 200, true],
  ]);
  assert.deepEqual(momentOf(steps, 1), { time: 100, exact: true });
  assert.deepEqual(momentOf(steps, 3), { time: 200, exact: true });
  assert.equal(momentOf(steps, 6), undefined);
});

test("a mark that does not rise changes no time", () => {
  const steps = from([[5, 100, true]]);
  assert.equal(stepped(steps, 5, 900, true), steps);
  assert.equal(stepped(steps, 3, 900, true), steps);
  assert.equal(stepped(steps, undefined, 900, true), steps);
  assert.equal(stepped(steps, 9, undefined, true), steps);
});

test("what moved while nobody listened is known as its latest time", () => {
  const steps = from([
    [2, 100, true],
    [9, 500, false],
  ]);
  assert.deepEqual(momentOf(steps, 4), { time: 500, exact: false });
});

test("old steps are let go, and the oldest kept is no exact time any more", () => {
  const all = Array.from({ length: STEPS_MAX + 3 }, (_, index) => [index + 1, 1000 + index, true]);
  const steps = from(all);
  assert.equal(steps.length, STEPS_MAX);
  assert.equal(momentOf(steps, 1)?.exact, false);
  assert.equal(momentOf(steps, STEPS_MAX + 3)?.exact, true);
});

test("read is delivered at the latest, and beyond the marks is neither", () => {
  const steps = { got: [], read: from([[3, 700, true]]) };
  assert.deepEqual(momentsOf(steps, 2, { peer_got: 3, peer_read: 3 }), {
    delivered: { time: 700, exact: false },
    read: { time: 700, exact: true },
  });
  assert.deepEqual(momentsOf(steps, 4, { peer_got: 3, peer_read: 3 }), { delivered: undefined, read: undefined });
});
