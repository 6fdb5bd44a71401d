// The files of one message, on their way up.

import { blobsOf } from "../chat/content.js";
import { sealedSize } from "../crypto/blob.js";
import { fromB64, hex } from "../crypto/encoding.js";

/** @typedef {import("./queue.js").Entry} Entry */
/** @typedef {import("./uploader.js").Uploaded} Uploaded */
/** @typedef {"waiting" | "sending" | "paused" | "finishing" | "failed"} State */

/**
 * @typedef {object} Job
 * @property {Entry} entry
 * @property {Uploaded[]} blobs
 * @property {State} state
 * @property {string} [why]
 * @property {AbortController} stopped
 * @property {AbortController} woken ends the pauses between two tries
 * @property {number} begun ms
 * @property {number} known bytes that were at the server when it was paused; the next grant says more
 * @property {number} tries since a part arrived
 */

/** @param {Entry} entry @param {number} begun @returns {Job} */
export function newJob(entry, begun) {
  const [stopped, woken] = [new AbortController(), new AbortController()];
  const known = entry.paused ?? 0;
  return { entry, blobs: blobsIn(entry), state: "sending", stopped, woken, begun, known, tries: 0 };
}

/** Bytes at the server, as far as is known. @param {Job} job */
export function doneOf({ blobs, known }) {
  return blobs.reduce((sum, blob) => sum + blob.done, 0) || known;
}

/** @param {Job} job */
export function wake(job) {
  job.woken.abort();
  job.woken = new AbortController();
}

/** @param {Entry} entry @returns {Uploaded[]} */
export function blobsIn({ content }) {
  return blobsOf(content).map(({ entry, role }) => {
    return { id: entry.blob, name: hex(fromB64(entry.blob, 16)), size: sealedSize(entry, role), done: 0, whole: false };
  });
}
