// Bytes in a vector: hex, or a rule that makes long ones short (tests/vectors/README.md).

import { fromHex } from "../../static/js/crypto/encoding.js";

/** @param {any} value @returns {Uint8Array<ArrayBuffer>} */
export function read(value) {
  if (typeof value === "string") return fromHex(value);
  if ("repeat" in value) return fromHex(value.repeat.repeat(value.times));
  return Uint8Array.from({ length: value.length }, (_, i) => i % value.modulo);
}

/** @param {any} value */
export function maybe(value) {
  return value === null ? null : read(value);
}

/** Every member of `given` that is named, as bytes. @param {any} given @param {...string} names */
export function reads(given, ...names) {
  return names.map((name) => read(given[name]));
}
