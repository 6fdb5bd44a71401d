// After a connect: what the state vector says of each conversation. All of it is known at once; of
// what is kept, the rows that somebody sees go first, so that they need not wait for a thousand.

import { lastActivity } from "../chatorder.js";
import { unlessFull } from "../room.js";
import { SCREEN } from "./catchup.js";

/** @typedef {import("../protocol.js").VectorRow} VectorRow */
/** @typedef {import("./conversation.js").Conversation} Conversation */

/**
 * @param {VectorRow[]} rows all that the server has
 * @param {Map<string, Conversation>} conversations
 * @param {(row: VectorRow) => Conversation} open a new one
 * @param {import("./shelf.js").Shelf} shelf
 * @returns {Promise<() => Promise<void>>} keeps the others
 */
export async function learn(rows, conversations, open, shelf) {
  const there = new Set(rows.map(({ conv }) => conv));
  for (const [conv, conversation] of conversations) {
    if (there.has(conv)) continue;
    conversation.close();
    conversations.delete(conv);
    await shelf.write([{ store: "chats", key: conv, remove: true }]);
  }
  const newestFirst = [...rows].sort((a, b) => lastActivity(b) - lastActivity(a));
  const news = newestFirst.flatMap((row) => (conversations.get(row.conv) ?? open(row)).learned(row));
  await shelf.write(news.splice(0, SCREEN)).catch(unlessFull);
  return () => shelf.write(news).catch(unlessFull);
}
