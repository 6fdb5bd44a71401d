// HMAC, HKDF, AES-256-GCM and `box` of protocol m1 (docs/encryption.md 4.1), all of WebCrypto.

import { concat, M1Error, random, require } from "./encoding.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */

const BOX_NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** @param {Bytes} key @param {Bytes} bytes @returns {Promise<Bytes>} */
export async function hmac(key, bytes) {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, bytes));
}

/**
 * HKDF-SHA-256 (RFC 5869).
 * @param {Bytes} salt
 * @param {Bytes} ikm
 * @param {Bytes} info
 * @param {number} length bytes
 * @returns {Promise<Bytes>}
 */
export async function hkdf(salt, ikm, info, length) {
  const key = await crypto.subtle.importKey("raw", ikm, "HKDF", false, ["deriveBits"]);
  const algorithm = { name: "HKDF", hash: "SHA-256", salt, info };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, length * 8));
}

/**
 * AES-256-GCM with a 16-byte tag at the end.
 * @param {Bytes} key
 * @param {Bytes} nonce
 * @param {Bytes} plain
 * @param {Bytes} aad
 * @returns {Promise<Bytes>}
 */
export async function aeadSeal(key, nonce, plain, aad) {
  const imported = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  const algorithm = { name: "AES-GCM", iv: nonce, additionalData: aad };
  return new Uint8Array(await crypto.subtle.encrypt(algorithm, imported, plain));
}

/**
 * @param {Bytes} key
 * @param {Bytes} nonce
 * @param {Bytes} sealed
 * @param {Bytes} aad
 * @returns {Promise<Bytes>}
 */
export async function aeadOpen(key, nonce, sealed, aad) {
  const imported = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
  const algorithm = { name: "AES-GCM", iv: nonce, additionalData: aad };
  try {
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, imported, sealed));
  } catch {
    throw new M1Error("cannot_open", "the AEAD tag does not match");
  }
}

/**
 * 12 random bytes ‖ AEAD. `nonce` is given by test vectors only.
 * @param {Bytes} key
 * @param {Bytes} plain
 * @param {Bytes} aad
 * @param {Bytes} [nonce]
 * @returns {Promise<Bytes>}
 */
export async function box(key, plain, aad, nonce = random(BOX_NONCE_BYTES)) {
  return concat(nonce, await aeadSeal(key, nonce, plain, aad));
}

/** @param {Bytes} key @param {Bytes} sealed @param {Bytes} aad @returns {Promise<Bytes>} */
export async function openBox(key, sealed, aad) {
  require(sealed.length >= BOX_NONCE_BYTES + TAG_BYTES, "cannot_open", "too short for a box");
  const nonce = sealed.slice(0, BOX_NONCE_BYTES);
  return aeadOpen(key, nonce, sealed.slice(BOX_NONCE_BYTES), aad);
}
