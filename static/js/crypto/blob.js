// Attachments (docs/encryption.md 4.11): STREAM over AES-256-GCM chunks, committed key, Padmé. One chunk is in
// memory at a time, whatever the size.

import { sha256 as Sha256 } from "../../vendor/sha256.js";
import { cat, concat, equal, random, require, sha256, u8, u32, utf8 } from "./encoding.js";
import { free } from "./memory.js";
import { aeadOpen, aeadSeal, hkdf } from "./symmetric.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */
/** @typedef {"file" | "thumb"} Role */
/** @typedef {{fk: Bytes, size: number, hash: Bytes, log2: number}} BlobKey travels inside M */
/** @typedef {{i: number, last: boolean, from: number, to: number}} Chunk a range of the padded plaintext */

const MAGIC = utf8("M1BL");
const VERSION = 1;
const HEADER_BYTES = 54;
const TAG_BYTES = 16;
const LOG2_MIN = 16;
const LOG2_MAX = 20;
const LOG2_DEFAULT = 18;
const THUMB_BYTES = 32 * 1024;
const CHUNKS_MAX = 2 ** 32; // the number of a chunk is a u32

/**
 * @param {Blob} plain read a chunk at a time
 * @param {Role} role
 * @param {(bytes: Bytes) => Promise<void> | void} write the blob, in order
 * @param {{fk: Bytes, salt: Bytes, log2: number}} [fixed] by test vectors
 * @returns {Promise<BlobKey>}
 */
export async function sealBlob(plain, role, write, fixed) {
  const { fk, salt, log2 } = fixed ?? { fk: random(32), salt: random(16), log2: LOG2_DEFAULT };
  const total = paddedSize(plain.size, role);
  const { key, prefix, header, aad } = await derive(fk, salt, log2, role);
  const hash = Sha256.create();
  const put = async (/** @type {Bytes} */ bytes) => {
    hash.update(bytes);
    await write(bytes);
  };
  await put(header);
  for (const { i, last, from, to } of chunks(total, log2)) {
    const padded = await paddedTo(to - from, plain.slice(from, to));
    await put(await aeadSeal(key, nonceOf(prefix, i, last), padded, aad));
    free(padded);
  }
  return { fk, size: plain.size, hash: /** @type {Bytes} */ (hash.digest()), log2 };
}

/**
 * The plaintext, chunk by chunk. Nothing of it may be shown before the last one has come: only then it is known
 * that the blob is whole and the one that M names.
 * @param {AsyncIterable<Bytes>} sealed the blob, in pieces of any size
 * @param {BlobKey} expected
 * @param {Role} role
 * @returns {AsyncGenerator<Bytes, void>}
 */
export async function* openBlob(sealed, { fk, size, hash, log2 }, role) {
  const total = paddedSize(size, role);
  require(log2 >= LOG2_MIN && log2 <= LOG2_MAX, "bad_blob", "chunk size");
  require(total / 2 ** log2 <= CHUNKS_MAX, "bad_blob", "too many chunks");
  const all = Sha256.create();
  const pieces = new Pieces(sealed, (bytes) => all.update(bytes));
  const header = await pieces.take(HEADER_BYTES);
  const expected = await derive(fk, header.slice(6, 22), log2, role);
  require(equal(header, expected.header), "bad_blob", "header or commitment");
  for (const { i, last, from, to } of chunks(total, log2)) {
    const chunk = await pieces.take(to - from + TAG_BYTES);
    const plain = await aeadOpen(expected.key, nonceOf(expected.prefix, i, last), chunk, expected.aad);
    free(chunk);
    const kept = Math.max(0, Math.min(size, to) - from);
    require(!plain.subarray(kept).some(Boolean), "bad_padding");
    yield plain.subarray(0, kept);
  }
  require(await pieces.ended(), "bad_blob", "lengthened");
  require(equal(/** @type {Bytes} */ (all.digest()), hash), "bad_blob", "another ciphertext");
}

/**
 * Bytes of a sealed blob.
 * @param {{size: number, log2: number}} key
 * @param {Role} role
 * @returns {number}
 */
export function sealedSize({ size, log2 }, role) {
  const total = paddedSize(size, role);
  return HEADER_BYTES + total + chunkCount(total, log2) * TAG_BYTES;
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

/** A stream, read in the lengths that are wanted. */
class Pieces {
  #iterator;
  #seen;
  /** @type {Bytes} */ #rest = new Uint8Array();

  /** @param {AsyncIterable<Bytes>} stream @param {(bytes: Bytes) => void} seen every piece, once */
  constructor(stream, seen) {
    this.#iterator = stream[Symbol.asyncIterator]();
    this.#seen = seen;
  }

  /** @param {number} length @returns {Promise<Bytes>} */
  async take(length) {
    const taken = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      require(this.#rest.length || (await this.#next()), "bad_blob", "cut");
      const some = this.#rest.subarray(0, length - at);
      taken.set(some, at);
      at += some.length;
      this.#rest = this.#rest.subarray(some.length);
    }
    return taken;
  }

  /** Nothing follows. */
  async ended() {
    return !this.#rest.length && !(await this.#next());
  }

  /** Another piece that is not empty. */
  async #next() {
    do {
      const { done, value } = await this.#iterator.next();
      if (done) return false;
      this.#seen(value);
      this.#rest = value;
    } while (!this.#rest.length);
    return true;
  }
}

/** @param {number} length @param {Role} role */
function paddedSize(length, role) {
  if (role === "file") return padme(length);
  require(length <= THUMB_BYTES, "too_long", "a thumbnail has at most 32 KiB");
  return THUMB_BYTES;
}

/** @param {number} length @param {Blob} plain the last one is shorter */
async function paddedTo(length, plain) {
  const bytes = new Uint8Array(await plain.arrayBuffer());
  if (bytes.length === length) return bytes;
  const padded = new Uint8Array(length);
  padded.set(bytes);
  return padded;
}

/** An empty file is one empty last chunk. @param {number} total @param {number} log2 */
function chunkCount(total, log2) {
  return Math.max(1, Math.ceil(total / 2 ** log2));
}

/** @param {number} total @param {number} log2 @returns {Generator<Chunk>} */
function* chunks(total, log2) {
  const [count, size] = [chunkCount(total, log2), 2 ** log2];
  for (let i = 0; i < count; i++) {
    yield { i, last: i === count - 1, from: i * size, to: Math.min(total, (i + 1) * size) };
  }
}

/** @param {Bytes} prefix @param {number} i @param {boolean} last */
function nonceOf(prefix, i, last) {
  return concat(prefix, u32(i), u8(last ? 1 : 0));
}

/** @param {Bytes} fk @param {Bytes} salt @param {number} log2 @param {Role} role */
async function derive(fk, salt, log2, role) {
  const all = await hkdf(salt, fk, cat("m1:blob", role), 71);
  const header = concat(MAGIC, u8(VERSION), u8(log2), salt, all.slice(39));
  return { key: all.slice(0, 32), prefix: all.slice(32, 39), header, aad: await sha256(header) };
}
