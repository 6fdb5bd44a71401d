// After a connect: what the state vector says of each conversation. All of it is known at once; the
// rows that somebody sees are told and kept first, so that they need not wait for a thousand.

import { newestFirst } from "../chatorder.js";
import { unlessFull } from "../room.js";
import { SCREEN } from "./catchup.js";

/** @typedef {import("../protocol.js").VectorRow} VectorRow */
/** @typedef {import("./conversation.js").Conversation} Conversation */

const TOGETHER = 50; // kept in one go: between two of them the page has its frames

/**
 * @param {VectorRow[]} rows all that the server has
 * @param {Map<string, Conversation>} conversations
 * @param {(row: VectorRow) => Conversation} open a new one
 * @param {import("./shelf.js").Shelf} shelf
 * @returns {Promise<() => Promise<void>>} tells and keeps the others
 */
export async function learn(rows, conversations, open, shelf) {
  const there = new Set(rows.map(({ conv }) => conv));
  for (const [conv, conversation] of conversations) {
    if (there.has(conv)) continue;
    conversation.close();
    conversations.delete(conv);
    await shelf.write([{ store: "chats", key: conv, remove: true }]);
  }
  const learned = [...rows].sort(newestFirst).map((row) => {
    const conversation = conversations.get(row.conv) ?? open(row);
    return { conversation, changes: conversation.learned(row) };
  });
  const news = learned.filter(({ changes }) => changes.length);
  const keep = async (/** @type {typeof news} */ some) => {
    for (const { conversation } of some) conversation.tell();
    await shelf.write(some.flatMap(({ changes }) => changes)).catch(unlessFull);
  };
  await keep(news.slice(0, SCREEN));
  return async () => {
    for (let at = SCREEN; at < news.length; at += TOGETHER) await keep(news.slice(at, at + TOGETHER));
  };
}
