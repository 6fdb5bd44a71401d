// The worker that opens files, with a disk that is full or changes under it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sealBlob } from "../../static/js/crypto/blob.js";

const UID = "ab".repeat(16);
const answers = new Map();
const self = Object.assign(new EventTarget(), {
  postMessage: ({ id, turn, need, parts, progress, ...answer }) => {
    if (need === "token") tell({ id, turn, given: "token" });
    else if (need) tell({ id, turn, ...urls(parts) });
    else if (!progress) answers.get(id)(answer);
  },
});
const tell = (data) => self.dispatchEvent(new MessageEvent("message", { data }));
/** What the page gets of the site. */
let urls = () => ({ why: "unknown" });
const missing = async () => Promise.reject(new DOMException("none", "NotFoundError"));

/** Folders of the browser's own files, as far as they are read. */
class Folder {
  folders = new Map();
  files = new Map();
  getDirectoryHandle = async (name) => {
    if (!this.folders.has(name)) this.folders.set(name, new Folder());
    return this.folders.get(name);
  };
  getFileHandle = async (name) => this.files.get(name) ?? missing();
  removeEntry = async (name) => void this.files.delete(name);
  entries = () => [...this.files];
}

const top = new Folder();
const storage = { getDirectory: async () => top, estimate: async () => ({ quota: 2 ** 40, usage: 0 }) };
const locks = { request: async (name, _, work) => work({ name }) };
Object.defineProperty(globalThis, "navigator", { value: { storage, locks } });
Object.assign(globalThis, { self });
await import("../../static/js/workers/media.js");

const pieces = [];
const key = await sealBlob(new Blob(["words"]), "file", (bytes) => void pieces.push(bytes), undefined);
const sealed = new Blob(pieces);
globalThis.fetch = async () => new Response(sealed, { headers: { "Content-Length": String(sealed.size) } });
const account = await top.getDirectoryHandle(`m1-${UID}`);
const [outgoing, cache] = [await account.getDirectoryHandle("out"), await account.getDirectoryHandle("in")];
let count = 0;

async function open(blob, direct = false) {
  const id = ++count;
  const answer = new Promise((done) => answers.set(id, done));
  tell({ id, ask: "open", uid: UID, blob, key, role: "file", direct });
  const { value, error } = await answer;
  return error ?? (await value.file.text());
}

test("what was fetched and has verified is shown, also where the disk fills up at its end", async () => {
  let closed = 0;
  const access = {
    truncate: () => {},
    write: ({ length }) => length,
    flush: () => {
      throw new DOMException("full", "QuotaExceededError");
    },
    close: () => void (closed += 1),
  };
  cache.files.set("aa.new", { createSyncAccessHandle: async () => access });
  assert.equal(await open("aa"), "words");
  assert.equal(closed, 1);
  assert.equal(cache.files.size, 0);
});

test("a file that is sent while it is opened is found in its new place", async () => {
  const gone = { size: sealed.size, slice: () => ({ arrayBuffer: missing }) };
  const handle = (file) => ({ getFile: async () => file });
  outgoing.files.set("bb", {
    getFile: async () => {
      outgoing.files.delete("bb");
      cache.files.set("bb", handle(sealed));
      return gone;
    },
  });
  assert.equal(await open("bb"), "words");
  outgoing.files.set("cc", handle(gone));
  assert.equal(await open("cc"), "NotFoundError"); // it is there, and cannot be read
});

/** A file of open/ on a disk that has room for so many bytes. */
function disk(room) {
  let bytes = new Blob();
  return {
    createSyncAccessHandle: async () => ({
      truncate: () => {},
      write: (some) => {
        const written = Math.min(some.length, room - bytes.size);
        bytes = new Blob([bytes, some.subarray(0, written)]);
        return written;
      },
      flush: () => {},
      close: () => {},
    }),
    getFile: async () => bytes,
  };
}

test("what is too large for memory is opened on the disk; where it fails there, nothing of it stays", async () => {
  const size = 33 * 2 ** 20;
  const large = [];
  const its = await sealBlob(new Blob([new Uint8Array(size)]), "file", (bytes) => void large.push(bytes), undefined);
  const opened = await account.getDirectoryHandle("open");
  outgoing.files.set("ff", { getFile: async () => new Blob(large) });
  const answer = async (room, key) => {
    opened.getFileHandle = async (name, { create = false } = {}) => {
      if (create) opened.files.set(name, disk(room));
      return opened.files.get(name) ?? missing();
    };
    const id = ++count;
    const said = new Promise((done) => answers.set(id, done));
    tell({ id, ask: "open", uid: UID, blob: "ff", key, role: "file" });
    return said;
  };
  const { file, ...rest } = (await answer(2 * size, its)).value;
  assert.equal(file.size, size);
  const { name } = structuredClone(rest); // a folder cannot be sent: Safari
  assert.deepEqual([...opened.files.keys()], [name]);
  assert.deepEqual(await answer(2 * size, { ...its, hash: new Uint8Array(32) }), { error: "bad_blob" });
  assert.deepEqual(await answer(size - 1, its), { error: "quota" });
  assert.deepEqual([...opened.files.keys()], [name]);

  // No room: what else is in the cache goes, and what is read there is opened, in memory.
  const [blob, { estimate }] = [new Blob(large), storage];
  outgoing.files.delete("ff");
  for (const id of ["ff", "zz"]) {
    const bytes = {
      size: blob.size,
      lastModified: 0,
      slice: (from, to) => cache.files.has(id) && blob.slice(from, to),
    };
    cache.files.set(id, { getFile: async () => bytes });
  }
  storage.estimate = async () => ({ quota: 0, usage: 0 });
  const inMemory = (await answer(2 * size, its)).value;
  assert.deepEqual([inMemory?.file.size, inMemory?.name], [size, undefined]);
  assert.deepEqual([...cache.files.keys()], ["ff"]);
  storage.estimate = estimate;
  cache.files.clear();
});

test("past the site a part comes by its signed URL; what the site refuses has its reason", async () => {
  const called = [];
  const { fetch } = globalThis;
  globalThis.fetch = async (url, init) => {
    called.push([url, init.headers, init.credentials]);
    return fetch(url, init);
  };
  urls = (parts) => ({ given: parts.map((n) => ({ url: `https://s3.example/b/dd/${n}?signed` })) });
  assert.equal(await open("dd", true), "words");
  assert.deepEqual(called, [["https://s3.example/b/dd/0?signed", {}, "omit"]]);
  urls = () => ({ why: "unknown" });
  assert.equal(await open("ee", true), "gone");
  globalThis.fetch = fetch;
});
