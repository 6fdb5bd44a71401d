// What a close code tells the client: to come back and when, or to stay away (storage.md 2.2).
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
} from "./protocol.js";

/** @typedef {"reload" | "sign_in" | "revoked" | "done"} StopReason */

const FIRST_RETRY_MS = 3000; // many lose the same node at once: spread them
const MAX_RETRY_MS = 30_000;
const BASE_RETRY_MS = 500;
const DISPLACED_MS = 30_000; // another socket of this device took over: let it settle

/**
 * @param {number} code
 * @param {{attempt: number, tokenRefused: number, drainMs: number,
 *   between: (least: number, most: number) => number}} past
 * @returns {{stop: StopReason} | {inMs: number}}
 */
export function afterClose(code, { attempt, tokenRefused, drainMs, between }) {
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
      return { inMs: between(0, drainMs || FIRST_RETRY_MS) };
    default:
      if (code >= 4400 && code < 4500) return { stop: "reload" };
      if (attempt === 0) return { inMs: between(0, FIRST_RETRY_MS) };
      return { inMs: between(0, Math.min(MAX_RETRY_MS, BASE_RETRY_MS * 2 ** attempt)) };
  }
}
