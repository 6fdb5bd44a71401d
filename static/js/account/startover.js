// The account reset: another identity under the same name (docs/encryption.md 4.5). Nothing of the
// old one is needed, and nothing of it is kept in this browser.

import { RESET } from "../crypto/devicelist.js";
import { b64, fromB64 } from "../crypto/encoding.js";
import { newAccount, newPassword } from "./identity.js";
import { emptied, requireCrypto, settle } from "./joining.js";
import { api } from "./openaccount.js";
import { remember } from "./remembered.js";

/** @typedef {import("../crypto/encoding.js").Bytes} Bytes */
/** @typedef {import("./joining.js").OnProgress} OnProgress */
/** @typedef {{token: Bytes, uid: Bytes, name: string, displayName: string, pepper: Bytes}} Beginning */

/** Mails a link, if this account has a confirmed address. The answer does not tell whether. @param {string} name */
export async function askReset(name) {
  await api.post("/api/reset/start", { name });
}

/**
 * Whose account the token starts over. ApiError `token` when it was used or has expired.
 * @param {Bytes} token
 * @returns {Promise<Beginning>}
 */
export async function openReset(token) {
  const { uid, name, display_name, pepper } = await api.post("/api/reset/open", { token: b64(token) });
  return { token, uid: fromB64(uid, 16), name, displayName: display_name, pepper: fromB64(pepper, 32) };
}

/**
 * @param {Beginning} beginning
 * @param {{password: string, code: string, onProgress?: OnProgress}} renewal
 */
export async function startOver(beginning, { password: typed, code, onProgress }) {
  requireCrypto();
  const { token, uid, name, displayName, pepper } = beginning;
  onProgress?.("stretch");
  const password = await newPassword(typed);
  onProgress?.("keys");
  const stores = await emptied(uid);
  const device = await stores.newDevice();
  const person = { uid, pepper, displayName, password, code, device, ms: Date.now(), flags: RESET };
  const { body, link, seed } = await newAccount(person);
  await remember(stores, { name, displayName, links: [link], seeds: new Map([[1, seed]]) });
  onProgress?.("store");
  await api.post("/api/reset/finish", { token: b64(token), account: body });
  settle(uid, stores);
}
