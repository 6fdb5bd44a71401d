// The vault (docs/encryption.md 4.5): AIK seed and recovery seed under the recovery root RK.

import { cat, concat, random, require, u32, ZERO32 } from "./encoding.js";
import { box, hkdf, openBox } from "./symmetric.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */
/** @typedef {{aikSeed: Bytes, recoverySeed: Bytes}} Secrets */

export const VAULT_BYTES = 92;

/** @returns {Bytes} RK */
export function newRoot() {
  return random(32);
}

/**
 * @param {Bytes} rk
 * @param {Bytes} uid
 * @param {number} version from 1
 * @param {Secrets} secrets
 * @param {Bytes} [nonce] of test vectors
 * @returns {Promise<Bytes>}
 */
export async function sealVault(rk, uid, version, { aikSeed, recoverySeed }, nonce) {
  const plain = concat(aikSeed, recoverySeed);
  return box(await vaultKey(rk), plain, context(uid, version), nonce);
}

/**
 * @param {Bytes} rk
 * @param {Bytes} uid
 * @param {number} version
 * @param {Bytes} vault
 * @returns {Promise<Secrets>}
 */
export async function openVault(rk, uid, version, vault) {
  require(vault.length === VAULT_BYTES, "bad_record", "width of a vault");
  const plain = await openBox(await vaultKey(rk), vault, context(uid, version));
  return { aikSeed: plain.slice(0, 32), recoverySeed: plain.slice(32) };
}

/** @param {Bytes} rk */
function vaultKey(rk) {
  return hkdf(ZERO32, rk, cat("m1:vault"), 32);
}

/** @param {Bytes} uid @param {number} version */
function context(uid, version) {
  return cat("m1:vault", uid, u32(version));
}
