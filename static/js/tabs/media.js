// Files as pages have them: sealed before they are sent, opened to be shown. The work is done in a worker of this page
// (workers/media.js); what is sealed waits in the browser's own files until the tab that leads has sent it.

import { currentUid } from "../account/current.js";
import { blobsOf } from "../chat/content.js";
import { b64, fromB64, hex, newId } from "../crypto/encoding.js";
import { MEDIA_WORKER, newWorker } from "../crypto/workers.js";
import { BlobFiles } from "../storage/blobfiles.js";
import { bus } from "./bus.js";

/** @typedef {import("../chat/content.js").BlobEntry} BlobEntry */
/** @typedef {"file" | "thumb"} Role */
/** @typedef {{onProgress?: (done: number, total: number) => void, signal?: AbortSignal}} Options bytes, sealed */
/** @typedef {{done: (value: any) => void, failed: (error: Error) => void, options: Options}} Asked */

/** `code`: offline, busy, unreachable, gone (deleted, or not for this person), bad_blob and others of M1Error, not_loaded. */
class MediaError extends Error {
  /** @param {string} code */
  constructor(code) {
    super(`media: ${code}`);
    this.name = "MediaError";
    this.code = code;
  }
}

/** @type {Worker | undefined} */ let worker;
/** @type {Map<number, Asked>} */ const asked = new Map();
/** @type {Map<string, Blob>} by hex: sealed, and only in memory. This page must stay until they are sent */
const kept = new Map();
/** @type {Set<string>} of those, what a message waits for that is not in the log */ const waiting = new Set();
/** @typedef {{place: import("../storage/blobfiles.js").OpenedPlace, until: number}} OnDisk `until`, ms: the browser saves it */
/** @type {Map<Blob, OnDisk>} decrypted, and too large for memory */
const onDisk = new Map();
let count = 0;

/**
 * Seals a file and keeps it until it is sent or forgotten. The file may be of any size.
 * @param {Blob} file
 * @param {Role} role a thumb has 32 KiB at most
 * @param {Options} [options]
 * @returns {Promise<BlobEntry & {inMemory: boolean}>} `inMemory`: there was no room on the disk, and the page
 *   has to stay open until the message is sent
 */
export async function sealFile(file, role, options = {}) {
  const id = newId();
  const { kept: blob, fk, hash, size, log2 } = await ask("seal", { blob: hex(id), file, role }, options);
  if (blob) {
    kept.set(hex(id), blob);
    await lend(hex(id), blob);
  }
  return { blob: b64(id), fk: b64(fk), hash: b64(hash), size, log2, inMemory: Boolean(blob) };
}

/**
 * The file of an entry of `att`, or of its `thumb`: whole and verified. Own ones that are not sent yet open, too.
 * @param {BlobEntry} entry
 * @param {Role} role
 * @param {Options} [options]
 * @returns {Promise<Blob>} without a type: what may be shown as what is for the caller to decide. A large one is on the disk
 *   until closeAttachment(). Throws MediaError, and AbortError where `signal` says so
 */
export async function openAttachment(entry, role, options = {}) {
  const blob = hexOf(entry.blob);
  const key = { fk: fromB64(entry.fk, 32), hash: fromB64(entry.hash, 32), size: entry.size, log2: entry.log2 };
  const { file, name } = await ask("open", { blob, key, role, kept: kept.get(blob), direct: isDirect() }, options);
  const place = name && (await placeOf(name));
  if (place) onDisk.set(file, { place, until: 0 });
  return file;
}

/** @param {string} name in open/ */
async function placeOf(name) {
  const uid = currentUid();
  const files = uid && (await BlobFiles.open(hex(uid)));
  return (files || undefined)?.placeOf(name);
}

/**
 * The browser saves a file of openAttachment(): it stays, also if this page closes it or goes.
 * @param {Blob} file
 * @param {number} ms
 */
export function keepWhileSaved(file, ms) {
  const one = onDisk.get(file);
  if (one) one.until = Date.now() + ms;
}

/** A file of openAttachment() that nobody reads any more. @param {Blob} file */
export function closeAttachment(file) {
  const one = onDisk.get(file);
  if (!one) return;
  onDisk.delete(file);
  const left = one.until - Date.now();
  if (left > 0) setTimeout(remove, left, one.place);
  else remove(one.place);
}

/** @param {import("../storage/blobfiles.js").OpenedPlace} place */
function remove({ folder, name }) {
  folder.removeEntry(name).catch(() => {}); // swept when this page is gone
}

globalThis.addEventListener?.("pagehide", ({ persisted }) => {
  if (!persisted) for (const file of onDisk.keys()) closeAttachment(file);
});

/** Whether parts come past the site: as its policy for this page was written (chatsite/security.py). */
function isDirect() {
  const said = globalThis.document?.querySelector("meta[name=media-transfer]")?.getAttribute("content");
  return said === "direct";
}

/** Removed before they were sent. @param {string[]} blobs ids in base64 */
export async function forget(blobs) {
  for (const blob of blobs.map(hexOf)) {
    if (kept.delete(blob)) await bus.ask("takeBack", blob);
    await ask("remove", { blob });
  }
}

/** Of the account: sealed bytes, of how many (0: no limit), and the largest file. @returns {Promise<{used: number, limit: number, fileMax: number}>} */
export const storage = () => bus.ask("storage");

/** Of this browser: bytes of fetched files, and how many may be kept. @returns {Promise<{bytes: number, limit: number}>} */
export const cache = () => ask("cache", {});

/** @param {number} bytes @returns {Promise<void>} */
export const setCacheLimit = (bytes) => ask("limit", { bytes });

/** @returns {Promise<void>} */
export const clearCache = () => ask("clear", {});

/** @param {string} blob base64 */
function hexOf(blob) {
  return hex(fromB64(blob, 16));
}

/** The tab that leads sends it; a Blob of another page can be read there. @param {string} blob @param {Blob} sealed */
const lend = (blob, sealed) => bus.ask("lend", blob, sealed);

bus.on("lead", () => {
  for (const [blob, sealed] of kept) void lend(blob, sealed).catch(() => {});
});

bus.on("entry", ({ entry, gone }) => {
  for (const blob of blobsOf(entry.content).map((file) => hexOf(file.entry.blob))) {
    if (!gone && kept.has(blob)) waiting.add(blob);
    if (gone) waiting.delete(blob);
    if (gone && entry.sealed) kept.delete(blob); // in the log; what was deleted may be taken back
  }
});

/** Whether files of unsent messages are in the memory of this page alone. */
export const holdsUnsent = () => waiting.size > 0;

/**
 * @param {string} what
 * @param {Record<string, unknown>} given
 * @param {Options} [options]
 * @returns {Promise<any>}
 */
function ask(what, given, options = {}) {
  const uid = currentUid();
  const { signal } = options;
  if (!uid) return Promise.reject(new MediaError("no_account"));
  if (signal?.aborted) return Promise.reject(signal.reason);
  const id = ++count;
  worker ??= started();
  const answer = new Promise((done, failed) => {
    asked.set(id, { done, failed, options });
    signal?.addEventListener("abort", () => {
      worker?.postMessage({ id, stop: true });
      if (asked.delete(id)) failed(signal.reason);
    });
  });
  worker.postMessage({ id, ask: what, uid: hex(uid), ...given });
  return answer;
}

function started() {
  const begun = newWorker(MEDIA_WORKER, { type: "module" });
  begun.addEventListener("message", ({ data }) => hear(begun, data));
  begun.addEventListener("error", () => {
    worker = undefined;
    for (const { failed } of asked.values()) failed(new MediaError("not_loaded"));
    asked.clear();
  });
  return begun;
}

/** @param {Worker} from @param {any} said */
async function hear(from, { id, value, error, progress, need, turn, ...said }) {
  const { done, failed, options } = asked.get(id) ?? {};
  if (need) {
    const got =
      need === "urls" ? bus.ask("partUrls", said.blob, said.parts) : bus.ask("liveToken", Boolean(said.fresh));
    return got.then(
      (given) => from.postMessage({ id, turn, given }),
      ({ code }) => from.postMessage({ id, turn, why: code ?? "offline" }),
    );
  }
  if (progress) return void options?.onProgress?.(progress[0], progress[1]);
  asked.delete(id);
  if (!done && value?.name) void placeOf(value.name).then((place) => place && remove(place)); // given up in this moment
  if (error) failed?.(new MediaError(error));
  else done?.(value);
}
