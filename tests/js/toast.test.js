// What is said above the foot of a page: nothing swallows another, and a warning waits for its answer.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Node } from "./page.js";

document.querySelectorAll = () => [];
globalThis.MutationObserver = class {
  observe() {}
};

const { toast } = await import("../../static/js/ui/toast.js");

const SHOWN_MS = 5_000;
const boxes = () => document.body.children[0]?.children ?? [];
const shown = () => boxes().map((box) => box.children[0].textContent);
const buttons = (at) => boxes()[at].children.slice(1);

beforeEach((t) => t.mock.timers.enable({ apis: ["setTimeout"] }));

test("a few stand together, and the others come as these leave", (t) => {
  for (const words of ["a", "b", "c", "d", "e"]) toast(words);
  assert.deepEqual(shown(), ["a", "b", "c"]);
  t.mock.timers.tick(SHOWN_MS);
  assert.deepEqual(shown(), ["d", "e"]);
  t.mock.timers.tick(SHOWN_MS);
  assert.deepEqual(shown(), []);
});

test("the same words stand there once, and what each offers for itself", (t) => {
  for (const words of ["a", "b", "a"]) toast(words);
  assert.deepEqual(shown(), ["b", "a"]);
  t.mock.timers.tick(SHOWN_MS);
  const undone = [];
  for (const one of [1, 2]) toast("gone", { action: "Undo", onAction: () => undone.push(one) });
  assert.deepEqual(shown(), ["gone", "gone"]);
  for (const one of [0, 0]) buttons(one)[0].click();
  assert.deepEqual([undone, shown()], [[1, 2], []]);
});

test("what can be undone for a while does not wait", (t) => {
  for (const words of ["a", "b", "c"]) toast(words);
  toast("undo", { action: "Undo", ms: SHOWN_MS, holds: false });
  assert.deepEqual(shown(), ["a", "b", "c", "undo"]);
  t.mock.timers.tick(SHOWN_MS);
  assert.deepEqual(shown(), []);
});

test("a warning stays beside others until it is answered or closed", (t) => {
  for (const at of [0, 1]) {
    const did = [];
    const onAction = () => did.push("looked");
    toast("warning", { action: "Look", onAction, onDismiss: () => did.push("closed") });
    for (const words of ["a", "b", "c"]) toast(words);
    for (const _ of [1, 2, 3]) t.mock.timers.tick(SHOWN_MS);
    assert.deepEqual(shown(), ["warning"]);
    buttons(0)[at].click();
    assert.deepEqual([did, shown()], [[["looked", "closed"][at]], []]);
  }
});

test("one that is pointed at stays, and one that waits can be taken away", (t) => {
  toast("held");
  boxes()[0].dispatchEvent(new Event("pointerenter"));
  t.mock.timers.tick(SHOWN_MS);
  for (const words of ["a", "b"]) toast(words);
  toast("never")();
  boxes()[0].dispatchEvent(new Event("pointerleave"));
  assert.deepEqual(shown(), ["held", "a", "b"]);
  t.mock.timers.tick(SHOWN_MS);
  assert.deepEqual(shown(), []);
});

test("one that has the focus stays, though a mouse passes over it", (t) => {
  toast("held", { action: "Undo" });
  buttons(0)[0].focus();
  for (const type of ["focusin", "pointerenter", "pointerleave"]) boxes()[0].dispatchEvent(new Event(type));
  t.mock.timers.tick(2 * SHOWN_MS);
  assert.deepEqual(shown(), ["held"]);
  document.activeElement = null;
  boxes()[0].dispatchEvent(new Event("focusout"));
  t.mock.timers.tick(2 * SHOWN_MS);
  assert.deepEqual(shown(), []);
});

test("while nobody sees the page nothing leaves", (t) => {
  document.hidden = true;
  toast("news");
  t.mock.timers.tick(SHOWN_MS);
  document.hidden = false;
  assert.deepEqual(shown(), ["news"]);
  document.dispatchEvent(new Event("visibilitychange"));
  t.mock.timers.tick(SHOWN_MS);
  assert.deepEqual(shown(), []);
});

test("after the answer the focus is where it was", () => {
  const field = new Node();
  toast("asks", { action: "Undo" });
  const [undo] = buttons(0);
  boxes()[0].dispatchEvent(Object.assign(new Event("focusin"), { relatedTarget: field }));
  undo.focus();
  undo.click();
  assert.equal(document.activeElement, field);
});
