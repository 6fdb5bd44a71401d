// What a close code tells the client: to come back and when, or to stay away (docs/protocol.md).
// 44xx means not by itself, but for a newer socket of the same device.

import {
  CLOSE_BAD_FRAME,
  CLOSE_DISPLACED,
  CLOSE_DONE,
  CLOSE_RATE,
  CLOSE_RESTART,
  CLOSE_REVOKED,
  CLOSE_SIGN_IN,
  CLOSE_SLOW,
} from "../protocol.js";

/** @typedef {"reload" | "sign_in" | "suspended" | "revoked" | "done"} StopReason */

const FIRST_RETRY_MS = 3000; // many lose the same node at once: spread them
const WATCHED_RETRY_MS = 500; // somebody looks at the page, and few do at the same time
const MAX_RETRY_MS = 30_000;
const BASE_RETRY_MS = 500;
const DISPLACED_MS = 30_000; // another socket of this device took over: let it settle

/**
 * @param {number} code
 * @param {{attempt: number, tokenRefused: number, drainMs: number, focus: boolean,
 *   between: (least: number, most: number) => number}} past `attempt`: 0 for the first close in a row
 * @returns {{stop: StopReason} | {inMs: number}}
 */
export function afterClose(code, { attempt, tokenRefused, drainMs, focus, between }) {
  const first = focus && attempt === 0 ? WATCHED_RETRY_MS : FIRST_RETRY_MS;
  switch (code) {
    case CLOSE_DONE:
      return { stop: "done" };
    case CLOSE_BAD_FRAME:
      return { stop: "reload" };
    case CLOSE_REVOKED:
      return { stop: "revoked" };
    case CLOSE_SIGN_IN:
      return tokenRefused > 1 ? { stop: "sign_in" } : { inMs: 0 };
    case CLOSE_DISPLACED:
      return { inMs: between(DISPLACED_MS, 2 * DISPLACED_MS) };
    case CLOSE_RATE:
      return { inMs: MAX_RETRY_MS + between(0, MAX_RETRY_MS) };
    case CLOSE_SLOW:
      return { inMs: 0 };
    case CLOSE_RESTART:
      return { inMs: between(0, drainMs || first) };
    default:
      if (code >= 4400 && code < 4500) return { stop: "reload" };
      if (attempt === 0) return { inMs: between(0, first) };
      return { inMs: between(0, Math.min(MAX_RETRY_MS, BASE_RETRY_MS * 2 ** attempt)) };
  }
}
