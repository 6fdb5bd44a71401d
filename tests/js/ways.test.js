// Signed URLs: how many are asked for, how long they are used.

import assert from "node:assert/strict";
import { test } from "node:test";
import { AT_ONCE, SignedUrls } from "../../static/js/network/ways.js";
import { MovedClock } from "./moved_clock.js";

const MINUTE_MS = 60_000;
const all = Array.from({ length: 20 }, (_, n) => n);

function world() {
  const there = { clock: new MovedClock(), asked: [], refuse: false };
  there.urls = new SignedUrls(there.clock, async (parts) => {
    there.asked.push(parts);
    if (there.refuse) throw Object.assign(new Error("rate"), { code: "rate" });
    return parts.map((n) => ({ url: `https://s3.example/${n}?${there.asked.length}`, headers: [["x-sum", `${n}`]] }));
  });
  return there;
}

test("some are asked for at a time, by those who come together once", async () => {
  const { urls, asked } = world();
  const ways = await Promise.all([0, 1, 2].map((n) => urls.of(n, all.slice(n))));
  assert.deepEqual(ways[1], { url: "https://s3.example/1?1", headers: { "x-sum": "1" }, direct: true });
  await urls.of(AT_ONCE, all.slice(AT_ONCE));
  assert.deepEqual(asked, [all.slice(0, AT_ONCE), all.slice(AT_ONCE, 2 * AT_ONCE)]);
});

test("one that grew old or was refused is asked for again", async () => {
  const { urls, asked, clock } = world();
  await urls.of(0, [0, 1]);
  urls.forget(0);
  await urls.of(0, [0, 1]);
  assert.deepEqual(asked, [[0, 1], [0]]);
  await clock.pass(5 * MINUTE_MS);
  await urls.of(1, [1, 2]);
  assert.deepEqual(asked.at(-1), [1, 2]);
});

test("what could not be had is asked for by the next who wants it", async () => {
  const there = world();
  there.refuse = true;
  await assert.rejects(there.urls.of(0, [0, 1]), { code: "rate" });
  there.refuse = false;
  assert.equal((await there.urls.of(1, [1])).direct, true); // it was among those
  assert.equal((await there.urls.of(0, [0])).direct, true);
});
