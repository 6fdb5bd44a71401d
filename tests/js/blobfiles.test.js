// A full disk has no room for a folder: what is deleted, sent or counted then ends like what is not there.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BlobFiles } from "../../static/js/storage/blobfiles.js";
import { stored } from "../../static/js/storage/stores.js";
import { evictDeleted } from "../../static/js/sync/evicting.js";
import { MemoryStores } from "./memory_stores.js";
import { attached } from "./uploads_world.js";

const full = () => Promise.reject(new DOMException("full", "QuotaExceededError"));
const files = new BlobFiles(/** @type {any} */ ({ getDirectoryHandle: full, getFileHandle: full, removeEntry: full }));

test("a full disk hinders no row of a chat and no message that was sent", async () => {
  const stores = new MemoryStores();
  const content = { t: "text", body: "", att: [attached(10)] };
  await stores.write([stored({ conv: "c1", seq: 1, mid: "m1", mine: true, content })]);
  const del = { conv: "c1", mine: true, content: { t: "del", ref: "m1" } };
  await evictDeleted(stores, Promise.resolve(files), /** @type {any} */ (del));
  await files.settle("ab");
});

test("where there is no folder, nothing waits and nothing is kept", async () => {
  assert.deepEqual(await files.waiting(), []);
  assert.equal(await files.used(), 0);
  await files.trim(0);
  await files.clear();
});
