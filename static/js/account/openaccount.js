// The account that this browser is signed in to, opened from the keystore and brought up to date.

import { Api } from "../api.js";
import { M1Error, require } from "../crypto/encoding.js";
import { Keystore } from "../keystore.js";
import { currentUid } from "./current.js";
import { headOf, lists, ownChain, userKeys } from "./enrolment.js";
import { recall, remember } from "./remembered.js";

/** @typedef {import("../crypto/encoding.js").Bytes} Bytes */
/** @typedef {import("../crypto/devicelist.js").Link} Link */
/** @typedef {import("../keystore.js").DeviceKeys} DeviceKeys */
/**
 * @typedef {object} Account
 * @property {Bytes} uid
 * @property {Bytes} device
 * @property {CryptoKey} dsk
 * @property {DeviceKeys} keys
 * @property {Map<number, Bytes>} seeds user-key seeds by generation
 * @property {Link[]} links the own chain, verified
 * @property {Bytes[]} gone devices that signed out and are listed still
 * @property {string} name
 * @property {string} displayName
 * @property {Keystore} shelf
 */

/** The site; signs with this browser's device where a proof is asked for. */
export const api = new Api();
api.signWith(async () => {
  try {
    return await keptAccount();
  } catch {
    return null;
  }
});

/** @type {Promise<Account> | undefined} */
let opening;

/**
 * Keys checked against each other and against the newest list that can be had. Works offline with
 * what is kept. Throws M1Error no_account, revoked (no longer listed) or reset (it began anew
 * elsewhere), and KeystoreError.
 * @returns {Promise<Account>}
 */
export async function openAccount() {
  const account = await keptAccount();
  try {
    await refresh(account);
  } catch (error) {
    const { status } = /** @type {{status?: number}} */ (error);
    if (status === undefined || (status >= 400 && status < 500)) throw error;
  }
  return account;
}

/** Another account, or none, from now on. */
export function forgetOpen() {
  opening?.then(({ shelf }) => shelf.close()).catch(() => {});
  opening = undefined;
}

/** As it lies here, without asking anybody whether it still stands. @returns {Promise<Account>} */
export function keptAccount() {
  const under = opening ?? load();
  opening = under;
  under.catch(() => {
    if (opening === under) opening = undefined;
  });
  return under;
}

/** @returns {Promise<Account>} */
async function load() {
  const uid = currentUid();
  require(uid, "no_account");
  const shelf = await Keystore.open(uid);
  const keys = await shelf.device();
  const known = keys && (await recall(shelf));
  if (!keys || !known) {
    shelf.close();
    throw new M1Error("no_account");
  }
  return { uid, device: keys.id, dsk: keys.dsk, keys, gone: [], shelf, ...known };
}

/**
 * After somebody's heads changed, and at start: own chain, and user keys of newer generations.
 * @param {Account} account changed in place
 * @returns {Promise<Account>}
 */
export async function refresh(account) {
  const access = { proof: true };
  const { links, gone, event } = await ownChain(api, account.uid, account.links, access);
  require(lists(headOf(links), account.keys), "revoked", "this browser is no longer on the list");
  const { g } = headOf(links);
  const receiver = { id: account.device, seed: account.keys.dkkSeed };
  const seeds = account.seeds.has(g)
    ? account.seeds
    : await userKeys(links, await api.get("/api/wraps", access), receiver);
  for (const [generation, seed] of seeds) account.seeds.set(generation, seed);
  Object.assign(account, { links, gone });
  if (event !== "same") await remember(account.shelf, account);
  return account;
}
