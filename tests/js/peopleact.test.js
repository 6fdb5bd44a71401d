// What is done with one person, and taken back.

import assert from "node:assert/strict";
import { test } from "node:test";
import "./page.js";

globalThis.MutationObserver = class {
  observe() {}
};
document.querySelectorAll = () => [];

const { actOn } = await import("../../static/js/ui/peopleact.js");
globalThis.HTMLButtonElement ??= class {};
const { actions } = await import("../../static/js/ui/peoplerow.js");
const { STATE } = await import("../../static/js/chat/contactstate.js");
const { folded, isCalled } = await import("../../static/js/ui/person.js");
const { bus } = await import("../../static/js/tabs/bus.js");

const undo = () => document.body.querySelector("button");

test("a request that is withdrawn and made again still names the invite; nothing else does", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] }); // the notices stay
  const asked = [];
  bus.ask = async (...question) => void asked.push(question);
  await actOn("uid", "withdraw", 1, "Bob", "token");
  undo().click();
  await actOn("uid", "block", 4, "Bob", "token");
  undo().click();
  assert.deepEqual(asked, [
    ["act", "uid", "withdraw", 1, undefined],
    ["act", "uid", "request", undefined, "token"],
    ["act", "uid", "block", 4, undefined],
    ["act", "uid", "unblock", 5, undefined],
  ]);
});

test("where a request was withdrawn a moment ago, nobody is blocked", () => {
  const last = (state) => actions(state, "Bob").at(-1).dataset.act;
  assert.deepEqual([last(STATE.ASKED), last(STATE.CONNECTED)], ["withdraw", "open"]);
});

test("somebody is found by each of their names, without case or accents", () => {
  const contact = { alias: "Bär", peer: { name: "jm", display_name: "José Müller" } };
  for (const words of ["JOSE", "müller", "bar", "@jm", ""]) assert.ok(isCalled(contact, folded(words)), words);
  for (const words of ["Josef", "jmx", "@jose"]) assert.ok(!isCalled(contact, folded(words)), words);
  assert.ok(!isCalled({ peer: { name: "", display_name: "" } }, folded("@")));
});
