// Messages that who wrote them deletes for everyone (docs/encryption.md 4.12). What the server empties alone counts for
// nothing here: only the sealed `del` of the same person says that it was them.

import { deletes, emptied, isRefused } from "../chat/deleted.js";
import { stored } from "../storage/stores.js";
import { related, relating } from "./relations.js";

/** @typedef {import("./decrypt.js").Message} Message */
/** @typedef {import("../storage/stores.js").Change} Change */
/** @typedef {Pick<import("../storage/stores.js").Stores, "named">} Stores */
/** @typedef {Pick<import("../storage/stores.js").Stores, "named" | "get">} Reading */

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

/**
 * The row that the server empties with a deletion, as it leaves. Where an older backup was put back since it was
 * written, the message has come again at another place, or is on devices alone.
 * @param {Reading} stores
 * @param {import("../sending/queue.js").Entry} entry
 * @returns {Promise<number | undefined>} its seq; undefined: none
 */
export async function erasedBy(stores, { conv, content: { ref = "" }, erases }) {
  if (!erases) return undefined;
  const [rows = []] = await stores.named("messages", [[conv, ref]]);
  const seqs = /** @type {Message[]} */ (rows).filter(({ mine }) => mine).map(({ seq }) => seq);
  if (seqs.length) return seqs.includes(erases) ? erases : seqs.at(-1);
  return (await stores.get("only", [conv, ref])) ? undefined : erases; // else it left this browser, or was hidden
}

/**
 * Reactions and deletions that were refused, of messages that are shown no more, or as deleted: nobody could give them up.
 * @param {Pick<import("./client.js").Client, "conversations" | "outbox" | "hiding" | "parts">} client
 */
export async function dropRefused({ conversations, outbox, hiding, parts: { stores } }) {
  for (const { id, conv, written, content } of outbox.all().filter(isRefused)) {
    const mid = content.ref ?? "";
    const [kept = []] = await stores.named("messages", [[conv, mid]]);
    const [message] = await related(stores, kept);
    const cleared = written <= (conversations.get(conv)?.clearedAt ?? 0);
    const gone = hiding.shown(message ?? /** @type {Message} */ ({ conv, mid })).gone;
    if (cleared || gone || (await stores.get("only", [conv, mid]))) await outbox.discard(id);
  }
}

/** @param {Message} message emptied @returns {Change[]} */
export function keptAs(message) {
  return [stored(message), ...relating(message)];
}
