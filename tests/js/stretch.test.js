// What a thread holds of a long conversation.

import assert from "node:assert/strict";
import test from "node:test";

import { HELD_MAX, PAGE, Stretch } from "../../static/js/stretch.js";

const HAVE = 1000;

/** @param {number} first @param {number} last @param {number} [have] */
function page(first, last, have = HAVE) {
  const letters = [];
  for (let seq = first; seq <= last; seq++) letters.push(letter(seq));
  return { letters, more: first > 1, have };
}

/** @param {number} seq @param {string} [text] */
function letter(seq, text = `${seq}`) {
  return { conv: "c", seq, mine: false, time: seq, ord: seq, kind: 1, text, warnings: [] };
}

/** @param {Stretch} stretch */
function neighbours(stretch) {
  assert.equal(stretch.last - stretch.first + 1, stretch.size);
  assert.ok(stretch.size <= HELD_MAX);
}

/** At the end of the history, then far up. */
function wandered() {
  const stretch = new Stretch();
  stretch.replace(page(HAVE - PAGE + 1, HAVE));
  while (stretch.first > 300) {
    stretch.older(page(stretch.first - PAGE, stretch.first - 1));
    neighbours(stretch);
  }
  return stretch;
}

test("going back through a history lets the newest go, and coming down brings them back", () => {
  const stretch = wandered();
  assert.ok(stretch.later);
  while (stretch.later) {
    stretch.newer(page(stretch.last + 1, Math.min(stretch.last + PAGE, HAVE)));
    neighbours(stretch);
  }
  assert.equal(stretch.last, HAVE);
  assert.ok(stretch.more);
});

test("who is far up is not waited for: what comes stays below", () => {
  const stretch = wandered();
  const { first, last } = stretch;
  assert.ok(stretch.came(letter(HAVE + 1), false));
  assert.deepEqual([stretch.first, stretch.last], [first, last]);
  stretch.newer(page(HAVE - 10, HAVE, HAVE)); // asked before it came
  assert.ok(stretch.later);
});

test("who is at the end goes along, and the oldest goes", () => {
  const stretch = new Stretch();
  stretch.replace(page(HAVE - PAGE + 1, HAVE));
  for (let seq = HAVE + 1; seq <= HAVE + 2 * HELD_MAX; seq++) {
    assert.ok(stretch.came(letter(seq), true));
    neighbours(stretch);
  }
  assert.equal(stretch.last, HAVE + 2 * HELD_MAX);
  assert.ok(stretch.more);
  assert.ok(!stretch.later);
});

test("a jump over a gap is told to who waits at the end", () => {
  const stretch = new Stretch();
  stretch.replace(page(HAVE - PAGE + 1, HAVE));
  assert.ok(!stretch.came(letter(HAVE + 60), true));
  neighbours(stretch);
});

test("a letter that changed is changed where it stands, and nowhere else", () => {
  const stretch = wandered();
  const { size } = stretch;
  stretch.came(letter(stretch.first, "erased"), false);
  assert.equal(stretch.get(stretch.first)?.text, "erased");
  stretch.came(letter(stretch.first - 1, "erased"), false);
  assert.equal(stretch.size, size);
});

test("the first message of an empty conversation", () => {
  const stretch = new Stretch();
  stretch.replace({ letters: [], more: false, have: 0 });
  assert.ok(stretch.came(letter(1), true));
  assert.ok(!stretch.later);
  stretch.clearUpto(1);
  assert.ok(!stretch.later);
  assert.equal(stretch.size, 0);
});
