import assert from "node:assert/strict";
import { test } from "node:test";
import { lookAgainIn } from "../../static/js/pages/lookingagain.js";

for (const [left, wait] of [
  [5000, 6000],
  [0, 1000],
  [-9, 1000],
  [undefined, 3_600_000],
  [400 * 24 * 3_600_000, 3_600_000],
]) {
  test(`${left} ms before its end a suspension is asked about in ${wait} ms`, () => {
    assert.equal(lookAgainIn(left), wait);
  });
}
