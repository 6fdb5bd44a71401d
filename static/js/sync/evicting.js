// Files of messages that were deleted or cleared: their copies leave this browser with them.

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

/** @param {Files} files @param {Message[]} messages */
export async function evict(files, messages) {
  for (const { entry } of messages.flatMap(({ content }) => blobsOf(content))) {
    await (await files)?.remove("in", hex(fromB64(entry.blob, 16)));
  }
}
