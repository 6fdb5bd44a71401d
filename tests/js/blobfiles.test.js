// A full disk has no room for a folder: what is deleted, sent or counted then ends like what is not there.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BlobFiles } from "../../static/js/storage/blobfiles.js";
import { evict } from "../../static/js/sync/evicting.js";
import { attached } from "./uploads_world.js";

const full = () => Promise.reject(new DOMException("full", "QuotaExceededError"));
const files = new BlobFiles(/** @type {any} */ ({ getDirectoryHandle: full, getFileHandle: full, removeEntry: full }));

test("a full disk hinders no row of a chat and no message that was sent", async () => {
  const content = { t: "text", body: "", att: [attached(10)] };
  await evict(Promise.resolve(files), /** @type {any} */ ([{ conv: "c1", seq: 1, mid: "m1", mine: true, content }]));
  await files.settle("ab");
});

test("where there is no folder, nothing waits and nothing is kept", async () => {
  assert.deepEqual(await files.waiting(), []);
  assert.equal(await files.used(), 0);
  await files.trim(0);
  await files.clear();
});

/** A folder of the browser's; names in `written` are being written by another tab. */
class Folder {
  entriesByName = new Map();
  constructor(written = new Set()) {
    this.written = written;
  }
  get locked() {
    return [...this.entriesByName].some(([name, entry]) => this.written.has(name) || entry.locked);
  }
  getDirectoryHandle = async (name, { create = false } = {}) => {
    if (!this.entriesByName.has(name) && !create) throw new DOMException("none", "NotFoundError");
    if (!this.entriesByName.has(name)) this.entriesByName.set(name, new Folder(this.written));
    return this.entriesByName.get(name);
  };
  removeEntry = async (name) => {
    const entry = this.entriesByName.get(name);
    if (this.written.has(name) || entry?.locked) throw new DOMException("written", "NoModificationAllowedError");
    this.entriesByName.delete(name);
  };
  keys = () => this.entriesByName.keys();
  entries = () => [...this.entriesByName];
}

async function account(top, places) {
  const folder = await top.getDirectoryHandle("m1-ab", { create: true });
  for (const [place, names] of Object.entries(places)) {
    const { entriesByName } = await folder.getDirectoryHandle(place, { create: true });
    for (const name of names) entriesByName.set(name, {});
  }
  return folder;
}
const names = async (folder, place) => [...(await folder.getDirectoryHandle(place)).keys()];

test("what another tab writes just now keeps nothing else in the cache", async () => {
  const folder = await account(new Folder(new Set(["b.new"])), { in: ["a", "b.new", "c"], used: ["a"], out: ["d"] });
  await new BlobFiles(/** @type {any} */ (folder)).clear();
  assert.deepEqual(await names(folder, "in"), ["b.new"]);
  assert.deepEqual(await names(folder, "out"), ["d"]);
});

test("signed out, nothing of the account stays but what is written in this moment", async () => {
  const top = new Folder(new Set(["b.new"]));
  Object.defineProperty(globalThis, "navigator", {
    configurable: true,
    value: { storage: { getDirectory: async () => top } },
  });
  const folder = await account(top, { in: ["a", "b.new"], used: ["a"], out: ["d"] });
  await assert.rejects(BlobFiles.wipe("ab"), { name: "NoModificationAllowedError" });
  assert.deepEqual(await names(folder, "in"), ["b.new"]);
  assert.deepEqual([...folder.keys()], ["in"]);
  top.written.clear();
  await BlobFiles.wipe("ab");
  assert.deepEqual([...top.keys()], []);
  await BlobFiles.wipe("ab");
});

test("opened files go when no page holds them, and with the account", async () => {
  const top = new Folder();
  const folder = await account(top, { open: ["there-1", "there-2", "left-1"], out: ["d"] });
  for (const name of ["there-1", "there-2", "left-1"])
    (await folder.getDirectoryHandle("open")).entriesByName.set(name, { getFile: async () => new Blob() });
  const held = new Set(["m1-page there"]);
  const request = async (name, { ifAvailable }, work) => ifAvailable && work(held.has(name) ? null : { name });
  Object.defineProperty(globalThis, "navigator", {
    configurable: true,
    value: { locks: { request }, storage: { getDirectory: async () => top } },
  });
  await new BlobFiles(/** @type {any} */ (folder)).sweep();
  assert.deepEqual(await names(folder, "open"), ["there-1", "there-2"]);
  held.clear(); // the pages went as the account was signed out, and nobody signs in to it again
  await BlobFiles.sweepAll();
  assert.deepEqual([await names(folder, "open"), await names(folder, "out")], [[], ["d"]]);
  await BlobFiles.wipe("ab");
  assert.deepEqual([...top.keys()], []);
});

test("the cache gives way where that makes room, but for what is read, and not for a size that nobody has", async () => {
  const folder = await account(new Folder(), { in: ["a", "b"] });
  const cache = await folder.getDirectoryHandle("in");
  for (const name of ["a", "b"])
    cache.entriesByName.set(name, { getFile: async () => ({ size: 100, lastModified: 0 }) });
  const [files, all] = [new BlobFiles(/** @type {any} */ (folder)), 32 * 2 ** 20 + 300]; // what is left to the database, and this
  const estimate = async () => ({ quota: all, usage: 100 * cache.entriesByName.size });
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { storage: { estimate } } });
  assert.deepEqual([await files.room(100), await files.room(2 ** 40)], [true, false]);
  assert.deepEqual(await names(folder, "in"), ["a", "b"]);
  assert.equal(await files.room(200, "b"), true);
  assert.deepEqual(await names(folder, "in"), ["b"]);
});
