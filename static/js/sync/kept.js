// What this browser keeps of a conversation, beside its messages.

import { stepped } from "../chat/receipttimes.js";

/** @typedef {import("../protocol.js").VectorRow} VectorRow */
/** @typedef {import("../chat/receipttimes.js").Steps} Steps */
/** @typedef {import("./decrypt.js").Message} Message */

/**
 * @typedef {object} Kept what survives a restart, one write with the row it belongs to
 * @property {VectorRow} row
 * @property {number} have
 * @property {import("./senderchain.js").Lasts} lasts
 * @property {Message | null} newest shown in the list of chats
 * @property {Steps} [steps] when the peer received and read
 * @property {{ord: number, time: number}} [cleared] newest message of the peer when the chat was cleared, and when
 * @property {{n: number, seq: number}} epoch the newest epoch seen, and its first row
 * @property {number} [only] messages that are on this device alone
 * @property {import("./passedover.js").Passed} [passed] rows that a jump passed over, which nobody looked at
 */

/** Of which nothing is here yet. @param {VectorRow} row @returns {Kept} */
export function blank(row) {
  return { row, have: 0, lasts: {}, newest: null, epoch: { n: -1, seq: 0 } };
}

/**
 * @param {Steps} steps
 * @param {{[name in "got" | "got_time" | "read" | "read_time"]?: number | undefined}} marks of the peer
 * @param {boolean} heard as it happened
 * @returns {Steps}
 */
export function stepsAfter(steps, { got, got_time, read, read_time }, heard) {
  return { got: stepped(steps.got, got, got_time, heard), read: stepped(steps.read, read, read_time, heard) };
}
