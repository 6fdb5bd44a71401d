import assert from "node:assert/strict";
import { test } from "node:test";
import { seldom } from "../../static/js/seldom.js";

test("progress is told at once, then seldom, and always at its end", () => {
  const told = [];
  let now = 1000;
  const tell = seldom(10, 100, (done, total) => void told.push([done, total]), { now: () => now });
  for (const done of [0, 1, 2]) tell(done);
  now += 100;
  for (const done of [3, 4, 10]) tell(done);
  assert.deepEqual(told, [
    [0, 10],
    [3, 10],
    [10, 10],
  ]);
});
