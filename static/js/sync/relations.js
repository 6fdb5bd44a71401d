// What messages say of one another: an answer, a reaction, an edit, a deletion names its target by mid. Each is
// kept beside the row that brought it and found by that name, so it counts whichever of the two comes first,
// and stays when its row leaves this browser.

import { emptied } from "../chat/deleted.js";

/** @typedef {import("./decrypt.js").Message} Message */
/** @typedef {import("../storage/stores.js").Change} Change */
/** @typedef {import("../storage/stores.js").Stores} Stores */

/**
 * @typedef {object} Relation
 * @property {string} conv
 * @property {number} seq of the row that says it; the newest edit counts
 * @property {string} mid of that row
 * @property {boolean} mine
 * @property {number} time
 * @property {import("../chat/content.js").Content["t"]} t `text`: an answer, whose words are its own row's
 * @property {string} [body] the emoji, the new text
 */

/** @param {Message} message @returns {Change[]} of one write with its row */
export function relating({ conv, seq, mid, mine, time, content, gone }) {
  if (gone) return [{ store: "relations", key: [conv, seq], remove: true }]; // it says nothing any more
  if (!mid || !content?.ref) return [];
  const { t, body, ref } = content;
  /** @type {Relation} */
  const value = { conv, seq, mid, mine, time, t, ...(t !== "text" && body !== undefined && { body }) };
  return [{ store: "relations", key: [conv, seq], name: [conv, ref], value }];
}

/**
 * Messages with what others say of them, and without what their sender deleted.
 * @param {Pick<Stores, "named">} stores
 * @param {Message[]} messages of one conversation
 * @returns {Promise<Message[]>}
 */
export async function related(stores, messages) {
  const named = messages.filter(({ mid }) => mid);
  if (!named.length) return messages;
  const found = await stores.named(
    "relations",
    named.map(({ conv, mid }) => [conv, mid ?? ""]),
  );
  const relations = new Map(
    named.map((message, at) => [message, found[at]?.filter((one) => counts(one, message)) ?? []]),
  );
  return messages.map((message) => said(message, relations.get(message) ?? []));
}

/** @param {Message} message @param {Relation[]} relations that count @returns {Message} */
function said(message, relations) {
  if (message.gone !== "hidden" && relations.some(({ t }) => t === "del")) return emptied(message, "deleted");
  return relations.length ? { ...message, relations } : message;
}

/**
 * The messages of this browser that others name, with what is said of them by now.
 * @param {Pick<Stores, "named">} stores
 * @param {Message[]} messages those others
 * @returns {Promise<Message[]>}
 */
export async function targets(stores, messages) {
  const refs = new Map(
    messages.flatMap(({ conv, content }) => (content?.ref ? [[content.ref, [conv, content.ref]]] : [])),
  );
  if (!refs.size) return [];
  const found = await stores.named("messages", [...refs.values()]);
  return related(stores, found.flat());
}

/** Nobody changes or deletes somebody else's message. @param {Relation} relation @param {Message} message */
function counts({ t, mine }, message) {
  return (t !== "edit" && t !== "del") || mine === message.mine;
}
