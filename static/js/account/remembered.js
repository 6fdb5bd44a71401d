// What the keystore holds of the account itself: names, own chain, user keys. One row of `meta`.

import { parseLink } from "../crypto/devicelist.js";

/** @typedef {import("../crypto/encoding.js").Bytes} Bytes */
/** @typedef {import("../crypto/devicelist.js").Link} Link */
/** @typedef {import("../storage/keystore.js").Keystore} Keystore */
/**
 * joining: the server has not said yet that it knows this browser
 * @typedef {{name: string, displayName: string, links: Link[], seeds: Map<number, Bytes>, joining?: boolean}} Remembered
 */

const KEY = "account";

/** @param {Pick<Keystore, "write">} stores @param {Remembered} account */
export function remember(stores, { name, displayName, links, seeds, joining = false }) {
  const value = { name, displayName, links: links.map((link) => link.bytes), seeds: [...seeds], joining };
  return stores.write([{ store: "meta", key: KEY, value }]);
}

/** @param {Keystore} stores @returns {Promise<Remembered | undefined>} */
export async function recall(stores) {
  const kept = await stores.get("meta", KEY);
  if (!kept) return undefined;
  const links = await Promise.all(kept.links.map(parseLink));
  const { name, displayName, joining = false } = kept;
  return { name, displayName, links, seeds: new Map(kept.seeds), joining };
}
