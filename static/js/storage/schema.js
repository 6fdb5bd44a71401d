// The database of an account: its stores, and what each version of it added.

import { asked, KeystoreError } from "./indexed.js";

/** @typedef {import("./stores.js").Store} Store */

const VERSION = 3; // 2: only; 3: relations, names
export const DEVICE = "device";
/** @type {Store[]} */
export const STORES = ["outbox", "messages", "only", "relations", "chats", "epochs", "lists", "drafts", "meta"];
/** Rows of these can be found by a name beside their key. @type {Store[]} */
const NAMED = ["messages", "relations"];
export const NAME = "name";

/** @param {string} name @returns {Promise<IDBDatabase>} */
export async function openDatabase(name) {
  if (!globalThis.indexedDB) throw new KeystoreError("unavailable");
  const request = indexedDB.open(name, VERSION);
  request.onupgradeneeded = () => upgrade(request);
  return asked(request);
}

/** @param {IDBOpenDBRequest} request whose version is another one */
function upgrade({ result: database, transaction }) {
  for (const store of [DEVICE, ...STORES]) {
    if (!database.objectStoreNames.contains(store)) database.createObjectStore(store);
  }
  for (const store of NAMED) {
    const rows = /** @type {IDBTransaction} */ (transaction).objectStore(store);
    if (!rows.indexNames.contains(NAME)) rows.createIndex(NAME, NAME);
  }
}
