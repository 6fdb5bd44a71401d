// What messages say of one another: an answer, a reaction, an edit, a deletion names its target by mid. Each is
// kept beside the row that brought it and found by that name, so it counts whichever of the two comes first,
// and stays when its row leaves this browser.

import { emptied } from "../chat/deleted.js";
import { isEmoji } from "../chat/reactions.js";
import { unlessFull } from "../storage/quota.js";

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

/** Of one message. Of more, only what counts stays: each new one would cost as much as all before it. */
export const SAID_MAX = 100;

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
 * @param {(spent: Relation[]) => Promise<void>} [drop] those that need not be kept
 * @returns {Promise<Message[]>}
 */
export async function related(stores, messages, drop = async () => {}) {
  const named = messages.filter(({ mid }) => mid);
  if (!named.length) return messages;
  const found = await stores.named(
    "relations",
    named.map(({ conv, mid }) => [conv, mid ?? ""]),
  );
  const relations = new Map(named.map((message, at) => [message, counting(found[at] ?? [], message)]));
  await drop(found.flatMap((all, at) => spent(all, relations.get(/** @type {Message} */ (named[at])) ?? [])));
  return messages.map((message) => said(message, relations.get(message) ?? []));
}

/** @param {Relation[]} all in order @param {Message} message @returns {Relation[]} */
function counting(all, message) {
  const those = all.filter((one) => counts(one, message));
  return all.length > SAID_MAX ? lastOfEach(those) : those;
}

/** Of each person and kind: the newest, of deletions the first. @param {Relation[]} relations in order */
function lastOfEach(relations) {
  /** @type {Map<string, Relation>} */
  const last = new Map();
  for (const one of relations) {
    const { t, mine, body } = one;
    const kind = `${t} ${mine}`;
    if (t === "del" ? !last.has(kind) : t !== "react" || body === "" || isEmoji(body)) last.set(kind, one);
  }
  return [...last.values()];
}

/** @param {Relation[]} all @param {Relation[]} counted */
function spent(all, counted) {
  return all.length > SAID_MAX ? all.filter((one) => !counted.includes(one)) : [];
}

/** @param {Message} message @param {Relation[]} relations that count @returns {Message} */
function said(message, relations) {
  if (message.gone !== "hidden" && relations.some(({ t }) => t === "del")) return emptied(message, "deleted");
  return relations.length ? { ...message, relations } : message;
}

/**
 * The messages of this browser that others name, with what is said of them by now.
 * @param {Pick<Stores, "named" | "write">} stores
 * @param {Message[]} messages those others
 * @returns {Promise<Message[]>}
 */
export async function targets(stores, messages) {
  const refs = new Map(
    messages.flatMap(({ conv, content }) => (content?.ref ? [[content.ref, [conv, content.ref]]] : [])),
  );
  if (!refs.size) return [];
  const rows = /** @type {const} */ ("relations");
  const found = await stores.named("messages", [...refs.values()]);
  return related(stores, found.flat(), async (gone) => {
    if (!gone.length) return;
    const changes = gone.map(({ conv, seq }) => ({
      store: rows,
      key: [conv, seq],
      remove: /** @type {const} */ (true),
    }));
    await stores.write(changes).catch(unlessFull);
  });
}

/** Nobody changes or deletes somebody else's message. @param {Relation} relation @param {Message} message */
function counts({ t, mine }, message) {
  return (t !== "edit" && t !== "del") || mine === message.mine;
}
