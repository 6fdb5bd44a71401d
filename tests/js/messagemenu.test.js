// The menu of a message, and where the focus is once it closes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { filled, Node } from "./page.js";

Object.assign(document, { createTextNode: () => new Node("text") });
Object.assign(globalThis, { innerWidth: 800, innerHeight: 600 });

const { bubbleOf, fill } = await import("../../static/js/ui/bubbles.js");
const { MessageMenu } = await import("../../static/js/ui/messagemenu.js");
const { bus } = await import("../../static/js/tabs/bus.js");

const said = { conv: "c", seq: 1, mid: "m", mine: false, time: 1, ord: 1, kind: 1, warnings: [] };
const message = { ...said, content: { t: "text", body: "words" } };
const bubble = { type: "bubble", key: "seq 1", mine: false, first: true, last: true, time: 1, message };
const box = () => ({ left: 0, top: 0, bottom: 0, width: 0, height: 0 });

test("who left a menu without a choice is back at its message; who went elsewhere stays there", async () => {
  const list = new Node("ul");
  const node = filled(new Node("li"), "_message.html");
  node.setAttribute("data-key", bubble.key);
  node.isConnected = true;
  list.append(node);
  fill(node, bubble, "Bob");
  const menu = filled(new Node("dialog"), "_messagemenu.html");
  const copy = menu.querySelector("[data-part='copy']");
  Object.assign(menu, { getBoundingClientRect: box, showModal: () => copy.focus() });
  new MessageMenu(list, menu);
  bus.ask = async (what) => (what === "quickEmoji" ? ["👍"] : { chat: { row: { state: 3 } } });
  const button = node.querySelector("[data-act='message-menu']");
  const details = node.querySelector("[data-act='details']");
  button.getBoundingClientRect = box;
  const open = async (from) => {
    from.focus();
    button.click(list);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(document.activeElement, copy);
  };

  await open(button);
  menu.dispatchEvent(new Event("close"));
  assert.equal(document.activeElement, details);

  await open(button);
  const elsewhere = new Node("textarea");
  elsewhere.focus();
  menu.dispatchEvent(new Event("close"));
  assert.equal(document.activeElement, elsewhere);

  await open(document.body); // a finger
  document.activeElement = document.body;
  menu.dispatchEvent(new Event("close"));
  assert.equal(document.activeElement, document.body);
});

/** A list of these bubbles, and the menu of its messages. */
function page(...bubbles) {
  const list = new Node("ul");
  const nodes = bubbles.map((one) => {
    const node = filled(new Node("li"), "_message.html");
    node.setAttribute("data-key", one.key);
    node.isConnected = true;
    list.append(node);
    fill(node, one, "Bob");
    node.querySelector("[data-act='message-menu']").getBoundingClientRect = box;
    return node;
  });
  const menu = filled(new Node("dialog"), "_messagemenu.html");
  Object.assign(menu, { getBoundingClientRect: box, showModal: () => Object.assign(menu, { open: true }), close() {} });
  const answered = [];
  new MessageMenu(list, menu, ({ mid }) => answered.push(mid));
  const open = (at) => nodes[at].querySelector("[data-act='message-menu']").click(list);
  const reply = () => menu.querySelector("[data-part='reply']").click(menu);
  return { menu, open, reply, answered };
}

test("what is chosen in a menu is done to the message that it was opened for, however late that is", async () => {
  const other = { ...bubble, key: "seq 2", message: { ...message, seq: 2, mid: "other" } };
  const { open, reply, answered } = page(bubble, other);
  const waiting = [];
  bus.ask = async (what) => {
    if (what !== "quickEmoji") return { chat: { row: { state: 3 } } };
    await new Promise((resolve) => waiting.push(resolve));
    return ["👍"];
  };
  open(0);
  await new Promise((resolve) => setImmediate(resolve));
  open(1);
  await new Promise((resolve) => setImmediate(resolve));
  for (const answer of waiting) answer();
  await new Promise((resolve) => setImmediate(resolve));
  reply();
  assert.deepEqual(answered, ["m"]);
});

test("without the emoji chosen last, the menu opens all the same", async () => {
  const { menu, open } = page(bubble);
  bus.ask = async (what) => {
    if (what === "quickEmoji") throw new Error("the tab that leads is of an earlier version");
    return { chat: { row: { state: 3 } } };
  };
  open(0);
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(menu.open);
  assert.ok(menu.querySelector("[data-part='quick']").children.length > 1);
});

test("what a message has of emoji is known, though its bubble shows the rest already", () => {
  const node = filled(new Node("li"), "_message.html");
  fill(node, bubble, "Bob");
  const reactions = [{ emoji: "👍", mine: true, theirs: false, waits: true }];
  assert.equal(fill(node, { ...bubble, reactions }, "Bob"), false);
  assert.deepEqual(bubbleOf(node).reactions, reactions);
});

test("a bubble that shows something already is not filled again; one that waits may have changed in place", () => {
  const node = filled(new Node("li"), "_message.html");
  assert.equal(fill(node, bubble, "Bob"), true);
  assert.equal(fill(node, { ...bubble }, "Bob"), false);
  for (const more of [{ message: { ...message } }, { last: false }, { time: 2 }, { only: true }])
    assert.equal(fill(node, { ...bubble, ...more }, "Bob"), true, Object.keys(more)[0]);
  assert.equal(fill(node, bubble, "Robert"), true);
  const entry = { id: "e", conv: "c", content: message.content };
  for (const waits of [{ ...bubble, deleting: entry }, { ...bubble, deleting: entry }, bubble])
    assert.equal(fill(node, waits, "Robert"), true);
});
