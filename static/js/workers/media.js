// Files away from the page, which goes on answering keys: sealed into the browser's own files, fetched, opened. A module
// worker: bytes of a file are here and nowhere else in between, a chunk or some parts at a time.
//
// A question {id, ask, …} ends in {id, value} or {id, error}. Before that: {id, progress: [done, total]} in bytes, and
// {id, turn, need: "token", fresh} or {id, turn, need: "urls", blob, parts}, which the page answers with {id, turn, given}
// or {id, turn, why}, a code. {id, stop} gives a question up.

import { wallClock } from "../clock.js";
import { openBlob, sealBlob, sealedSize } from "../crypto/blob.js";
import { hex, newId } from "../crypto/encoding.js";
import { free } from "../crypto/memory.js";
import { Lanes } from "../lanes.js";
import { getParts, PartError } from "../network/parts.js";
import { getByNode, Reach, SignedUrls } from "../network/ways.js";
import { seldom } from "../seldom.js";
import { BlobFiles, holding } from "../storage/blobfiles.js";

/** @typedef {import("../crypto/encoding.js").Bytes} Bytes */
/** @typedef {import("../crypto/blob.js").Role} Role */
/** @typedef {import("../crypto/blob.js").BlobKey} BlobKey */
/**
 * @typedef {object} Task
 * @property {number} id
 * @property {AbortController} stopped
 * @property {{given: (value: any) => void, failed: (error: Error) => void}[]} needs by turn
 */
/**
 * A file without a type, whole and verified; and its name in open/, if it is there: folders cannot be sent (Safari).
 * @typedef {{file: Blob, name?: string}} Opened
 */

const LOG2 = 18;
const SLICE = 1024 * 1024; // read at once of a file that is opened
const PARTS_MAX = 3; // come at once: a browser has six connections to a site, and the chat needs some
const OPENED_MAX = 4; // files that are opened at once
const IN_MEMORY_MAX = 32 * 1024 * 1024; // bytes of a file; a larger one is opened into a file of the browser's own
const PROGRESS_MS = 100;
const TRIM_EVERY = 16 * 1024 * 1024; // bytes that come into the cache before its limit is looked at

const scope = /** @type {any} */ (self);
/** @type {Map<number, Task>} */ const tasks = new Map();
const parts = new Lanes(PARTS_MAX);
const opening = new Lanes(OPENED_MAX);
const reach = new Reach(wallClock);
const page = hex(newId()); // whose opened files are on the disk
let onDisk = 0; // of them
/** @type {Promise<void> | undefined} */ let held; // so that no other page sweeps them
let sinceTrim = TRIM_EVERY; // what other tabs have put there is not known yet

/** @type {Record<string, (given: any, task: Task) => Promise<unknown>>} */
const WORK = {
  seal,
  open: (given, task) => opening.run(() => open(given, task)),
  cache: async ({ uid }) => {
    const files = await BlobFiles.open(uid);
    return files ? { bytes: await files.used(), limit: await files.limit() } : { bytes: 0, limit: 0 };
  },
  limit: async ({ uid, bytes }) => (await BlobFiles.open(uid))?.setLimit(bytes),
  clear: async ({ uid }) => (await BlobFiles.open(uid))?.clear(),
  remove: async ({ uid, blob }) => (await BlobFiles.open(uid))?.remove("out", blob),
};

/** What the site says where a part is asked for. What else a page cannot get is away as a server is. */
const WHY = new Map([
  ["unknown", "gone"],
  ["by_node", "unreachable"],
  ["busy", "busy"],
  ["rate", "busy"],
]);

scope.addEventListener("message", async (/** @type {MessageEvent} */ { data }) => {
  const { id, ask, stop, turn, given, why } = data;
  if (stop) return tasks.get(id)?.stopped.abort();
  if (turn !== undefined) {
    const need = tasks.get(id)?.needs[turn];
    return why ? need?.failed(new PartError(WHY.get(why) ?? "offline")) : need?.given(given);
  }
  /** @type {Task} */
  const task = { id, stopped: new AbortController(), needs: [] };
  tasks.set(id, task);
  try {
    scope.postMessage({ id, value: await WORK[ask]?.(data, task) });
  } catch (error) {
    const { code, name } = /** @type {{code?: unknown, name: string}} */ (error);
    scope.postMessage({ id, error: typeof code === "string" ? code : isFull(error) ? "quota" : name });
  } finally {
    tasks.delete(id);
  }
});

/**
 * @param {{uid: string, blob: string, file: Blob, role: Role}} given
 * @param {Task} task
 * @returns {Promise<BlobKey & {kept?: Blob}>} `kept`: the blob, where there is no room or no place for files
 */
async function seal({ uid, blob, file, role }, task) {
  const total = sealedSize({ size: file.size, log2: LOG2 }, role);
  const files = await BlobFiles.open(uid);
  const sink = files && (await files.room(total)) ? await files.create("out", blob).catch(() => undefined) : undefined;
  if (sink) {
    try {
      const key = await sealInto(file, role, (bytes) => sink.write(bytes), total, task);
      await sink.close();
      if ((await files?.file("out", blob))?.size === total) return key;
      await files?.remove("out", blob); // a full disk may take less than it says (Chromium 156)
    } catch (error) {
      await sink.drop().catch(() => {}); // swept another day
      if (!isFull(error)) throw error;
    }
  }
  /** @type {Blob[]} */ const pieces = []; // not on the heap: the browser puts them where it has room
  const key = await sealInto(file, role, (bytes) => void pieces.push(new Blob([bytes])), total, task);
  return { ...key, kept: new Blob(pieces) };
}

/** @param {Blob} file @param {Role} role @param {(bytes: Bytes) => void} write @param {number} total @param {Task} task */
function sealInto(file, role, write, total, { id, stopped }) {
  let done = 0;
  const progress = progressOf(id, total);
  return sealBlob(file, role, (bytes) => {
    stopped.signal.throwIfAborted();
    write(bytes);
    done += bytes.length;
    free(bytes);
    progress(done);
  });
}

/** @param {number} id @param {number} total bytes */
function progressOf(id, total) {
  return seldom(total, PROGRESS_MS, (...progress) => scope.postMessage({ id, progress }), wallClock);
}

/**
 * @param {{uid: string, blob: string, key: BlobKey, role: Role, kept?: Blob, direct: boolean}} given `kept`: sealed here,
 *   not sent yet; `direct`: parts come past the site
 * @param {Task} task
 * @returns {Promise<Opened>}
 */
async function open({ uid, blob, key, role, kept, direct }, task) {
  task.stopped.signal.throwIfAborted();
  const files = await BlobFiles.open(uid);
  if (kept) return opened(slices(kept, task), key, role, files);
  for (const place of /** @type {const} */ (["out", "in"])) {
    const file = await files?.file(place, blob);
    if (!file || file.size !== sealedSize(key, role)) continue; // another tab still writes it
    try {
      const plain = await opened(slices(file, task), key, role, files, blob);
      if (place === "in") await files?.touch(blob);
      return plain;
    } catch (error) {
      task.stopped.signal.throwIfAborted();
      if (isFull(error)) throw error;
      if (place === "out" && (await files?.file("out", blob))) throw error; // else it was sent in this moment
      await files?.remove("in", blob); // what a disk lost, the server still has
    }
  }
  return fetched({ blob, key, role, direct }, files, task);
}

/**
 * How each part comes.
 * @param {string} blob
 * @param {boolean} direct
 * @param {Task} task
 * @returns {import("../network/parts.js").Down["way"]}
 */
function waysOf(blob, direct, task) {
  if (!direct) return async (n, fresh) => getByNode(blob, n, await need(task, { need: "token", fresh }));
  const signed = new SignedUrls(wallClock, (parts) => need(task, { need: "urls", blob, parts }));
  return (n, fresh, wanted) => {
    if (fresh) signed.forget(n);
    return signed.of(n, wanted);
  };
}

/** What the page has to ask for. @param {Task} task @param {Record<string, unknown>} what @returns {Promise<any>} */
function need({ id, needs }, what) {
  return new Promise((given, failed) => {
    const turn = needs.push({ given, failed }) - 1;
    scope.postMessage({ id, turn, ...what });
  });
}

/**
 * @param {{blob: string, key: BlobKey, role: Role, direct: boolean}} given
 * @param {BlobFiles | undefined} files
 * @param {Task} task
 */
async function fetched({ blob, key, role, direct }, files, task) {
  const { id, stopped } = task;
  const total = sealedSize(key, role);
  const limit = (await files?.limit()) ?? 0;
  const room = total + (key.size > IN_MEMORY_MAX ? key.size : 0); // both
  let sink = files && total <= limit && (await files.room(room)) && (await files.create("in", blob).catch(() => null));
  const down = {
    fetch: (/** @type {any} */ input, /** @type {any} */ init) => fetch(input, init),
    clock: wallClock,
    lanes: parts,
    reach,
    signal: stopped.signal,
    progress: progressOf(id, total),
    way: waysOf(blob, direct, task),
  };
  async function* kept() {
    for await (const bytes of getParts(total, down)) {
      try {
        if (sink) sink.write(bytes);
      } catch {
        await (sink || undefined)?.drop().catch(() => {}); // full: it is shown, and fetched again another time
        sink = null;
      }
      yield bytes;
      free(bytes);
    }
  }
  try {
    const plain = await opened(kept(), key, role, files);
    if (sink && files) await keep(sink, files, total, limit);
    return plain;
  } catch (error) {
    await (sink || undefined)?.drop().catch(() => {});
    throw error;
  }
}

/**
 * It has verified and is shown, whatever the disk says.
 * @param {Awaited<ReturnType<BlobFiles["create"]>>} sink
 * @param {BlobFiles} files
 * @param {number} bytes
 * @param {number} limit
 */
async function keep(sink, files, bytes, limit) {
  try {
    await sink.close();
    sinceTrim += bytes;
    if (sinceTrim < TRIM_EVERY) return;
    sinceTrim = 0;
    await files.trim(limit);
  } catch {
    await sink.drop().catch(() => {}); // full: it is fetched again another time
  }
}

/**
 * Nothing of it is handed out before the last chunk has verified.
 * @param {AsyncIterable<Bytes>} sealed @param {BlobKey} key @param {Role} role
 * @param {BlobFiles | undefined} files
 * @param {string} [from] the blob in the cache that is read: what makes room leaves it
 * @returns {Promise<Opened>}
 */
async function opened(sealed, key, role, files, from) {
  const large = key.size > IN_MEMORY_MAX;
  if (files && large && (await files.room(key.size, from))) return openedOnDisk(sealed, key, role, files);
  /** @type {Blob[]} */ const chunks = []; // not on the heap
  for await (const chunk of openBlob(sealed, key, role)) {
    chunks.push(new Blob([chunk]));
    free(chunk);
  }
  return { file: new Blob(chunks) };
}

/** @param {AsyncIterable<Bytes>} sealed @param {BlobKey} key @param {Role} role @param {BlobFiles} files */
async function openedOnDisk(sealed, key, role, files) {
  if (!onDisk) await files.sweep();
  const name = `${page}-${++onDisk}`;
  await (held ??= holding(page));
  const sink = await files.create("open", name);
  try {
    for await (const chunk of openBlob(sealed, key, role)) {
      sink.write(chunk);
      free(chunk);
    }
    await sink.close();
    const file = await files.file("open", name);
    // A full disk may take less than it says (Chromium 156).
    if (file?.size !== key.size) throw new DOMException("the disk is full", "QuotaExceededError");
    return { file, name };
  } catch (error) {
    await sink.drop().catch(() => {});
    await files.remove("open", name);
    throw error;
  }
}

/** @param {unknown} error */
function isFull(error) {
  return /** @type {Error} */ (error).name === "QuotaExceededError";
}

/** @param {Blob} file @param {Task} task */
async function* slices(file, { stopped }) {
  for (let at = 0; at < file.size; at += SLICE) {
    stopped.signal.throwIfAborted();
    const bytes = new Uint8Array(await file.slice(at, at + SLICE).arrayBuffer());
    yield bytes;
    free(bytes);
  }
}
