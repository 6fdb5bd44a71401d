// Device proofs, at the socket and over HTTP (docs/encryption.md 4.9).

import { b64, cat, sha256 } from "./encoding.js";
import { sign } from "./keys.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */
/** @typedef {{host: string, uid: Bytes, device: Bytes, nonce: Bytes}} Place host of the configured site, port unless default */

/** @param {CryptoKey} dsk @param {Place} place @returns {Promise<Bytes>} the proof of `hello` */
export function socketProof(dsk, place) {
  return sign(dsk, socketProofBytes(place));
}

/** @param {Place} place @returns {Bytes} */
export function socketProofBytes({ host, nonce, uid, device }) {
  return cat("m1:ws", host, nonce, uid, device);
}

/** What became of this device, asked without a session. @param {CryptoKey} dsk @param {Omit<Place, "nonce">} place */
export function standingProof(dsk, place) {
  return sign(dsk, standingProofBytes(place));
}

/** @param {Omit<Place, "nonce">} place @returns {Bytes} */
export function standingProofBytes({ host, uid, device }) {
  return cat("m1:standing", host, uid, device);
}

/**
 * @param {CryptoKey} dsk
 * @param {Place & {method: string, path: string, body: Bytes}} request path with query as sent
 * @returns {Promise<string>} the value of X-Device-Proof
 */
export async function httpProof(dsk, request) {
  const signature = await sign(dsk, await httpProofBytes(request));
  return [request.device, request.nonce, signature].map(b64).join(".");
}

/** @param {Place & {method: string, path: string, body: Bytes}} request @returns {Promise<Bytes>} */
export async function httpProofBytes({ host, nonce, uid, device, method, path, body }) {
  return cat("m1:http", host, nonce, uid, device, method, path, await sha256(body));
}
