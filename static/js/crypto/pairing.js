// Linking a device by code (docs/encryption.md 4.4). The server never sees the link secret.

import { cat, equal, require, sha256, u8, utf8, ZERO32 } from "./encoding.js";
import { SUITE } from "./keys.js";
import { grouped, normalised, randomCharacters } from "./recoverycode.js";
import { hkdf, hmac } from "./symmetric.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */
/** @typedef {{pairId: Bytes, kN: Bytes, kE: Bytes}} PairKeys */
/** @typedef {{deviceId: Bytes, dsk: Bytes, dkk: Bytes}} Offer */
/** @typedef {{linkHash: Bytes, wrap: Bytes, aik: Bytes}} Answer */

const SECRET_CHARACTERS = 24; // 120 bits: enough that no PAKE is needed

/** @returns {string} */
export function newLinkSecret() {
  return randomCharacters(SECRET_CHARACTERS);
}

/** @param {string} secret @returns {string} */
export function formatLinkSecret(secret) {
  return grouped(secret);
}

/** @param {string} typed @returns {string} */
export function parseLinkSecret(typed) {
  const secret = normalised(typed);
  require(secret.length === SECRET_CHARACTERS, "bad_code", "wrong length");
  return secret;
}

/** @param {string} secret @returns {Promise<PairKeys>} */
export async function pairKeys(secret) {
  const digest = await sha256(cat("m1:pair-id", secret));
  const both = await hkdf(ZERO32, utf8(secret), cat("m1:pair"), 64);
  return { pairId: digest.slice(0, 16), kN: both.slice(0, 32), kE: both.slice(32) };
}

/** @param {PairKeys} keys @param {Offer} offer @returns {Promise<Bytes>} mac_N */
export async function offerMac({ kN, pairId }, { deviceId, dsk, dkk }) {
  return hmac(kN, cat("m1:pair-offer", pairId, deviceId, dsk, u8(SUITE), dkk));
}

/** @param {PairKeys} keys @param {Offer} offer @param {Bytes} mac */
export async function checkOffer(keys, offer, mac) {
  require(equal(await offerMac(keys, offer), mac), "bad_mac", "not the device that shows the code");
}

/** @param {PairKeys} keys @param {Answer} answer @returns {Promise<Bytes>} mac_E */
export async function answerMac({ kE, pairId }, { linkHash, wrap, aik }) {
  return hmac(kE, cat("m1:pair-answer", pairId, linkHash, await sha256(wrap), aik));
}

/**
 * Keeps the server from adopting a new device into an account of its own making.
 * @param {PairKeys} keys @param {Answer} answer @param {Bytes} mac
 */
export async function checkAnswer(keys, answer, mac) {
  require(equal(await answerMac(keys, answer), mac), "bad_mac", "not an answer to this code");
}
