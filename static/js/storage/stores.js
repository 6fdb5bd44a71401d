// Where things are kept in this browser: the stores of the keystore as the conversation side uses
// them. Values are sealed under the local key; what stands in a key or a name (ids, seq) is readable.

/** @typedef {"outbox" | "messages" | "only" | "relations" | "chats" | "epochs" | "lists" | "drafts" | "meta"} Store */
/** @typedef {string | (string | number)[]} Key */
/**
 * `name`: by which it is found, too; several rows may have the same. `upto`: the whole range
 * @typedef {{store: Store, key: Key, value: unknown, name?: Key}
 *   | {store: Store, key: Key, upto?: Key, remove: true}} Change
 */

/**
 * @typedef {object} Stores
 * @property {(store: Store, key: Key) => Promise<any>} get
 * @property {(store: Store, lower?: Key, upper?: Key) => Promise<[any, any][]>} all in key order
 * @property {(store: Store, names: Key[]) => Promise<any[][]>} named the values of each name, in key order
 * @property {(changes: Change[]) => Promise<void>} write one transaction
 * @property {boolean} [full] there is no room at present
 */

/** @param {{conv: string, seq: number, mid?: string}} message as it is kept @returns {Change} */
export function stored(message) {
  const { conv, seq, mid } = message;
  return { store: "messages", key: [conv, seq], value: message, ...(mid && { name: [conv, mid] }) };
}
