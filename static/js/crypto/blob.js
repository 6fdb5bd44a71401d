// Attachments (docs/encryption.md 4.11): STREAM over AES-256-GCM chunks, committed key, Padmé.

import { cat, concat, equal, random, require, sha256, u8, u32, utf8 } from "./encoding.js";
import { aeadOpen, aeadSeal, hkdf } from "./symmetric.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */
/** @typedef {"file" | "thumb"} Role */
/** @typedef {{fk: Bytes, size: number, hash: Bytes, log2: number}} BlobKey travels inside M */

const MAGIC = utf8("M1BL");
const VERSION = 1;
const HEADER_BYTES = 54;
const TAG_BYTES = 16;
const LOG2_DEFAULT = 18;
const THUMB_BYTES = 32 * 1024;

/**
 * @param {Bytes} plain
 * @param {Role} role
 * @param {{fk: Bytes, salt: Bytes, log2: number}} [fixed] by test vectors
 * @returns {Promise<{blob: Bytes, key: BlobKey}>}
 */
export async function sealBlob(plain, role, fixed) {
  const { fk, salt, log2 } = fixed ?? { fk: random(32), salt: random(16), log2: LOG2_DEFAULT };
  const { key, prefix, commitment } = await derive(fk, salt, role);
  const header = concat(MAGIC, u8(VERSION), u8(log2), salt, commitment);
  const aad = await sha256(header);
  const whole = new Uint8Array(paddedSize(plain.length, role));
  whole.set(plain);
  const sealed = [header];
  for (const { i, last, from, to } of chunks(whole.length, 2 ** log2)) {
    sealed.push(await aeadSeal(key, nonceOf(prefix, i, last), whole.slice(from, to), aad));
  }
  const blob = concat(...sealed);
  return { blob, key: { fk, size: plain.length, hash: await sha256(blob), log2 } };
}

/**
 * @param {Bytes} blob
 * @param {BlobKey} expected
 * @param {Role} role
 * @returns {Promise<Bytes>} nothing before the last chunk has verified
 */
export async function openBlob(blob, { fk, size, hash, log2 }, role) {
  require(equal(await sha256(blob), hash), "bad_blob", "another ciphertext");
  const header = blob.slice(0, HEADER_BYTES);
  const { key, prefix, commitment } = await derive(fk, header.slice(6, 22), role);
  const expected = concat(MAGIC, u8(VERSION), u8(log2), header.slice(6, 22), commitment);
  require(log2 >= 16 && log2 <= 20 && equal(header, expected), "bad_blob", "header or commitment");
  const body = blob.slice(HEADER_BYTES);
  const total = paddedSize(size, role);
  const plan = chunks(total, 2 ** log2);
  require(body.length === total + plan.length * TAG_BYTES, "bad_blob", "cut or lengthened");
  const aad = await sha256(header);
  const plain = [];
  for (const { i, last, from, to } of plan) {
    const sealed = body.slice(from + i * TAG_BYTES, to + (i + 1) * TAG_BYTES);
    plain.push(await aeadOpen(key, nonceOf(prefix, i, last), sealed, aad));
  }
  const whole = concat(...plain);
  require(!whole.subarray(size).some(Boolean), "bad_padding");
  return whole.slice(0, size);
}

/**
 * Padmé: at most 12 % more, so that a size tells little.
 * @param {number} length
 * @returns {number}
 */
export function padme(length) {
  if (length < 2) return length;
  const e = length.toString(2).length - 1; // floor(log2), which Math.log2 rounds up near 2^49
  const s = e.toString(2).length;
  const step = 2 ** Math.max(0, e - s);
  return Math.ceil(length / step) * step;
}

/** @param {number} length @param {Role} role */
function paddedSize(length, role) {
  if (role === "file") return padme(length);
  require(length <= THUMB_BYTES, "too_long", "a thumbnail has at most 32 KiB");
  return THUMB_BYTES;
}

/** @param {number} total @param {number} size an empty file is one empty last chunk */
function chunks(total, size) {
  const count = Math.max(1, Math.ceil(total / size));
  return Array.from({ length: count }, (_, i) => {
    return { i, last: i === count - 1, from: i * size, to: Math.min(total, (i + 1) * size) };
  });
}

/** @param {Bytes} prefix @param {number} i @param {boolean} last */
function nonceOf(prefix, i, last) {
  return concat(prefix, u32(i), u8(last ? 1 : 0));
}

/** @param {Bytes} fk @param {Bytes} salt @param {Role} role */
async function derive(fk, salt, role) {
  const all = await hkdf(salt, fk, cat("m1:blob", role), 71);
  return { key: all.slice(0, 32), prefix: all.slice(32, 39), commitment: all.slice(39) };
}
