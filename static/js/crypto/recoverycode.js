// The recovery code (docs/encryption.md 4.5) and the alphabet that link secrets share with it.

import { cat, M1Error, random, require, sha256 } from "./encoding.js";

/** Without I, L, O and U: a copied code survives handwriting. */
export const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
export const CODE_CHARACTERS = 30; // 150 bits
const CHECK_CHARACTERS = 2;
const GROUP = 4;

/** @returns {string} 30 random characters */
export function newCode() {
  return randomCharacters(CODE_CHARACTERS);
}

/** @param {number} count @returns {string} 5 bits a character, so the low bits of a byte are uniform */
export function randomCharacters(count) {
  return Array.from(random(count), (byte) => ALPHABET[byte & 31]).join("");
}

/** @param {string} code @returns {Promise<string>} 32 characters in groups of four */
export async function formatCode(code) {
  return grouped(code + (await checkCharacters(code)));
}

/**
 * What somebody typed, with hyphens, spaces, lower case, O for 0 and I or L for 1.
 * @param {string} typed
 * @returns {Promise<string>} the 30 characters, or M1Error bad_code
 */
export async function parseCode(typed) {
  const text = normalised(typed);
  require(text.length === CODE_CHARACTERS + CHECK_CHARACTERS, "bad_code", "wrong length");
  const code = text.slice(0, CODE_CHARACTERS);
  require(text.slice(CODE_CHARACTERS) === (await checkCharacters(code)), "bad_code", "mistyped");
  return code;
}

/** @param {string} typed @returns {string} */
export function normalised(typed) {
  require(/^[\x20-\x7e\s]*$/.test(typed), "bad_code", "upper case would fold letters beyond ASCII");
  const text = typed.replaceAll(/[-\s]/g, "").toUpperCase().replaceAll("O", "0").replaceAll(/[IL]/g, "1");
  if ([...text].some((character) => !ALPHABET.includes(character))) {
    throw new M1Error("bad_code", "a character outside the alphabet");
  }
  return text;
}

/** @param {string} text @returns {string} */
export function grouped(text) {
  return text.replaceAll(new RegExp(`.{${GROUP}}(?=.)`, "g"), "$&-");
}

/** @param {string} code @returns {Promise<string>} H mod 1024 as two characters */
async function checkCharacters(code) {
  const digest = await sha256(cat("m1:code-check", code));
  const [high = 0, low = 0] = digest.subarray(30);
  const v = ((high << 8) | low) & 1023;
  return `${ALPHABET[v >> 5]}${ALPHABET[v & 31]}`;
}
