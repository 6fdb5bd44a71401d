// Browsers that were signed in to my account since this one last said so. It is told where somebody
// looks, so what came while every page was closed is told by the next one.

import { equal } from "../crypto/encoding.js";

/** @typedef {import("../storage/stores.js").Stores} Stores */

const KEY = "devices"; // of `meta`: how far my own list was told

/**
 * @param {object} parts
 * @param {import("./client.js").ClientParts["account"]} parts.account
 * @param {Pick<Stores, "get" | "write">} parts.stores
 * @returns {Promise<{k: number, added: number[]}>} when each says that it was signed in, ms; k: of the list that says so
 */
export async function newDevices({ account, stores }) {
  const head = account.links.at(-1);
  if (!head) return { k: 0, added: [] };
  const { k } = head;
  const told = await stores.get("meta", KEY);
  const before = account.links.find((link) => link.k === told?.k);
  if (!before) await toldDevices(stores, k); // this browser is new itself, or the account began again
  const known = [...(before ?? head).devices.map(({ id }) => id), account.device];
  const fresh = head.devices.filter(({ id }) => !known.some((one) => equal(one, id)));
  return { k, added: fresh.map(({ added }) => Math.min(added, Date.now())) }; // else one is no date, and nothing would be told
}

/** @param {Pick<Stores, "write">} stores @param {number} k */
export function toldDevices(stores, k) {
  return stores.write([{ store: "meta", key: KEY, value: { k } }]);
}
