// The account that this browser is signed in to, opened from the keystore and brought up to date.

import { b64, M1Error, require } from "../crypto/encoding.js";
import { Api } from "../network/api.js";
import { bootHead, bootNonces } from "../network/boot.js";
import { Keystore } from "../storage/keystore.js";
import { currentUid } from "./current.js";
import { headOf, lists, ownChain, userKeys } from "./enrolment.js";
import { recall, remember } from "./remembered.js";

/** @typedef {import("../crypto/encoding.js").Bytes} Bytes */
/** @typedef {import("../crypto/devicelist.js").Link} Link */
/** @typedef {import("../storage/keystore.js").DeviceKeys} DeviceKeys */
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
 * @property {boolean} [joining]
 * @property {Keystore} stores
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
api.stock(...bootNonces());

/** @type {Promise<Account> | undefined} */
let opening;

/**
 * Keys checked against each other and against the newest list that can be had. Works offline with
 * what is kept. Throws M1Error no_account, revoked (no longer listed) or reset (it was reset
 * elsewhere), and KeystoreError.
 * @returns {Promise<Account>}
 */
export async function openAccount() {
  const account = await keptAccount();
  if (isNewest(account, bootHead())) return account;
  try {
    await refresh(account);
  } catch (error) {
    const { status } = /** @type {{status?: number}} */ (error);
    if (status === undefined || (status >= 400 && status < 500)) throw error;
  }
  return account;
}

/**
 * The page came with the head of the list, and it is the one kept here.
 * @param {Account} account
 * @param {[number, string] | undefined} head
 */
function isNewest({ links, keys, seeds, joining }, head) {
  const kept = headOf(links);
  return !joining && head?.[0] === kept.k && head[1] === b64(kept.hash) && lists(kept, keys) && seeds.has(kept.g);
}

/** From now on another account, or none. */
export function forgetOpen() {
  opening?.then(({ stores }) => stores.close()).catch(() => {});
  opening = undefined;
}

/** As it is kept here, without asking whether it is still valid. @returns {Promise<Account>} */
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
  const stores = await Keystore.open(uid);
  const keys = await stores.device();
  const known = keys && (await recall(stores));
  if (!keys || !known) {
    stores.close();
    throw new M1Error("no_account");
  }
  return { uid, device: keys.id, dsk: keys.dsk, keys, gone: [], stores, ...known };
}

/**
 * After somebody's heads changed, and at start: own chain, and user keys of newer generations.
 * @param {Account} account changed in place
 * @param {Pick<Keystore, "write">} [stores] for the tab that leads
 * @returns {Promise<Account>}
 */
export async function refresh(account, stores = account.stores) {
  const access = { proof: true };
  const { links, gone, event } = await ownChain(api, account.uid, account.links, access);
  require(lists(headOf(links), account.keys), "revoked", "this browser is no longer on the list");
  const { g } = headOf(links);
  const receiver = { id: account.device, seed: account.keys.dkkSeed };
  const seeds = account.seeds.has(g)
    ? account.seeds
    : await userKeys(links, await api.get("/api/wraps", access), receiver);
  for (const [generation, seed] of seeds) account.seeds.set(generation, seed);
  const news = event !== "same" || account.joining;
  Object.assign(account, { links, gone, joining: false });
  if (news) await remember(stores, account);
  return account;
}
