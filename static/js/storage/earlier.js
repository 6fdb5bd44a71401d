// What earlier versions kept, in today's form. A value is read as today's whatever its age; so nothing is lost
// where it cannot be written again, as on a full disk.
//
// Up to version 2 of the database an entry and a message had `text` (a message also `t`) in place of `content`,
// and rows had no names. A draft was its text, before it could be an answer.

import { isFull } from "./quota.js";
import { stored } from "./stores.js";

/** @typedef {import("./stores.js").Store} Store */
/** @typedef {import("./stores.js").Stores} Stores */
/** @typedef {import("./stores.js").Change} Change */

const FORM = { store: /** @type {const} */ ("meta"), key: "form" };
const TODAY = 3; // version of the database that brought it

/** @param {Store} store @param {any} value as it was kept @returns {any} */
export function today(store, value) {
  if (store === "outbox" || store === "messages" || store === "only") return withContent(value);
  if (store === "drafts" && typeof value === "string") return { text: value };
  return store === "chats" && value.newest ? { ...value, newest: withContent(value.newest) } : value;
}

/** @param {any} value an entry or a message */
function withContent(value) {
  if (value === undefined || (value.t === undefined && value.text === undefined)) return value;
  const { t = "text", text, ...rest } = value;
  return { ...rest, content: { t, ...(text !== undefined && { body: text }) } };
}

/**
 * Once, before anything else is read: every row gets its name. Again at the next start where there is no room.
 * @param {Stores} stores
 */
export async function carryOver(stores) {
  if ((await stores.get(FORM.store, FORM.key)) === TODAY) return;
  try {
    for (const store of /** @type {Store[]} */ (["outbox", "only", "chats"])) {
      await stores.write((await stores.all(store)).map(([key, value]) => ({ store, key, value })));
    }
    for (const [conv] of await stores.all("chats")) {
      const messages = await stores.all("messages", [conv, 0], [conv, Number.MAX_SAFE_INTEGER]);
      await stores.write(messages.map(([, message]) => carried(message)));
    }
    await stores.write([{ ...FORM, value: TODAY }]);
  } catch (error) {
    if (!isFull(error)) throw error;
  }
}

/**
 * Which message a reaction was of, was not kept: such a row goes, and is asked for again when somebody looks.
 * @param {any} message
 * @returns {Change}
 */
function carried(message) {
  const { conv, seq, content } = message;
  const lacksRef = content && content.t !== "text" && content.ref === undefined;
  return lacksRef ? { store: "messages", key: [conv, seq], remove: true } : stored(message);
}
