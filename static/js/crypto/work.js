// Proof of work on sign-up (docs/protocol.md): puzzles of SHA-256 that cost time to solve and none to check. Each is
// tried from 0 on, so a challenge has one answer.

import { sha256 } from "../../vendor/sha256.js";
import { cat, concat, require, u8, u32 } from "./encoding.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */

export const PUZZLES = 16;
export const WORK_BITS_MAX = 18; // above it a server could keep a telephone busy for minutes

/**
 * Long work that never pauses: for a worker.
 * @param {Bytes} challenge
 * @param {number} bits zero bits that each hash begins with
 * @param {(solved: number) => void} [onSolved] after each puzzle
 * @returns {Bytes} a nonce of four bytes for each puzzle
 */
export function solve(challenge, bits, onSolved) {
  require(Number.isSafeInteger(bits) && bits > 0 && bits <= WORK_BITS_MAX, "costly_work");
  const prefix = sha256(cat("m1:work-puzzle", challenge));
  const nonces = [];
  for (let number = 0; number < PUZZLES; number++) {
    nonces.push(u32(nonceOf(concat(prefix, u8(number), u32(0)), bits)));
    onSolved?.(number + 1);
  }
  return concat(...nonces);
}

/** @param {Bytes} puzzle it ends in the nonce @param {number} bits */
function nonceOf(puzzle, bits) {
  const at = new DataView(puzzle.buffer, puzzle.length - 4);
  let nonce = 0; // as the puzzle comes
  while (zeros(sha256(puzzle)) < bits) at.setUint32(0, ++nonce);
  return nonce;
}

/** @param {Bytes} digest @returns {number} of its first 32 bits, those that are zero before the first that is not */
function zeros(digest) {
  return Math.clz32(new DataView(digest.buffer, digest.byteOffset).getUint32(0));
}
