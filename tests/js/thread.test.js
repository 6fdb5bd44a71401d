import assert from "node:assert/strict";
import { test } from "node:test";
import { follow } from "../../static/js/sync/senderchain.js";
import { begins, bytesLeft, chooses, roomWords, sends, TEXT_MAX } from "../../static/js/ui/composing.js";
import { layout, placeOf } from "../../static/js/ui/threadlayout.js";

const NOON = new Date(2026, 5, 1, 12).getTime();
const message = (seq, more = {}) => ({
  conv: "c",
  seq,
  mid: `m${seq}`,
  mine: false,
  time: NOON + seq * 1000,
  ord: seq,
  kind: 1,
  t: "text",
  content: { t: "text", body: `text ${seq}` },
  warnings: [],
  ...more,
});
const thread = (more) =>
  layout({ messages: [], entries: [], notices: [], marks: { peer_got: 0, peer_read: 0 }, ...more });
const keys = (items) => items.map(({ type, key }) => (type === "day" ? "day" : key));

test("a day stands once above its messages", () => {
  const messages = [message(1), message(2), message(3, { time: NOON + 24 * 3600 * 1000 })];
  assert.deepEqual(keys(thread({ messages })), ["day", "seq 1", "seq 2", "day", "seq 3"]);
});

test("one person's messages of five minutes are a group", () => {
  const messages = [
    message(1),
    message(2),
    message(3, { mine: true }),
    message(4, { time: NOON + 400_000, mine: true }),
  ];
  const bubbles = thread({ messages }).filter(({ type }) => type === "bubble");
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
  const messages = [1, 2, 3].map((seq) => message(seq, { mine: true }));
  const items = thread({ messages, marks: { peer_got: 2, peer_read: 1 } });
  assert.deepEqual(
    items.slice(1).map(({ status }) => status),
    ["read", "delivered", "sent"],
  );
});

test("what waits stands at the end, and not beside its own row", () => {
  const waiting = { id: "a", conv: "c", order: 1, content: { t: "text", body: "x" }, written: NOON };
  const landed = { ...waiting, id: "b", sealed: { frame: { client_id: "m1" } } };
  const failed = { ...waiting, id: "c", failed: "not_connected" };
  const items = thread({ messages: [message(1, { mine: true })], entries: [landed, waiting, failed] });
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
    messages: [message(1), message(2), message(3)],
    notices: [{ seq: 1, time: NOON + 1500, kind: "list" }],
    unreadFrom: 3,
  });
  assert.deepEqual(keys(items), ["day", "seq 1", `notice 1 ${NOON + 1500} list`, "seq 2", "unread", "seq 3"]);
});

test("silent and withheld rows are not shown; erased ones leave their place", () => {
  const messages = [
    message(1, { kind: 2, content: undefined }),
    { ...message(2), kind: 2, gone: "withheld", content: undefined },
    { ...message(3), gone: "erased", content: undefined },
    { ...message(4), content: undefined, broken: "cannot_open" },
  ];
  assert.deepEqual(keys(thread({ messages })), ["day", "seq 3", "seq 4"]);
});

test("Enter sends, unless it chooses a word, makes a line or is a finger's", () => {
  const enter = { key: "Enter", shiftKey: false, isComposing: false, keyCode: 13 };
  assert.equal(sends(enter, false), true);
  assert.equal(sends({ ...enter, isComposing: true }, false), false);
  assert.equal(sends({ ...enter, keyCode: 229 }, false), false);
  assert.equal(sends({ ...enter, shiftKey: true }, false), false);
  assert.equal(sends(enter, true), false);
});

test("a character or a paste begins to write, beside the field; a command, a space and a key with a name do not", () => {
  const press = (key, more) =>
    begins({ key, ctrlKey: false, metaKey: false, altKey: false, isComposing: false, ...more });
  for (const key of ["a", "É", "😀", "7"]) assert.ok(press(key), key);
  for (const key of [" ", "Enter", "Tab", "Escape", "Dead", "ArrowUp"]) assert.ok(!press(key), key);
  assert.ok(press("v", { ctrlKey: true }) && press("V", { metaKey: true }));
  assert.ok(!press("c", { ctrlKey: true }) && !press("a", { altKey: true }) && !press("a", { isComposing: true }));
});

test("the room that is left counts bytes as JSON writes them", () => {
  assert.equal(bytesLeft(""), TEXT_MAX - 2);
  assert.equal(bytesLeft("é\n"), TEXT_MAX - 6);
});

test("the room that is left, and what is too much, is told in characters like those that stand there", () => {
  const word = (one, bytes) => roomWords(one.repeat(bytes));
  assert.equal(word("a", TEXT_MAX - 102), "Room for about 100 characters");
  assert.equal(word("é", TEXT_MAX / 2 - 101), "Room for about 100 characters");
  assert.equal(word("a", TEXT_MAX - 3), "Room for about 1 character");
  assert.equal(word("é", TEXT_MAX / 2), "This is about 1 character too long for one message. Split it in two.");
  assert.equal(word("a", TEXT_MAX + 998), "This is about 1,000 characters too long for one message. Split it in two.");
});

test("Enter and an arrow choose from what a filter found, but not what ends a word or selects", () => {
  const press = (key, more) => chooses({ key, ...more });
  assert.ok(press("Enter") && press("ArrowDown"));
  assert.ok(!press("ArrowUp") && !press("a"));
  for (const held of ["shiftKey", "ctrlKey", "metaKey", "altKey", "isComposing"])
    assert.ok(!press("ArrowDown", { [held]: true }), held);
  assert.ok(!press("Enter", { keyCode: 229 }));
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

test("several sign-ins of a day are one line, and what was verified is another", () => {
  const day = 24 * 3600 * 1000;
  const at = (time, kind = "list", seq = 1) => ({ seq, time: NOON + time, kind });
  const notices = [at(1), at(2), at(3, "list", 2), at(4, "devices"), at(5, "devices", 2), at(6, "identity"), at(day)];
  const shown = thread({ messages: [message(1), message(2)], notices }).filter(({ type }) => type === "notice");
  assert.deepEqual(
    shown.map(({ kind, time }) => [kind, time - NOON]).sort(),
    [
      ["devices", 4],
      ["identity", 6],
      ["list", 1],
      ["list", day],
    ].sort(),
  );
});

test("what is on this device alone is found by the row behind which it stands", () => {
  const [inLog, alone] = [message(4), message(9, { after: 0 })];
  const items = layout({ messages: [inLog], only: [alone], entries: [], notices: [], marks: {} });
  const keys = items.filter(({ type }) => type === "bubble").map(({ key }) => key);
  assert.deepEqual(
    [alone, inLog].map(placeOf),
    [0, 4].map((seq, at) => ({ key: keys[at], seq })),
  );
});
