// What a thread holds of a long conversation.

import assert from "node:assert/strict";
import test from "node:test";

import { around, HELD_MAX, HistoryWindow, PAGE } from "../../static/js/ui/historywindow.js";

const HAVE = 1000;

/** @param {number} first @param {number} last @param {number} [have] */
function page(first, last, have = HAVE) {
  const messages = [];
  for (let seq = first; seq <= last; seq++) messages.push(message(seq));
  return { messages, more: first > 1, have };
}

/** @param {number} seq @param {string} [text] */
function message(seq, text = `${seq}`) {
  return {
    conv: "c",
    seq,
    mine: false,
    time: seq,
    ord: seq,
    kind: 1,
    content: { t: "text", body: text },
    warnings: [],
  };
}

/** @param {HistoryWindow} held */
function neighbours(held) {
  assert.equal(held.last - held.first + 1, held.size);
  assert.ok(held.size <= HELD_MAX);
}

/** At the end of the history, then far up. */
function wandered() {
  const held = new HistoryWindow();
  held.replace(page(HAVE - PAGE + 1, HAVE));
  while (held.first > 300) {
    held.older(page(held.first - PAGE, held.first - 1));
    neighbours(held);
  }
  return held;
}

test("going back through a history lets the newest go, and coming down brings them back", () => {
  const held = wandered();
  assert.ok(held.later);
  while (held.later) {
    held.newer(page(held.last + 1, Math.min(held.last + PAGE, HAVE)));
    neighbours(held);
  }
  assert.equal(held.last, HAVE);
  assert.ok(held.more);
});

test("who is far up is not waited for: what comes stays below", () => {
  const held = wandered();
  const { first, last } = held;
  assert.ok(held.came(message(HAVE + 1), false));
  assert.deepEqual([held.first, held.last], [first, last]);
  held.newer(page(HAVE - 10, HAVE, HAVE)); // asked before it came
  assert.ok(held.later);
});

test("who is at the end goes along, and the oldest goes", () => {
  const held = new HistoryWindow();
  held.replace(page(HAVE - PAGE + 1, HAVE));
  for (let seq = HAVE + 1; seq <= HAVE + 2 * HELD_MAX; seq++) {
    assert.ok(held.came(message(seq), true));
    neighbours(held);
  }
  assert.equal(held.last, HAVE + 2 * HELD_MAX);
  assert.ok(held.more);
  assert.ok(!held.later);
});

test("a jump over a gap is told to who waits at the end", () => {
  const held = new HistoryWindow();
  held.replace(page(HAVE - PAGE + 1, HAVE));
  assert.ok(!held.came(message(HAVE + 60), true));
  neighbours(held);
});

test("a message that changed is changed where it stands, and nowhere else", () => {
  const held = wandered();
  const { size } = held;
  held.came(message(held.first, "erased"), false);
  assert.equal(held.get(held.first)?.content.body, "erased");
  held.came(message(held.first - 1, "erased"), false);
  assert.equal(held.size, size);
});

test("the first message of an empty conversation", () => {
  const held = new HistoryWindow();
  held.replace({ messages: [], more: false, have: 0 });
  assert.ok(held.came(message(1), true));
  assert.ok(!held.later);
});

test("what is cleared below it does not turn it; what it holds, or comes back, does", () => {
  const held = new HistoryWindow();
  held.replace({ ...page(11, 20), more: true });
  assert.deepEqual(
    [
      [5, 10],
      [5, 11],
      [5, 4],
      [5, 5],
    ].map(([before, cleared]) => held.turnedBy(before, cleared)),
    [false, true, true, false],
  );
});

test("what is held, and kept nowhere, hears what is said of it: the last emoji of each person", () => {
  const held = wandered(); // where no browser keeps messages
  const { first: seq } = held;
  held.came({ ...message(seq), mid: "m" }, false);
  let row = HAVE;
  const react = (mine, body) => {
    row += 1;
    held.came({ ...message(row), mine, kind: 2, content: { t: "react", body, ref: "m" } }, false);
  };
  for (let at = 0; at < 3; at++) react(false, "👍");
  react(true, "❤️");
  react(false, "😂");
  react(false, "no emoji");
  const said = () => held.get(seq)?.relations?.map(({ mine, body }) => [mine, body]);
  assert.deepEqual(said(), [
    [true, "❤️"],
    [false, "😂"],
  ]);
  react(true, "");
  assert.deepEqual(said()?.at(-1), [true, ""]);
  held.came({ ...message(row + 1), kind: 2, content: { t: "del", ref: "m" } }, false);
  react(false, "👍");
  assert.deepEqual([held.get(seq)?.gone, said()], ["deleted", undefined]);
});

test("a page around a row has it in its middle, before the first row as well", () => {
  assert.deepEqual([undefined, 0, 200].map(around), [undefined, PAGE / 2, 200 + PAGE / 2]);
});
