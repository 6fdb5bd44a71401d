import assert from "node:assert/strict";
import { test } from "node:test";
import { follow } from "../../static/js/hub/sequence.js";
import { bytesLeft, sends, TEXT_MAX } from "../../static/js/ui/composing.js";
import { layout } from "../../static/js/ui/threadlayout.js";

const NOON = new Date(2026, 5, 1, 12).getTime();
const letter = (seq, more = {}) => ({
  conv: "c",
  seq,
  mid: `m${seq}`,
  mine: false,
  time: NOON + seq * 1000,
  ord: seq,
  kind: 1,
  t: "text",
  text: `text ${seq}`,
  warnings: [],
  ...more,
});
const thread = (more) => layout({ letters: [], entries: [], notices: [], peerGot: 0, peerRead: 0, ...more });
const keys = (items) => items.map(({ type, key }) => (type === "day" ? "day" : key));

test("a day stands once above its messages", () => {
  const letters = [letter(1), letter(2), letter(3, { time: NOON + 24 * 3600 * 1000 })];
  assert.deepEqual(keys(thread({ letters })), ["day", "seq 1", "seq 2", "day", "seq 3"]);
});

test("one person's messages of five minutes are a group", () => {
  const letters = [letter(1), letter(2), letter(3, { mine: true }), letter(4, { time: NOON + 400_000, mine: true })];
  const bubbles = thread({ letters }).filter(({ type }) => type === "bubble");
  assert.deepEqual(
    bubbles.map(({ first, last }) => [first, last]),
    [
      [true, false],
      [false, true],
      [true, true],
      [true, true],
    ],
  );
});

test("my messages say how far they came", () => {
  const letters = [1, 2, 3].map((seq) => letter(seq, { mine: true }));
  const items = thread({ letters, peerGot: 2, peerRead: 1 });
  assert.deepEqual(
    items.slice(1).map(({ status }) => status),
    ["read", "delivered", "sent"],
  );
});

test("what waits stands at the end, and not beside its own row", () => {
  const waiting = { id: "a", conv: "c", order: 1, text: "x", written: NOON };
  const landed = { ...waiting, id: "b", sealed: { frame: { client_id: "m1" } } };
  const failed = { ...waiting, id: "c", failed: "not_connected" };
  const items = thread({ letters: [letter(1, { mine: true })], entries: [landed, waiting, failed] });
  assert.deepEqual(
    items.slice(1).map(({ key, status }) => [key, status]),
    [
      ["seq 1", "sent"],
      ["entry a", "waiting"],
      ["entry c", "failed"],
    ],
  );
});

test("notices stand where they happened; the line of the unread before the first of them", () => {
  const items = thread({
    letters: [letter(1), letter(2), letter(3)],
    notices: [{ seq: 1, time: NOON + 1500, kind: "list" }],
    unreadFrom: 3,
  });
  assert.deepEqual(keys(items), ["day", "seq 1", `notice 1 ${NOON + 1500} list`, "seq 2", "unread", "seq 3"]);
});

test("silent and withheld rows are not shown; erased ones leave their place", () => {
  const letters = [
    letter(1, { kind: 2, text: undefined }),
    { ...letter(2), kind: 2, gone: "withheld", text: undefined },
    { ...letter(3), gone: "erased", text: undefined },
    { ...letter(4), text: undefined, broken: "cannot_open" },
  ];
  assert.deepEqual(keys(thread({ letters })), ["day", "seq 3", "seq 4"]);
});

test("Enter sends, unless it chooses a word, makes a line or is a finger's", () => {
  const enter = { key: "Enter", shiftKey: false, isComposing: false, keyCode: 13 };
  assert.equal(sends(enter, false), true);
  assert.equal(sends({ ...enter, isComposing: true }, false), false);
  assert.equal(sends({ ...enter, keyCode: 229 }, false), false);
  assert.equal(sends({ ...enter, shiftKey: true }, false), false);
  assert.equal(sends(enter, true), false);
});

test("the room that is left counts bytes as JSON writes them", () => {
  assert.equal(bytesLeft(""), TEXT_MAX - 2);
  assert.equal(bytesLeft("é\n"), TEXT_MAX - 6);
});

test("a counter with a hole is missing, one used before is a replay, an erased one breaks no chain", () => {
  const step = (ctr, c, prev) => ({ device: "d", ctr, c, prev });
  let { lasts, alarm } = follow({}, step(7, "C7", "C6"));
  assert.equal(alarm, null);
  ({ lasts, alarm } = follow(lasts, step(8, "C8", "C7")));
  assert.equal(alarm, null);
  assert.equal(follow(lasts, step(10, "C10", "C9")).alarm, "missing");
  assert.equal(follow(lasts, step(9, "C9", "other")).alarm, "missing");
  assert.equal(follow(lasts, step(8, "C8b", "C7")).alarm, "replayed");
  ({ lasts } = follow(lasts, step(9, null, null)));
  assert.equal(follow(lasts, step(10, "C10", "C9")).alarm, null);
});
