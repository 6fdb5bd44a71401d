// What a password, a recovery code or a passkey is turned into (docs/encryption.md 4.5):
// a value to sign in with, and a key (KEK) that wraps the recovery root RK.

import { cat, require, sha256, u8, utf8, ZERO32 } from "./encoding.js";
import { box, hkdf, openBox } from "./symmetric.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */

export const FACTOR_CODE = 1;
export const FACTOR_PASSWORD = 2;
export const FACTOR_PASSKEY = 3;
const ROOT_WRAP_BYTES = 60;

/** @param {Bytes} pw of argon2.stretch @param {Bytes} kdfSalt @returns {Promise<Bytes>} */
export function passwordAuth(pw, kdfSalt) {
  return hkdf(ZERO32, pw, cat("m1:pw-auth", kdfSalt), 32);
}

/** @param {Bytes} pw @param {Bytes} pepper @param {Bytes} uid @returns {Promise<Bytes>} */
export function passwordKek(pw, pepper, uid) {
  return hkdf(pepper, pw, cat("m1:rk-pw", uid), 32);
}

/** @param {string} code the 30 characters @param {Bytes} codeSalt @returns {Promise<Bytes>} */
export function codeAuth(code, codeSalt) {
  return hkdf(ZERO32, utf8(code), cat("m1:code-auth", codeSalt), 32);
}

/** @param {string} code @param {Bytes} uid @returns {Promise<Bytes>} */
export function codeKek(code, uid) {
  return hkdf(uid, utf8(code), cat("m1:rk-code"), 32);
}

/** @param {Bytes} uid @returns {Promise<Bytes>} `eval.first` of the WebAuthn PRF extension */
export function prfInput(uid) {
  return sha256(cat("m1:prf", uid));
}

/** @param {Bytes} output of the PRF @param {Bytes} credentialId @returns {Promise<Bytes>} */
export function passkeyKek(output, credentialId) {
  return hkdf(ZERO32, output, cat("m1:rk-prf", credentialId), 32);
}

/**
 * @param {Bytes} kek
 * @param {Bytes} rk
 * @param {Bytes} uid
 * @param {number} type
 * @param {Bytes} factorId
 * @param {Bytes} [nonce] of test vectors
 * @returns {Promise<Bytes>}
 */
export function wrapRoot(kek, rk, uid, type, factorId, nonce) {
  return box(kek, rk, rootContext(uid, type, factorId), nonce);
}

/**
 * @param {Bytes} kek
 * @param {Bytes} wrap
 * @param {Bytes} uid
 * @param {number} type
 * @param {Bytes} factorId
 * @returns {Promise<Bytes>} RK
 */
export function openRoot(kek, wrap, uid, type, factorId) {
  require(wrap.length === ROOT_WRAP_BYTES, "bad_record", "width of a root wrap");
  return openBox(kek, wrap, rootContext(uid, type, factorId));
}

/** @param {Bytes} uid @param {number} type @param {Bytes} factorId */
function rootContext(uid, type, factorId) {
  return cat("m1:rk-wrap", uid, u8(type), factorId);
}
