import assert from "node:assert/strict";
import { test } from "node:test";
import { lastActivity } from "../../static/js/chat/order.js";
import { momentsOf } from "../../static/js/chat/receipttimes.js";
import { tickOf, withGaps } from "../../static/js/chat/ticks.js";
import { afterMessage, afterReceipt, afterState } from "../../static/js/sync/vector.js";

const ticks = (marks, upto) => Array.from({ length: upto }, (_, index) => tickOf(marks, index + 1));
const row = (more = {}) => ({ last_seq: 9, my_ord: 9, peer_ord: 0, peer_got: 0, peer_read: 0, ...more });

test("a mark covers everything below it, but for its gaps", () => {
  const marks = {
    peer_got: 5,
    peer_read: 4,
    gaps: [
      [1, 2, 2],
      [2, 3, 3],
    ],
  };
  assert.deepEqual(ticks(marks, 6), ["read", "sent", "delivered", "read", "delivered", "sent"]);
  assert.deepEqual(ticks({ peer_got: 2, peer_read: 1 }, 3), ["read", "delivered", "sent"]);
  assert.deepEqual(ticks({ peer_got: 0, peer_read: 1 }, 1), ["read"]);
});

test("what was withheld has no time, and what was read in private no time of reading", () => {
  const steps = { got: [[9, 100, true]], read: [[9, 200, true]] };
  const marks = {
    peer_got: 9,
    peer_read: 9,
    gaps: [
      [1, 1, 1],
      [2, 2, 2],
    ],
  };
  assert.deepEqual(momentsOf(steps, 1, marks), { delivered: undefined, read: undefined });
  assert.deepEqual(momentsOf(steps, 2, marks), { delivered: { time: 100, exact: true }, read: undefined });
  assert.deepEqual(momentsOf(steps, 3, marks).read, { time: 200, exact: true });
});

test("gaps that were told stay known, and only grow", () => {
  assert.deepEqual(withGaps(undefined, null), {});
  assert.deepEqual(withGaps([[1, 2, 3]], undefined), { gaps: [[1, 2, 3]] });
  const known = withGaps(
    [
      [1, 2, 3],
      [2, 2, 2],
    ],
    [
      [1, 2, 5],
      [2, 2, 1],
      [1, 9, 9],
    ],
  ).gaps;
  assert.deepEqual(known, [
    [1, 2, 5],
    [2, 2, 2],
    [1, 9, 9],
  ]);
  const many = Array.from({ length: 600 }, (_, index) => [1, 2 * index + 1, 2 * index + 1]);
  assert.equal(withGaps([], many).gaps.length, 500);
});

test("a receipt brings them with the mark, and the vector of a new connect takes none away", () => {
  const told = afterReceipt(row(), { got: 4, read: 4, gaps: [[1, 2, 3]] }, false);
  assert.deepEqual(ticks(told, 4), ["read", "sent", "sent", "read"]);
  const state = row({ peer_got: 6, peer_read: 6, gaps: [[1, 5, 5]] });
  assert.deepEqual(ticks(afterState(told, state), 6), ["read", "sent", "sent", "read", "sent", "read"]);
  assert.deepEqual(afterState(row(), state).gaps, [[1, 5, 5]]);
});

test("a withheld row moves nothing in the list of who blocked its sender", () => {
  const before = row({ times: { last: 5 } });
  assert.equal(afterMessage(before, { seq: 10, gone: "withheld" }, false), before);
});

test("a block is no activity, a new connection is", () => {
  assert.equal(lastActivity({ since: 900, times: { last: 100 } }), 100);
  assert.equal(lastActivity({ since: 900, times: {} }), 900);
  assert.equal(lastActivity({ since: 900 }), 900);
});
