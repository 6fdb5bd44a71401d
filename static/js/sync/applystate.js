// After a connect: what the state vector says of each conversation. All of it is known at once; the
// rows that somebody sees are told and kept first, so that they need not wait for a thousand.

import { STATE } from "../chat/contactstate.js";
import { newestFirst } from "../chat/order.js";
import { unlessFull } from "../storage/quota.js";
import { SCREEN } from "./catchup.js";
import { unwritten } from "./vector.js";

/** @typedef {import("../protocol.js").VectorRow} VectorRow */
/** @typedef {import("./conversation.js").Conversation} Conversation */

const TOGETHER = 50; // kept in one go: between two of them the page has its frames

/**
 * What was heard of a contact since the vector came is newer than it.
 * @param {VectorRow[]} rows
 * @param {Parameters<typeof unwritten>[0]} relation
 */
export function correct(rows, relation) {
  const said = rows.find(({ conv }) => conv === relation.conv);
  if (said) Object.assign(said, relation);
  else rows.push(unwritten(relation));
}

/**
 * @param {VectorRow[]} rows all that the server has
 * @param {Map<string, Conversation>} conversations
 * @param {(row: VectorRow) => Conversation} open a new one
 * @param {import("../storage/stores.js").Stores} stores
 * @returns {Promise<() => Promise<void>>} tells and keeps the others
 */
export async function learn(rows, conversations, open, stores) {
  const there = new Set(rows.map(({ conv }) => conv));
  for (const [conv, conversation] of conversations) {
    if (there.has(conv)) continue;
    // The server no longer knows it: it stays, to be read.
    conversation.close();
    const changes = conversation.learned({ ...conversation.row, state: STATE.FORGOTTEN });
    if (changes.length) conversation.tell();
    await stores.write(changes).catch(unlessFull);
  }
  const learned = [...rows].sort(newestFirst).map((row) => {
    const conversation = conversations.get(row.conv) ?? open(row);
    return { conversation, changes: conversation.learned(row) };
  });
  const news = learned.filter(({ changes }) => changes.length);
  const keep = async (/** @type {typeof news} */ some) => {
    for (const { conversation } of some) conversation.tell();
    await stores.write(some.flatMap(({ changes }) => changes)).catch(unlessFull);
  };
  await keep(news.slice(0, SCREEN));
  return async () => {
    for (let at = SCREEN; at < news.length; at += TOGETHER) await keep(news.slice(at, at + TOGETHER));
  };
}
