// The message of a conversation that stands in the list of chats.

import { deletes, emptied } from "../chat/deleted.js";
import { PAGE_MAX } from "../protocol.js";
import { left } from "./clearing.js";

/** @typedef {import("./decrypt.js").Message} Message */

/** Whether it may stand there. @param {Message} message */
export function leads({ kind, gone }) {
  return gone ? gone !== "withheld" && gone !== "hidden" : kind === 1;
}

/**
 * @param {Message | null} before
 * @param {Message} message that came
 * @param {{cleared: number}} row
 * @returns {Message | null}
 */
export function newestAfter(before, message, row) {
  if (leads(message)) return left(message, row);
  return before && deletes(message, before) ? emptied(before, "deleted") : before;
}

/**
 * The newest of those that this browser keeps.
 * @param {Pick<import("../storage/stores.js").Stores, "all">} stores
 * @param {import("../protocol.js").VectorRow} row
 * @param {(message: Message) => Message} hides
 * @returns {Promise<Message | null>}
 */
export async function newestKept(stores, { conv, last_seq, cleared }, hides) {
  const first = Math.max(cleared + 1, last_seq - PAGE_MAX);
  const rows = await stores.all("messages", [conv, first], [conv, Number.MAX_SAFE_INTEGER]);
  return rows.map(([, message]) => hides(message)).findLast(leads) ?? null;
}
