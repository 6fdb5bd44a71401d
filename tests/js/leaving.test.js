// Somebody who deletes their account, up to the moment from which there is no way back.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Node } from "./page.js";

const { wireDeletion } = await import("../../static/js/pages/deleting.js");

const RECEIPT = { receipt: "AAAAAAAAAAAAAAAAAAAAAA==", name: "ann", began: 1, ended: 2, erase: false };
const pending = () => {
  const kept = {};
  kept.promise = new Promise((resolve) => {
    kept.resolve = resolve;
  });
  return kept;
};
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A part of the page, in which each selector finds a part of its own. */
class Part extends Node {
  #parts = new Map();
  querySelectorAll = () => [];
  prepend() {}
  reset() {}

  querySelector(selector) {
    if (selector === ".spinner") return null;
    if (!this.#parts.has(selector)) this.#parts.set(selector, new Part());
    return this.#parts.get(selector);
  }
}

/** The dialog, open, with its password sent off; `proved` and `removed` are for the test to settle. */
function sentOff() {
  const dialog = new Part("dialog");
  const known = { "delete-dialog": dialog, "delete-password": new Part(), "delete-erase": new Part() };
  Object.assign(known["delete-password"], { value: "secret" });
  document.getElementById = (id) => known[id] ?? null;
  dialog.showModal = () => {
    dialog.open = true;
  };
  dialog.close = () => {
    dialog.open = false;
    dialog.dispatchEvent(new Event("close"));
  };
  const proved = pending();
  const removed = pending();
  const asked = [];
  const left = [];
  globalThis.location = { assign: (path) => left.push(path) };
  const remove = ({ erase }) => {
    asked.push(erase);
    return removed.promise;
  };
  wireDeletion(() => {}, { prove: () => proved.promise, remove })();
  dialog.querySelector("form").dispatchEvent(new Event("submit", { cancelable: true }));
  return { dialog, proved, removed, asked, left };
}

test("somebody who closes it while their password is proved keeps their account", async () => {
  const { dialog, proved, asked, left } = sentOff();
  dialog.close();
  proved.resolve();
  await settled();
  assert.deepEqual([asked, left], [[], []]);
});

test("once it has begun, a page that was closed meanwhile leaves", async () => {
  const { dialog, proved, removed, asked, left } = sentOff();
  proved.resolve();
  await settled();
  assert.equal(asked.length, 1);
  dialog.close();
  removed.resolve(RECEIPT);
  await settled();
  assert.deepEqual(left, ["/"]);
});

test("somebody who waits gets their receipt", async () => {
  const { dialog, proved, removed, left } = sentOff();
  proved.resolve();
  removed.resolve(RECEIPT);
  await settled();
  await settled();
  assert.equal(dialog.querySelector("[data-state]").textContent, "Your account is deleted.");
  assert.deepEqual(left, []);
});

test("how far it is comes with each step, and is read out once", async () => {
  const { api } = await import("../../static/js/account/account.js");
  const { dialog, proved, removed } = sentOff();
  const steps = [{ left: 2 }, { left: 1 }, { ended: 2 }];
  api.post = async () => ({ ...RECEIPT, ended: null, ...steps.shift() });
  const said = [];
  Object.defineProperty(dialog.querySelector("[data-state]"), "textContent", {
    get: () => said.at(-1) ?? "",
    set: (words) => said.push(words),
  });
  proved.resolve();
  removed.resolve({ ...RECEIPT, ended: null });
  for (let turn = 0; turn < 6; turn++) await settled();
  assert.deepEqual([steps.length, said.length, said.at(-1)], [0, 2, "Your account is deleted."]);
});
