import assert from "node:assert/strict";
import { test } from "node:test";
import { filled } from "./page.js";

globalThis.IntersectionObserver = class {
  observe() {}
};

const { ChatMedia } = await import("../../static/js/elements/chat-media.js");
const { bus } = await import("../../static/js/tabs/bus.js");

const TURNS = 20; // of the event loop, in which all that was begun has ended

async function settled() {
  for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test("another tab that is looked at meanwhile reads no page twice", async () => {
  const media = filled(new ChatMedia(), "_media.html");
  Object.assign(media.querySelector("dialog"), { showModal() {} });
  const asked = [];
  let answer = () => {};
  bus.ask = (what, _, before) => {
    if (what === "opening") return Promise.resolve({});
    asked.push(before);
    return new Promise((resolve) => {
      answer = (seq) => resolve({ messages: [{ seq, content: { t: "text", body: "" } }], more: seq > 1 });
    });
  };
  media.connectedCallback();
  void media.open();
  await settled();
  media.dispatchEvent(new Event("change"));
  const further = media.querySelector("[data-part='further']");
  assert.equal(further.hidden, true);
  further.click(media); // that of a finger which was faster
  await settled();
  answer(1);
  await settled();
  assert.deepEqual([asked, further.hidden], [[undefined, undefined], true]);
  assert.equal(media.querySelector("[data-part='state']").textContent, "Nothing was shared yet.");
  media.querySelector("dialog").dispatchEvent(new Event("close"));
});
