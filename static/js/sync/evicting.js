// Files of messages that were deleted or cleared, or that the site keeps no longer: their copies leave this browser with them.

import { blobsOf } from "../chat/content.js";
import { fromB64, hex } from "../crypto/encoding.js";

/** @typedef {import("./decrypt.js").Message} Message */
/** @typedef {import("../storage/stores.js").Stores} Stores */
/** @typedef {Promise<import("../storage/blobfiles.js").BlobFiles | undefined>} Files */

/**
 * To be asked before the messages are gone.
 * @param {Pick<Stores, "all">} stores
 * @param {string} conv
 * @param {number} upto
 * @returns {Promise<Message[]>} those with files
 */
export async function withFiles(stores, conv, upto) {
  const messages = (await stores.all("messages", [conv, 0], [conv, upto])).map(([, message]) => message);
  return messages.filter(({ content }) => content?.att);
}

/**
 * The same of every conversation of which the server says that more was cleared.
 * @param {Pick<Stores, "all">} stores
 * @param {import("../protocol.js").VectorRow[]} rows
 * @param {Map<string, {row: {cleared: number}}>} known
 */
export async function withFilesCleared(stores, rows, known) {
  const found = [];
  for (const { conv, cleared } of rows) {
    if (cleared > (known.get(conv)?.row.cleared ?? cleared)) found.push(...(await withFiles(stores, conv, cleared)));
  }
  return found;
}

/** @param {Files} files @param {Message[]} messages */
export async function evict(files, messages) {
  for (const { entry } of messages.flatMap(({ content }) => blobsOf(content))) {
    await (await files)?.remove("in", hex(fromB64(entry.blob, 16)));
  }
}
