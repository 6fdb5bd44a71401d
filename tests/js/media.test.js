// What a page without room on the disk holds of files in memory.

import assert from "node:assert/strict";
import { test } from "node:test";
import { b64, fromHex } from "../../static/js/crypto/encoding.js";

const asked = [];
const removed = [];
const folder = { getDirectoryHandle: async () => folder, removeEntry: async (one) => void removed.push(Number(one)) };
Object.defineProperty(globalThis, "navigator", { value: { storage: { getDirectory: async () => folder } } });
const leaves = [];
let count = 0;

/** The browser's: it seals, and has no room for files. */
class NoRoom extends EventTarget {
  postMessage(question) {
    asked.push(question);
    const sealed = { kept: new Blob(["sealed"]), fk: new Uint8Array(32), hash: new Uint8Array(32), size: 1, log2: 18 };
    const opened = { file: new Blob(["opened"]), name: String(count++) };
    const value = { seal: sealed, open: opened }[question.ask];
    queueMicrotask(() => this.dispatchEvent(new MessageEvent("message", { data: { id: question.id, value } })));
  }
}
const addEventListener = (_, listener) => void leaves.push(listener);
Object.assign(globalThis, { addEventListener, Worker: NoRoom, localStorage: { getItem: () => "ab".repeat(16) } });

const { bus } = await import("../../static/js/tabs/bus.js");
const { closeAttachment, keepWhileSaved, holdsUnsent, openAttachment, sealFile } = await import(
  "../../static/js/tabs/media.js"
);

test("a file in memory goes when its message is in the log; until then this page has to stay", async () => {
  await assert.rejects(sealFile(new Blob(["x"]), "file"), /not started/); // no tab leads here
  const blob = b64(fromHex(asked[0].blob));
  const file = { blob, fk: b64(new Uint8Array(32)), hash: b64(new Uint8Array(32)), size: 1, log2: 18 };
  const held = () => {
    void openAttachment(file, "file");
    return Boolean(asked.at(-1).kept);
  };
  const entry = { id: "m", conv: "c1", content: { t: "text", body: "", att: [{ ...file, mime: "", name: "" }] } };
  const tell = (detail) => bus.dispatchEvent(new CustomEvent("entry", { detail }));
  assert.equal(holdsUnsent(), false); // it is sealed, and nobody has sent it
  tell({ entry, gone: false });
  assert.equal(holdsUnsent(), true);
  tell({ entry: { ...entry, failed: "quota" }, gone: false });
  assert.equal(holdsUnsent(), true);
  tell({ entry, gone: true });
  assert.deepEqual([held(), holdsUnsent()], [true, false]);
  tell({ entry: { ...entry, sealed: {} }, gone: false }); // taken back, and sent
  assert.equal(holdsUnsent(), true);
  tell({ entry: { ...entry, sealed: {} }, gone: true });
  assert.deepEqual([held(), holdsUnsent()], [false, false]);
});

test("a file that was opened on the disk goes when nobody reads it; what is saved may outlive its page", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const key = {
    blob: b64(new Uint8Array(16)),
    fk: b64(new Uint8Array(32)),
    hash: b64(new Uint8Array(32)),
    size: 1,
    log2: 18,
  };
  await new Promise((done) => setImmediate(done)); // those of before are there
  for (const leave of leaves) leave({ persisted: false });
  [count, removed.length] = [0, 0];
  const [read, saved, shown] = [await openAttachment(key), await openAttachment(key), await openAttachment(key)];
  closeAttachment(read);
  closeAttachment(read);
  keepWhileSaved(saved, 1000);
  closeAttachment(saved);
  const viewed = await openAttachment(key);
  keepWhileSaved(viewed, 2000); // and still shown as its page goes
  for (const leave of leaves) leave({ persisted: true });
  assert.deepEqual(removed, [0]);
  for (const leave of leaves) leave({ persisted: false });
  assert.deepEqual(removed, [0, 2]);
  closeAttachment(shown);
  t.mock.timers.tick(1000);
  assert.deepEqual(removed, [0, 2, 1]);
  t.mock.timers.tick(1000);
  assert.deepEqual(removed, [0, 2, 1, 3]);
  const stop = new AbortController();
  const given = openAttachment(key, "file", { signal: stop.signal });
  stop.abort();
  await assert.rejects(given, { name: "AbortError" });
  await new Promise((done) => setImmediate(done));
  assert.deepEqual(removed, [0, 2, 1, 3, 4]);
});
