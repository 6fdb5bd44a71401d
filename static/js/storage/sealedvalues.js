// Values of the local database: sealed under a key that scripts can use but not read. Where a
// value lies (store and key) is authenticated, so that rows cannot be swapped.

import { b64, concat, fromB64, fromUtf8, random, utf8 } from "../crypto/encoding.js";

/** @typedef {import("../crypto/encoding.js").Bytes} Bytes */

const NONCE_BYTES = 12;
const BYTES = "$bytes"; // the one member that stands for a Uint8Array in the JSON

/** @returns {Promise<CryptoKey>} */
export function newLocalKey() {
  return crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

/**
 * @param {CryptoKey} key
 * @param {string} place
 * @param {unknown} value JSON with Uint8Array in it
 * @returns {Promise<Bytes>}
 */
export async function sealValue(key, place, value) {
  const iv = random(NONCE_BYTES);
  const plain = utf8(JSON.stringify({ value: marked(value) }));
  const algorithm = { name: "AES-GCM", iv, additionalData: utf8(place) };
  return concat(iv, new Uint8Array(await crypto.subtle.encrypt(algorithm, key, plain)));
}

/**
 * @param {CryptoKey} key
 * @param {string} place
 * @param {Bytes} sealed
 * @returns {Promise<any>}
 */
export async function openValue(key, place, sealed) {
  const iv = sealed.slice(0, NONCE_BYTES);
  const algorithm = { name: "AES-GCM", iv, additionalData: utf8(place) };
  const plain = await crypto.subtle.decrypt(algorithm, key, sealed.slice(NONCE_BYTES));
  return JSON.parse(fromUtf8(new Uint8Array(plain)), unmarked).value;
}

/** @param {unknown} value @returns {unknown} */
function marked(value) {
  if (value instanceof Uint8Array) return { [BYTES]: b64(/** @type {Bytes} */ (value)) };
  if (Array.isArray(value)) return value.map(marked);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, marked(member)]));
}

/** @param {string} _ @param {any} value */
function unmarked(_, value) {
  const isMark = typeof value === "object" && value !== null && Object.hasOwn(value, BYTES);
  return isMark ? fromB64(value[BYTES]) : value;
}
