// Where things lie in this browser: the stores of the keystore as the conversation side uses
// them. Values are sealed under the local key; what stands in a key (ids, seq) is readable.

/** @typedef {import("../outbox.js").OutboxStore} OutboxStore */
/** @typedef {import("../outbox.js").Entry} Entry */
/** @typedef {import("../outbox.js").Turn} Turn */

/** @typedef {"outbox" | "messages" | "chats" | "epochs" | "lists" | "drafts" | "meta"} Store */
/** @typedef {string | (string | number)[]} Key */
/** @typedef {{store: Store, key: Key, value: unknown} | {store: Store, key: Key, upto?: Key, remove: true}} Change `upto`: the whole range */

/**
 * @typedef {object} Shelf
 * @property {(store: Store, key: Key) => Promise<any>} get
 * @property {(store: Store, lower?: Key, upper?: Key) => Promise<[any, any][]>} all in key order
 * @property {(changes: Change[]) => Promise<void>} write one transaction
 * @property {boolean} [full] there is no room at present
 */

const NO_TURN = { ctr: 0, commitments: [] };

/** @param {Shelf} shelf @returns {OutboxStore} */
export function outboxStore(shelf) {
  /** @param {string} conv @param {Turn | undefined} turn @returns {Change[]} */
  const turned = (conv, turn) => (turn ? [{ store: "meta", key: `turn ${conv}`, value: turn }] : []);
  return {
    entries: async () => (await shelf.all("outbox")).map(([, entry]) => entry),
    turn: async (conv) => (await shelf.get("meta", `turn ${conv}`)) ?? NO_TURN,
    add: (entry) =>
      shelf.write([
        { store: "outbox", key: entry.id, value: entry },
        { store: "drafts", key: entry.conv, remove: true },
      ]),
    keep: (entry, turn) => shelf.write([{ store: "outbox", key: entry.id, value: entry }, ...turned(entry.conv, turn)]),
    drop: (entry, turn) => shelf.write([{ store: "outbox", key: entry.id, remove: true }, ...turned(entry.conv, turn)]),
  };
}
