// From a factor to the account's secrets (docs/encryption.md 4.5). Apart from enrolment.js because
// a page of chats never opens the vault, and need not load what does.

import { equal, fromB64, require } from "../crypto/encoding.js";
import { codeKek, FACTOR_CODE, FACTOR_PASSWORD, openRoot, passwordKek } from "../crypto/factors.js";
import { kemPublicKey, signingKeyFromSeed } from "../crypto/keys.js";
import { openVault } from "../crypto/vault.js";

/** @typedef {import("../crypto/encoding.js").Bytes} Bytes */
/** @typedef {import("../crypto/devicelist.js").Link} Link */
/** @typedef {import("../crypto/vault.js").Secrets} Secrets */
/** @typedef {{code: string} | {pw: Bytes, pepper: Bytes}} Key */
/** @typedef {{rk: Bytes, secrets: Secrets, version: number}} OpenVault */

/**
 * RK by one factor, and with it the vault. The chain must be the one that its AIK signs.
 * @param {Bytes} uid
 * @param {import("../protocol.js").VaultAnswer} answer
 * @param {Key} key
 * @returns {Promise<OpenVault>}
 */
export async function openedVault(uid, { vault, factors }, key) {
  const type = "code" in key ? FACTOR_CODE : FACTOR_PASSWORD;
  const factor = factors.find((candidate) => candidate.type === type);
  require(factor, "no_factor", "this factor is switched off");
  const kek = "code" in key ? await codeKek(key.code, uid) : await passwordKek(key.pw, key.pepper, uid);
  const rk = await openRoot(kek, fromB64(factor.wrap), uid, type, fromB64(factor.id, 16));
  const secrets = await openVault(rk, uid, vault.version, fromB64(vault.box));
  return { rk, secrets, version: vault.version };
}

/**
 * A server could serve the chain of an account that it made itself: the vault shows that.
 * @param {Link} head
 * @param {Secrets} secrets
 */
export async function checkVault(head, { aikSeed, recoverySeed }) {
  const { publicKey } = await signingKeyFromSeed(aikSeed);
  require(equal(publicKey, head.aik), "bad_chain", "another identity key than the vault's");
  const recovery = await kemPublicKey(recoverySeed);
  require(equal(recovery, head.recovery), "bad_chain", "another recovery key than the vault's");
}
