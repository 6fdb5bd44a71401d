// When a browser asks before a page is left.

import assert from "node:assert/strict";
import { test } from "node:test";

const page = new EventTarget();
globalThis.addEventListener = page.addEventListener.bind(page);
const { askBeforeLeaving, leaveUnasked } = await import("../../static/js/ui/unsaved.js");

test("it asks while something is not sent, and no more once the keys are gone", () => {
  let unsent = false;
  const asks = () => !page.dispatchEvent(new Event("beforeunload", { cancelable: true }));
  askBeforeLeaving(() => unsent);
  assert.equal(asks(), false);
  unsent = true;
  assert.equal(asks(), true);
  leaveUnasked(); // signed out in another tab, which must not leave a chat on the screen of this one
  assert.equal(asks(), false);
});
