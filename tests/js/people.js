// Alice, Bob and Mallory with keys, chains of one link, and a conversation. Nothing is stored.

import { signLink } from "../../static/js/crypto/devicelist.js";
import { newId, ZERO32 } from "../../static/js/crypto/encoding.js";
import { kemPublicKey, newSeed, newSigningKey, signingKeyFromSeed } from "../../static/js/crypto/keys.js";

export const T = 1_760_000_000_000;

/** @returns {Promise<any>} */
export async function person() {
  const [uid, device, aikSeed, dkkSeed, seed, recoverySeed] = [newId(), newId(), ...[1, 2, 3, 4].map(newSeed)];
  const aik = await signingKeyFromSeed(aikSeed);
  const dsk = await newSigningKey();
  const [dkk, uk, recovery] = await Promise.all([dkkSeed, seed, recoverySeed].map(kemPublicKey));
  const devices = [{ id: device, dsk: dsk.publicKey, dkk, added: T }];
  const fields = { uid, k: 1, prev: ZERO32, aik: aik.publicKey, devices, g: 1, uk, recovery, flags: 0, ms: T };
  const link = await signLink(fields, aik.privateKey);
  return { uid, device, aik, dsk: dsk.privateKey, dkkSeed, seed, recoverySeed, link, links: [link] };
}

/** @param {...any} people */
export function directoryOf(...people) {
  const links = people.flatMap((someone) => someone.links);
  return (/** @type {any} */ uid, /** @type {any} */ hash) => {
    return links.find((link) => same(link.uid, uid) && same(link.hash, hash));
  };
}

/** @param {any} a @param {any} b */
export function same(a, b) {
  return a.every((/** @type {number} */ byte, /** @type {number} */ i) => byte === b[i]);
}

/** @param {string} code */
export function code(code) {
  return (/** @type {any} */ error) => error.name === "M1Error" && error.code === code;
}
