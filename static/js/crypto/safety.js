// The safety number (docs/encryption.md 4.15): covers AIK only, so it changes on account reset only.

import { b64, cat, compare, concat, readInteger, u8, utf8 } from "./encoding.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */

const ROUNDS = 100_000;
const CODE_VERSION = 1;

/** @param {Bytes} uid @param {Bytes} aik @returns {Promise<Bytes>} fp, ≈0.1 s */
export async function fingerprint(uid, aik) {
  const material = cat("m1:sn", uid, aik);
  const key = await crypto.subtle.importKey("raw", material, "PBKDF2", false, ["deriveBits"]);
  const salt = utf8("m1:safety-number");
  const algorithm = { name: "PBKDF2", hash: "SHA-512", salt, iterations: ROUNDS };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, 256));
}

/** @param {Bytes} a @param {Bytes} b fingerprints @returns {string} 60 digits in groups of five */
export function safetyNumber(a, b) {
  const halves = [digits(a), digits(b)].sort();
  return halves.join("").replaceAll(/.{5}(?=.)/g, "$& ");
}

/** @param {Bytes} fp @returns {string} 30 digits */
function digits(fp) {
  return [0, 5, 10, 15, 20, 25]
    .map((at) => readInteger(fp.slice(at, at + 5)) % 100_000)
    .map((number) => String(number).padStart(5, "0"))
    .join("");
}

/** @param {Bytes} a @param {Bytes} b fingerprints @returns {string} what the QR code holds */
export function safetyCode(a, b) {
  const [low, high] = compare(a, b) < 0 ? [a, b] : [b, a];
  return b64(concat(u8(CODE_VERSION), low, high));
}
