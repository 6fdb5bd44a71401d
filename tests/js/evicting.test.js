// What is cleared leaves the cache of files with its message.

import assert from "node:assert/strict";
import { test } from "node:test";
import { stored } from "../../static/js/storage/stores.js";
import { evict, withFiles, withFilesCleared } from "../../static/js/sync/evicting.js";
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

test("of a cleared chat, those up to there go", async () => {
  const { stores, files, att, ready } = await cached();
  const messages = await withFiles(stores, conv, 2);
  assert.equal(messages.length, 2);
  await evict(ready, messages);
  assert.deepEqual([...files.in.keys()].sort(), [att[2].blob, att[2].thumb.blob].map(nameOf).sort());
  await evict(Promise.resolve(undefined), messages);
});

test("what was cleared while this browser was away goes when it comes back", async () => {
  const { stores } = await cached();
  const known = new Map([[conv, { row: { cleared: 1 } }]]);
  const asked = async (cleared) => (await withFilesCleared(stores, [{ conv, cleared }], known)).length;
  assert.deepEqual([await asked(1), await asked(2)], [0, 2]);
  assert.deepEqual(await withFilesCleared(stores, [{ conv: "c2", cleared: 9 }], known), [], "it was never here");
});
