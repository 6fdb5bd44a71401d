// The order of the list of chats: newest activity first, but never under a pointer or the focus,
// where a row that moves would be the wrong recipient.

import { STATE } from "./contactstate.js";

/** @typedef {{conv: string, time: number}} Ranked */

/**
 * @param {string[]} shown the order on screen
 * @param {Ranked[]} chats
 * @param {boolean} held somebody points at the list or is inside it
 * @returns {string[]} conversations in the order to show
 */
export function order(shown, chats, held) {
  const sorted = [...chats].sort((a, b) => b.time - a.time || (a.conv < b.conv ? -1 : 1)).map(({ conv }) => conv);
  if (!held) return sorted;
  const there = new Set(sorted);
  const kept = shown.filter((conv) => there.has(conv));
  const known = new Set(kept);
  return [...kept, ...sorted.filter((conv) => !known.has(conv))];
}

/**
 * By which the list is in order, and by which what stands first in it is fetched first: the newest
 * message that I may see. A block is no activity; a connection is, until somebody writes.
 * @param {import("../protocol.js").VectorRow} row
 */
export function lastActivity({ times, since }) {
  return times?.last ?? since;
}

/** For `sort`. @param {import("../protocol.js").VectorRow} a @param {import("../protocol.js").VectorRow} b */
export function newestFirst(a, b) {
  return lastActivity(b) - lastActivity(a);
}

/**
 * Who to watch: the peers of open conversations, the most recent first.
 * @param {Iterable<{row: import("../protocol.js").VectorRow}>} conversations
 */
export function recentPeers(conversations) {
  const connected = [...conversations].map(({ row }) => row).filter(({ state }) => state === STATE.CONNECTED);
  connected.sort(newestFirst);
  return connected.map(({ peer }) => peer);
}
