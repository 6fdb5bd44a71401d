// Answers: what they may show of the message that they are of, and how one is begun.

import assert from "node:assert/strict";
import { test } from "node:test";
import { STATE } from "../../static/js/chat/contactstate.js";
import { textOf } from "../../static/js/chat/content.js";
import { answered, canBeAnswered, EXCERPT_MAX, excerpt, isOriginal } from "../../static/js/chat/quoting.js";
import { QUOTED_MAX, quoted } from "../../static/js/sync/quoted.js";
import { requests } from "../../static/js/tabs/requests.js";
import { fill, part } from "../../static/js/ui/bubbles.js";
import { GivenBack } from "../../static/js/ui/givenback.js";
import { actsFor } from "../../static/js/ui/messagemenu.js";
import { Quotes } from "../../static/js/ui/quotes.js";
import { fillReactions } from "../../static/js/ui/reactionpills.js";
import { answerable, isAnswerKey, pulled, wireReplying } from "../../static/js/ui/replying.js";
import { settle } from "./moved_clock.js";
import { filled, Node } from "./page.js";
import { world } from "./read_log.js";
import { CONV } from "./two_people.js";

const { bus } = await import("../../static/js/tabs/bus.js");
const { ReplyBar } = await import("../../static/js/ui/replybar.js");

const message = (seq, more = {}) => ({
  ...{ conv: CONV, seq, mid: `m${seq}`, mine: false, time: seq, ord: seq, kind: 1, warnings: [] },
  content: { t: "text", body: `text ${seq}` },
  ...more,
});
const alone = (seq, after) => message(seq, { after });

test("an answer is a text that names another message", () => {
  assert.deepEqual(textOf("yes", "m1"), { t: "text", body: "yes", ref: "m1" });
  assert.deepEqual(textOf("yes", undefined), { t: "text", body: "yes" });
  assert.equal(answered({ t: "text", body: "yes", ref: "m1" }), "m1");
  for (const content of [undefined, { t: "text", body: "x" }, { t: "react", body: "x", ref: "m1" }])
    assert.equal(answered(content), undefined);
});

test("only what says something, and is in the log, can be answered", () => {
  assert.ok(canBeAnswered(message(1)));
  const others = [
    { mid: undefined },
    { kind: 2 },
    { content: { t: "del", ref: "m" } },
    { gone: "deleted" },
    { broken: "x" },
  ];
  for (const more of others) assert.ok(!canBeAnswered(message(1, more)), JSON.stringify(more));
  const bubble = { type: "bubble", key: "k", mine: false, first: true, last: true, time: 1, message: message(1) };
  assert.equal(answerable(bubble)?.seq, 1);
  for (const none of [
    undefined,
    { ...bubble, only: true },
    { ...bubble, deleting: {} },
    { ...bubble, message: undefined },
  ])
    assert.equal(answerable(none), undefined);
  assert.ok(actsFor(bubble, true).includes("reply"));
  assert.ok(!actsFor(bubble, false).includes("reply")); // nothing can be sent
});

test("where nothing can be sent no message follows a finger, and no reaction can be pressed", () => {
  Object.assign(document, { createTextNode: () => new Node() });
  Object.assign(globalThis, { innerWidth: 400 });
  const list = new Node();
  const node = filled(new Node(), "_message.html");
  node.setAttribute("data-key", "k");
  const bubble = { type: "bubble", key: "k", mine: false, first: false, last: true, time: 1 };
  fill(node, { ...bubble, message: message(1, { content: { t: "text", body: "" } }) }, "Bob");
  let writable = false;
  wireReplying(
    list,
    () => {},
    () => writable,
  );
  const finger = { pointerType: "touch", isPrimary: true, clientY: 9 };
  const moved = () => {
    for (const [type, clientX] of [
      ["pointerdown", 100],
      ["pointermove", 180],
    ]) {
      const event = Object.assign(new Event(type), finger, { clientX });
      Object.defineProperty(event, "target", { value: node });
      list.dispatchEvent(event);
    }
    return node.getAttribute("data-pulled");
  };
  assert.equal(moved(), null);
  writable = true;
  assert.equal(moved(), "");

  const reactions = [{ emoji: "👍", mine: false, theirs: true, waits: false }];
  const disabled = (state) => {
    fillReactions(node, { ...bubble, reactions }, { row: { state } });
    return part(node, "reactions").children[0].disabled;
  };
  assert.deepEqual([disabled(STATE.BLOCKED), disabled(STATE.CONNECTED)], [true, false]);
});

test("what a sender names is not believed: no later message, no event, nothing that is not shown", () => {
  const answer = message(5);
  assert.ok(isOriginal(message(4), answer, 0));
  assert.ok(isOriginal(message(9), undefined, 0)); // it is not sent yet
  assert.ok(isOriginal(message(4, { gone: "deleted", content: undefined }), answer, 0));
  const forged = [
    message(5),
    message(6),
    message(4, { kind: 2, content: { t: "react", body: "x", ref: "m1" } }),
    message(4, { content: { t: "edit", body: "x", ref: "m1" } }),
    message(4, { gone: "hidden" }),
    message(4, { gone: "withheld" }),
  ];
  for (const one of forged) assert.ok(!isOriginal(one, answer, 0), JSON.stringify(one));
  assert.ok(!isOriginal(message(4), answer, 4)); // cleared
});

test("what is on this device alone has its place in the order", () => {
  assert.ok(isOriginal(alone(9, 3), message(4), 0));
  assert.ok(!isOriginal(alone(9, 4), message(4), 0));
  assert.ok(isOriginal(alone(9, 3), message(4), 4)); // a clear is told by its time (sync/quoted.js)
  assert.ok(isOriginal(message(3), alone(9, 3), 0));
  assert.ok(!isOriginal(message(4), alone(9, 3), 0));
  assert.ok(isOriginal(alone(8, 3), alone(9, 3), 0));
  assert.ok(isOriginal(alone(9, 2), alone(8, 3), 0));
  assert.ok(!isOriginal(alone(9, 3), alone(9, 3), 0));
});

test("an excerpt is one line, and short, however long the text is", () => {
  assert.equal(excerpt("  one\n\n two  "), "one two");
  const long = excerpt("🦊".repeat(20_000));
  assert.deepEqual([[...long].length, long.endsWith("🦊…")], [EXCERPT_MAX + 1, true]);
  assert.equal(excerpt("a".repeat(EXCERPT_MAX)), "a".repeat(EXCERPT_MAX));
  assert.equal(excerpt(`word${" ".repeat(10_000)}end`), "word…");
  assert.equal(excerpt(`${" ".repeat(EXCERPT_MAX * 4 - 1)}🦊`), "…"); // no half of it
});

test("originals are this browser's own, of this chat, with what was said of them since", async () => {
  const { log, hear, bob, stores, hiding } = await world();
  const clearing = { of: () => undefined };
  const client = { conversations: new Map([[CONV, bob]]), clearing, hiding, parts: { stores } };
  const find = (...mids) => quoted(client, CONV, mids);
  const bodies = (found) => found.map(({ content, gone }) => content?.body ?? gone);
  const { client_id: one } = await log.say("one");
  const { client_id: two } = await log.say("two");
  await hear();
  assert.deepEqual(bodies(await find(two, one, one, "nobody's")), ["two", "one"]);
  assert.deepEqual(await quoted(client, "another chat", [one]), []);
  const strange = { ...message(1, { mid: "elsewhere", conv: "other" }) };
  await stores.write([{ store: "messages", key: ["other", 1], name: ["other", "elsewhere"], value: strange }]);
  assert.deepEqual(await find("elsewhere"), []);
  assert.deepEqual(await find(...Array.from({ length: QUOTED_MAX }, (_, at) => `${at}`), one), []); // too many

  await log.say({ t: "del", ref: one });
  await hear();
  await hiding.begin(CONV, two);
  assert.deepEqual(bodies(await find(one, two)), ["deleted", "hidden"]);

  const kept = message(7, { mid: "kept", after: 2, time: 50 });
  await stores.write([{ store: "only", key: [CONV, "kept"], value: kept }]);
  assert.deepEqual(bodies(await find("kept", one)), ["deleted", "text 7"]);
  clearing.of = () => ({ upto: 2, at: 60 });
  assert.deepEqual(await find("kept", one, two), []);
});

test("an answer keeps what it names on the disk, and it is in the history again", async () => {
  const { log, hear, bob, stores } = await world();
  const { client_id: ref } = await log.say("one");
  await log.say({ t: "text", body: "an answer", ref });
  await hear();
  assert.deepEqual((await stores.get("messages", [CONV, 2])).content, { t: "text", body: "an answer", ref });
  const { messages } = await bob.page(3, 2);
  assert.deepEqual(
    messages.map(({ content }) => content?.ref),
    [undefined, ref],
  );
});

test("of two messages with one name, the first is quoted", async () => {
  const quotes = new Quotes(
    async () => [],
    () => {},
  );
  await quotes.want(["m"], [message(1, { mid: "m" }), message(2, { mid: "m" })]);
  assert.equal(quotes.get("m")?.seq, 1);
});

test("a message that this browser does not keep can be answered by who sees it", async () => {
  const bar = filled(new Node("chat-composer"), "_thread.html");
  let changes = 0;
  const reply = new ReplyBar(bar, new Node("textarea"), () => void (changes += 1));
  bus.ask = async () => [];
  await reply.open(CONV, "m1", message(1));
  assert.deepEqual([reply.ref, changes], ["m1", 0]);
  await reply.open(CONV, "m1");
  assert.deepEqual([reply.ref, changes], [undefined, 1]); // nobody can mean it
});

test("a page asks once, believes what it holds itself, and hears what changes", async () => {
  const asked = [];
  let answer = async () => [message(1)];
  let changes = 0;
  const quotes = new Quotes(
    (mids) => {
      asked.push(mids);
      return answer();
    },
    () => void (changes += 1),
  );
  await quotes.want(["m1", "m1", "m2", "m3"], [message(3)]);
  await quotes.want(["m1", "m2"]);
  assert.deepEqual([asked, changes], [[["m1", "m2"]], 1]);
  assert.deepEqual(
    ["m1", "m2", "m3"].map((mid) => quotes.get(mid)?.seq),
    [1, undefined, 3],
  );

  quotes.heard(message(9)); // of which nothing is quoted
  quotes.heard(message(8, { kind: 2, mine: true, content: { t: "del", ref: "m1" } })); // not theirs to delete
  assert.deepEqual([quotes.get("m1")?.content?.body, changes], ["text 1", 1]);
  quotes.heard(message(3, { content: { t: "text", body: "told again" } }));
  quotes.heard(message(8, { kind: 2, content: { t: "del", ref: "m1" } }));
  assert.deepEqual([quotes.get("m3")?.content?.body, quotes.get("m1")?.gone, changes], ["told again", "deleted", 3]);

  quotes.forget();
  assert.equal(quotes.get("m1"), undefined);
  answer = async () => Promise.reject(new Error("away"));
  await quotes.want(["m1"]);
  answer = async () => [message(1)];
  await quotes.want(["m1"]);
  assert.equal(quotes.get("m1")?.seq, 1);
  const late = quotes.want(["m5"]);
  quotes.forget();
  await late; // of the chat before
  assert.equal(quotes.get("m1"), undefined);
});

test("the draft of a chat keeps what it answers, until it is sent", async () => {
  const { stores } = await world();
  const told = [];
  const outbox = { add: async () => {}, all: () => [] };
  const { draft, drafts, keepDraft, send } = requests({
    parts: { stores, tell: (event, detail) => told.push([event, detail]) },
    ...{ outbox, contacts: {}, hiding: {}, uploads: {}, verification: {} },
  });
  assert.deepEqual(await draft("c"), { text: "" });
  await keepDraft("c", { text: "", ref: "m1" });
  await keepDraft("d", { text: "half" });
  assert.deepEqual(
    [await draft("c"), await drafts()],
    [
      { text: "", ref: "m1" },
      { c: "", d: "half" },
    ],
  );
  await send({ id: "a", conv: "c", content: { t: "text", body: "", att: [{}] } }); // beside what is written
  assert.deepEqual(told.at(-1), ["draft", { conv: "d", text: "half" }]);
  await send({ id: "b", conv: "d", content: { t: "text", body: "half" } });
  assert.deepEqual(told.at(-1), ["draft", { conv: "d", text: "" }]);
  await keepDraft("c", { text: "" });
  assert.equal(await stores.get("drafts", "c"), undefined);
  assert.deepEqual(told.at(-1), ["draft", { conv: "c", text: "" }]);
  await settle();
});

test("what could not be kept comes back in its order, with the first message that it answers", () => {
  const back = new GivenBack();
  back.add("c", { text: "" }); // nothing
  assert.deepEqual(back.take("c"), { text: "", ref: undefined });
  back.add("c", { text: "one" });
  back.add("c", { text: "two", ref: "m1" });
  back.add("c", { text: "", ref: "m2" });
  assert.deepEqual(back.take("c"), { text: "one\ntwo", ref: "m1" });
  assert.equal(back.take("c").text, "");
});

test("a finger that goes forth answers, one that goes up or back scrolls", () => {
  const from = { x: 100, y: 100 };
  const to = (x, y = 100) => ({ x: 100 + x, y });
  assert.deepEqual(pulled(from, to(30), 1), { px: 18, answers: false });
  assert.deepEqual(pulled(from, to(60), 1), { px: 48, answers: true });
  assert.deepEqual(pulled(from, to(300), 1), { px: 72, answers: true });
  assert.deepEqual(pulled(from, to(-60), -1), { px: -48, answers: true }); // from right to left
  for (const other of [to(4), to(-60), to(30, 140)]) assert.equal(pulled(from, other, 1), null);
});

test("R answers, and a shortcut of the browser does not", () => {
  const plain = { key: "r", ctrlKey: false, metaKey: false, altKey: false, isComposing: false };
  for (const key of ["r", "R"]) assert.ok(isAnswerKey({ ...plain, key }));
  for (const more of [{ key: "e" }, { ctrlKey: true }, { metaKey: true }, { altKey: true }, { isComposing: true }])
    assert.ok(!isAnswerKey({ ...plain, ...more }));
});
