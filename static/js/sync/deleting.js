// Messages that who wrote them deletes for everyone (docs/encryption.md 4.12). What the server empties alone counts for
// nothing here: only the sealed `del` of the same person says that it was them.

import { deletes, emptied } from "../chat/deleted.js";
import { stored } from "../storage/stores.js";
import { related, relating } from "./relations.js";

/** @typedef {import("./decrypt.js").Message} Message */
/** @typedef {import("../storage/stores.js").Change} Change */
/** @typedef {Pick<import("../storage/stores.js").Stores, "named">} Stores */

/**
 * What these messages delete of this browser.
 * @param {Stores} stores
 * @param {Message[]} messages of one conversation
 * @returns {Promise<{targets: Message[], changes: Change[]}>} as they were; one write with what deletes them
 */
export async function deletedBy(stores, messages) {
  const saying = messages.filter(({ content }) => content?.t === "del");
  if (!saying.length) return { targets: [], changes: [] };
  const found = await stores.named(
    "messages",
    saying.map(({ conv, content }) => [conv, content?.ref ?? ""]),
  );
  const targets = found.flatMap((named, at) => {
    const del = saying[at];
    return del ? named.filter((message) => message.gone !== "hidden" && deletes(del, message)) : [];
  });
  return { targets, changes: targets.flatMap((message) => keptAs(emptied(message, "deleted"))) };
}

/**
 * Messages as they may be kept, beside what is known of deletions.
 * @param {Stores} stores
 * @param {Message[]} messages of one conversation
 * @returns {Promise<Message[]>}
 */
export async function withoutDeleted(stores, messages) {
  return (await related(stores, messages)).map(({ relations: _, ...message }) => message);
}

/** @param {Message} message emptied @returns {Change[]} */
export function keptAs(message) {
  return [stored(message), ...relating(message)];
}
