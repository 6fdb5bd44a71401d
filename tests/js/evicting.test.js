// What is deleted or cleared leaves the cache of files with its message.

import assert from "node:assert/strict";
import { test } from "node:test";
import { stored } from "../../static/js/storage/stores.js";
import { evict, evictDeleted, withFiles } from "../../static/js/sync/evicting.js";
import { MemoryStores } from "./memory_stores.js";
import { attached, Files, nameOf } from "./uploads_world.js";

const conv = "c1";

async function cached() {
  const [stores, files] = [new MemoryStores(), new Files()];
  const att = [1, 2, 3].map(() => attached(10, { thumb: attached(5) }));
  for (const [at, file] of att.entries()) {
    const content = { t: "text", body: "", att: [file] };
    await stores.write([stored({ conv, seq: at + 1, mid: `m${at + 1}`, mine: at === 0, content })]);
    for (const { blob } of [file, file.thumb]) files.in.set(nameOf(blob), {});
  }
  await stores.write([stored({ conv, seq: 4, mid: "m4", mine: true, content: { t: "text", body: "words" } })]);
  return { stores, files, att, ready: Promise.resolve(files) };
}

test("of a message that its sender deletes, file and small picture go", async () => {
  const { stores, files, att, ready } = await cached();
  const del = { conv, mine: true, content: { t: "del", ref: "m1" } };
  await evictDeleted(stores, ready, /** @type {any} */ (del));
  assert.equal(files.in.size, 4);
  assert.ok(!files.in.has(nameOf(att[0].blob)));
});

test("nobody deletes somebody else's, and other messages delete nothing", async () => {
  const { stores, files, ready } = await cached();
  const others = [
    { conv, mine: true, content: { t: "del", ref: "m2" } },
    { conv, mine: true, content: { t: "react", ref: "m1", body: "x" } },
    { conv, mine: true, content: { t: "del", ref: "nowhere" } },
    { conv, mine: true },
  ];
  for (const message of others) await evictDeleted(stores, ready, /** @type {any} */ (message));
  assert.equal(files.in.size, 6);
});

test("of a cleared chat, those up to there go", async () => {
  const { stores, files, att, ready } = await cached();
  const messages = await withFiles(stores, conv, 2);
  assert.equal(messages.length, 2);
  await evict(ready, messages);
  assert.deepEqual([...files.in.keys()].sort(), [att[2].blob, att[2].thumb.blob].map(nameOf).sort());
  await evict(Promise.resolve(undefined), messages);
});
