// Reactions: which one of a person counts, what is sent of several choices, and what is no emoji.

import assert from "node:assert/strict";
import { test } from "node:test";
import { chosen, isEmoji, QUICK, quickAfter, reactionsOf } from "../../static/js/chat/reactions.js";
import { quickEmoji, react } from "../../static/js/sync/reacting.js";
import { layout } from "../../static/js/ui/threadlayout.js";
import { MemoryStores } from "./memory_stores.js";

const said = (seq, mine, body, t = "react") => ({ seq, mine, t, body });
const theirs = { mine: false, theirs: true, waits: false };
const mine = { mine: true, theirs: false, waits: false };

test("one emoji is a reaction, and nothing else is", () => {
  for (const emoji of [...QUICK, "👩🏻‍❤️‍💋‍👨🏿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🇩🇪", "1️⃣"]) assert.ok(isEmoji(emoji), emoji);
  for (const none of [undefined, "", "a", "1", "👍👍", "👍 ", "<b>", "👍".repeat(10_000), "\u200d"])
    assert.ok(!isEmoji(none), JSON.stringify(none)?.slice(0, 20));
});

test("the last reaction of each person counts, whatever order they are found in", () => {
  assert.deepEqual(reactionsOf([]), []);
  const log = [said(5, true, "😂"), said(2, false, "👍"), said(3, true, "❤️"), said(4, false, "🙏")];
  assert.deepEqual(reactionsOf(log), [
    { emoji: "🙏", ...theirs },
    { emoji: "😂", ...mine },
  ]);
  assert.deepEqual(reactionsOf([...log, said(6, false, "😂")]), [{ emoji: "😂", ...mine, theirs: true }]);
  assert.deepEqual(reactionsOf([...log, said(6, true, "")]), [{ emoji: "🙏", ...theirs }]); // taken back
});

test("what is no emoji counts for nothing, nor does what is no reaction", () => {
  const log = [said(1, false, "👍"), said(2, false, "words"), said(3, false, undefined), said(4, false, "🙏", "edit")];
  assert.deepEqual(reactionsOf(log), [{ emoji: "👍", ...theirs }]);
});

test("mine shows at once, and says that it waits", () => {
  const log = [said(1, true, "👍")];
  assert.deepEqual(reactionsOf(log, "❤️"), [{ emoji: "❤️", ...mine, waits: true }]);
  assert.deepEqual(reactionsOf(log, "👍"), [{ emoji: "👍", ...mine }]);
  assert.deepEqual(reactionsOf(log, ""), []);
});

test("the same once more takes it back", () => {
  const there = reactionsOf([said(1, true, "👍"), said(2, false, "❤️")]);
  assert.equal(chosen(there, "👍"), "");
  assert.equal(chosen(there, "❤️"), "❤️"); // theirs
});

test("what was chosen last is offered first; what is offered keeps its place", () => {
  assert.deepEqual(quickAfter(QUICK, "🦊"), ["🦊", ...QUICK.slice(0, 5)]);
  assert.deepEqual(quickAfter(QUICK, "😮"), QUICK);
});

/** An outbox that holds what it is given, and a log. */
function desk(logged = []) {
  const stores = new MemoryStores();
  const entries = [];
  const heard = new Set(); // as the queue knows what it held once
  const outbox = {
    of: () => entries,
    discard: async (id) =>
      void entries.splice(
        entries.findIndex((entry) => entry.id === id),
        1,
      ),
    add: async (entry) => {
      if (outbox.full) throw new Error("full");
      if (!heard.has(entry.id)) entries.push({ ...entry, order: heard.size });
      heard.add(entry.id);
    },
  };
  const row = ({ seq, ...value }) => ({
    store: "relations",
    key: ["c", seq],
    name: ["c", "m"],
    value: { seq, ...value },
  });
  const ready = stores.write(logged.map(row));
  const say = async (id, body) => {
    await ready;
    await react({ outbox, parts: { stores } }, { id, conv: "c", mid: "m", body });
  };
  return { entries, say, stores, outbox };
}

test("of several choices the last one is sent, and none where the log has it", async () => {
  const { entries, say, stores } = desk([said(2, true, "👍"), said(1, true, "😂"), said(3, false, "❤️")]);
  const bodies = () => entries.map(({ content }) => content.body);
  await say("a", "❤️");
  await say("b", "🦊");
  assert.deepEqual(bodies(), ["🦊"]);
  assert.deepEqual(entries[0].content, { t: "react", body: "🦊", ref: "m" });
  await say("c", "👍");
  assert.deepEqual(bodies(), []);
  await say("d", "");
  assert.deepEqual(bodies(), [""]);
  entries[0].sealed = {}; // it may be in the log by now
  await say("e", "👍");
  assert.deepEqual(bodies(), ["", "👍"]);
  assert.deepEqual((await quickEmoji({ stores }))[0], "🦊");
});

test("asked twice, as where another tab takes over, it is one choice, and no older one comes back", async () => {
  const { entries, say } = desk();
  const bodies = () => entries.map(({ content }) => content.body);
  await say("a", "👍");
  await say("a", "👍");
  assert.deepEqual(bodies(), ["👍"]);
  await say("b", "❤️");
  await say("a", "👍");
  await say("b", "❤️");
  assert.deepEqual(bodies(), ["❤️"]);
});

test("where a choice cannot be kept, the one before stays", async () => {
  const { entries, say, outbox } = desk();
  await say("a", "👍");
  outbox.full = true;
  await assert.rejects(say("b", "❤️"), /full/);
  assert.deepEqual(
    entries.map(({ content }) => content.body),
    ["👍"],
  );
});

test("without a reaction in the log, one that is taken back before it left is none", async () => {
  const { entries, say } = desk();
  await say("a", "👍");
  await say("b", "");
  assert.deepEqual(entries, []);
});

test("a message carries what is said of it: as kept, as rows in sight say, as the outbox has it; deleted, nothing", () => {
  const message = { conv: "c", seq: 1, mid: "m", mine: true, time: 1, ord: 1, kind: 1, warnings: [] };
  const text = { ...message, content: { t: "text", body: "words" }, relations: [said(2, false, "👍")] };
  const row = { ...message, seq: 3, mid: "r", kind: 2, content: { t: "react", body: "❤️", ref: "m" } };
  const entry = { id: "e", conv: "c", order: 1, written: 1, content: { t: "react", body: "😂", ref: "m" } };
  const shown = (messages, ...entries) => {
    const items = layout({ messages, entries, notices: [], marks: { peer_got: 0, peer_read: 0 } });
    const bubbles = items.filter(({ type }) => type === "bubble");
    assert.equal(bubbles.length, 1);
    return bubbles[0];
  };
  const emoji = ({ reactions = [] }) => reactions.map((one) => one.emoji);
  assert.deepEqual(emoji(shown([text])), ["👍"]);
  const second = { ...row, seq: 4, mine: false };
  assert.deepEqual(emoji(shown([text, row, second])), ["❤️"]);
  assert.deepEqual(emoji(shown([text, row], entry)), ["👍", "😂"]);
  const failed = { ...entry, failed: "unknown" };
  assert.deepEqual(emoji(shown([text], failed)), ["👍"]);
  assert.equal(shown([text], failed).reacting, failed);
  const { content: _, ...place } = text;
  assert.deepEqual(emoji(shown([{ ...place, gone: "deleted" }, row], entry)), []);
  const deletion = { ...entry, id: "d", content: { t: "del", ref: "m" } };
  assert.deepEqual(emoji(shown([text], deletion)), []);
});
