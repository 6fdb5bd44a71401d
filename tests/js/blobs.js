// Blobs that fit into memory: sealed and opened at once, by the streams of crypto/blob.js.

import { openBlob, sealBlob } from "../../static/js/crypto/blob.js";
import { concat } from "../../static/js/crypto/encoding.js";

/** @param {Uint8Array} plain */
export async function sealed(plain, role, fixed) {
  const pieces = [];
  const key = await sealBlob(new Blob([plain]), role, (bytes) => void pieces.push(bytes), fixed);
  return { blob: concat(...pieces), key };
}

/** @param {Uint8Array} blob @param {number} [length] of the pieces that it comes in */
export async function opened(blob, key, role, length = 50_000) {
  const chunks = [];
  for await (const chunk of openBlob(pieces(blob, length), key, role)) chunks.push(chunk);
  return concat(...chunks);
}

/** @param {Uint8Array} bytes @param {number} length */
export async function* pieces(bytes, length) {
  for (let at = 0; at < bytes.length; at += length) yield bytes.slice(at, at + length);
}
