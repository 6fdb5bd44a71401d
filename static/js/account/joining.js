// Signing in, recovering: how a browser becomes a device of an account.
//
// Policy: keys are kept before the server hears of them, so that a lost answer leaves no device
// that nobody holds; a browser that was a device stays that device (`reused`), so that sign-ins do
// not pile them up.

import { stretch } from "../crypto/argon2.js";
import { isBehind, MAX_DEVICES } from "../crypto/devicelist.js";
import { b64, equal, fromB64, require } from "../crypto/encoding.js";
import { codeAuth, passwordAuth } from "../crypto/factors.js";
import { RECOVERY_ID } from "../crypto/userkeys.js";
import { Keystore } from "../storage/keystore.js";
import { setCurrent } from "./current.js";
import { bytesOf, headOf, ownChain, staying, userKeys } from "./enrolment.js";
import { codeFactor, codeValues, listed, newPassword, passwordFactor, renewed, withDevices } from "./identity.js";
import { api, forgetOpen } from "./openaccount.js";
import { recall, remember } from "./remembered.js";
import { checkVault, openedVault } from "./vaultopening.js";

/** @typedef {import("../crypto/encoding.js").Bytes} Bytes */
/** @typedef {import("../crypto/devicelist.js").Link} Link */
/** @typedef {import("../storage/keystore.js").DeviceKeys} DeviceKeys */
/** @typedef {import("./enrolment.js").OwnChain} OwnChain */
/** @typedef {import("./vaultopening.js").OpenVault} OpenVault */
/** @typedef {import("../network/api.js").Options} Options */
/** @typedef {"stretch" | "vault" | "keys" | "work" | "store"} Step */
/** @typedef {(step: Step, part?: number) => void} OnProgress part: of this step, up to 1 */
/** @typedef {{uid: Bytes, name: string, displayName: string, pepper: Bytes, grant: Bytes}} SignedIn */
/**
 * @typedef {object} Opened an account whose vault is open in this browser
 * @property {SignedIn} signed
 * @property {DeviceKeys | undefined} keys this browser, where it is a device already
 * @property {Options} access
 * @property {OpenVault} vault
 * @property {OwnChain} chain
 */
/** @typedef {Opened} Recovery */

const TRIES = 5; // other devices may move the list on meanwhile; more in a row is a fault
const CONFLICT = 409;

/**
 * @param {{name: string, password: string, lost?: string | undefined, onProgress?: OnProgress}} person
 *   lost: the device, in hex, that this browser was before its keys were wiped
 */
export async function signIn({ name, password, lost, onProgress }) {
  requireCrypto();
  onProgress?.("stretch");
  const { kdf_salt, kdf } = await api.post("/api/start", { name });
  const salt = fromB64(kdf_salt, 16);
  const pw = await stretch(password, salt, kdf);
  const signed = await signedIn({ name, auth: b64(await passwordAuth(pw, salt)) });
  if (await reused(signed)) return;
  onProgress?.("vault");
  const access = { grant: signed.grant };
  await strike(lost, access);
  const key = { pw, pepper: signed.pepper };
  const vault = await openedVault(signed.uid, await api.get("/api/vault", access), key);
  const chain = await ownChain(api, signed.uid, [], access);
  await refuseToForget(signed.uid, chain);
  onProgress?.("keys");
  await enrol({ signed, keys: undefined, access, vault, chain }, onProgress);
}

/**
 * Sign in by recovery code and open the vault; nothing is renewed yet.
 * @param {{name: string, code: string, lost?: string | undefined}} person code: its 30 characters; lost: as in signIn
 * @returns {Promise<Recovery>}
 */
export async function startRecovery({ name, code, lost }) {
  requireCrypto();
  const { code_salt } = await api.post("/api/start", { name });
  const code_auth = b64(await codeAuth(code, fromB64(code_salt, 16)));
  const signed = await signedIn({ name, code_auth });
  const keys = await reused(signed);
  const access = keys ? { signer: signerOf(signed.uid, keys) } : { grant: signed.grant };
  if (!keys) await strike(lost, access);
  const answer = keys ? await api.post("/api/unlock", { code_auth }, access) : await api.get("/api/vault", access);
  const vault = await openedVault(signed.uid, answer, { code });
  const chain = await ownChain(api, signed.uid, [], access);
  if (!keys) await refuseToForget(signed.uid, chain);
  return { signed, keys, access, vault, chain };
}

/**
 * A new password and code, and with them everything that the old code opened.
 * @param {Recovery} recovery
 * @param {{password: string, code: string, onProgress?: OnProgress}} renewal
 */
export async function finishRecovery(recovery, { password: typed, code, onProgress }) {
  onProgress?.("stretch");
  const password = await newPassword(typed);
  onProgress?.("keys");
  const { uid, pepper } = recovery.signed;
  const stores = recovery.keys ? await Keystore.open(uid) : await emptied(uid);
  const device = recovery.keys ?? (await stores.newDevice());
  const make = async (/** @type {OwnChain} */ chain, /** @type {Map<number, Bytes>} */ seeds) => {
    const before = /** @type {Bytes} */ (seeds.get(headOf(chain.links).g));
    const devices = recovery.keys ? staying(chain) : withNew(chain, device);
    const change = { devices, seed: before, flags: 0, ms: Date.now(), vaultVersion: recovery.vault.version };
    const { link, seed, rk, body } = await renewed(headOf(chain.links), recovery.vault.secrets, change);
    const factors = [await codeFactor({ uid, rk }, code), await passwordFactor({ uid, rk }, password.pw, pepper)];
    const values = { factors, code: await codeValues(code), password: password.values };
    return { link, seeds: new Map([...seeds, [link.g, seed]]), body: { ...body, ...values } };
  };
  await store(recovery, { stores, device, make }, onProgress);
}

/** The next link leaves it out: its keys are nowhere any more. @param {string | undefined} lost @param {Options} access */
async function strike(lost, access) {
  if (lost) await api.delete(`/api/sessions/${lost}`, access).catch(() => {}); // of another account, or gone
}

/** @param {Opened} opened @param {OnProgress | undefined} onProgress */
async function enrol(opened, onProgress) {
  const { uid } = opened.signed;
  const stores = await emptied(uid);
  const device = await stores.newDevice();
  const make = async (/** @type {OwnChain} */ chain, /** @type {Map<number, Bytes>} */ seeds) => {
    const head = headOf(chain.links);
    const change = { devices: withNew(chain, device), seed: /** @type {Bytes} */ (seeds.get(head.g)), ms: Date.now() };
    return { seeds, ...(await withDevices(head, opened.vault.secrets, change)) };
  };
  await store(opened, { stores, device, make }, onProgress);
}

/** @param {OwnChain} chain @param {DeviceKeys} device */
function withNew(chain, device) {
  const devices = staying(chain);
  require(devices.length < MAX_DEVICES, "too_many_devices", "sign one of them out first");
  return [...devices, listed(device, Date.now())];
}

/**
 * Store the next link; the loser of a race looks at the winner and makes the link again.
 * @param {Opened} opened
 * @param {{stores: Keystore, device: DeviceKeys, make: (chain: OwnChain, seeds: Map<number, Bytes>) =>
 *   Promise<{link: Link, seeds: Map<number, Bytes>, body: import("../protocol.js").NewLink}>}} plan
 * @param {OnProgress | undefined} onProgress
 */
async function store({ signed, keys, access, vault, chain }, { stores, device, make }, onProgress) {
  const { uid, name, displayName } = signed;
  const options = { ...access, signer: signerOf(uid, device) };
  for (let attempt = 0; ; attempt++) {
    const current = attempt ? await ownChain(api, uid, chain.links, access) : chain;
    await checkVault(headOf(current.links), vault.secrets);
    const receiver = { id: RECOVERY_ID, seed: vault.secrets.recoverySeed };
    const seeds = await userKeys(current.links, await api.get("/api/wraps", access), receiver);
    const made = await make(current, seeds);
    const account = { name, displayName, links: [...current.links, made.link], seeds: made.seeds };
    if (!keys) await remember(stores, { ...account, joining: true });
    onProgress?.("store");
    if (!(await applied(made, options, attempt))) continue;
    await remember(stores, account);
    return settle(uid, stores);
  }
}

/**
 * @param {{link: Link, body: import("../protocol.js").NewLink}} made
 * @param {Options} options
 * @param {number} attempt
 * @returns {Promise<boolean>} false: another link stands there
 */
async function applied({ link, body }, options, attempt) {
  try {
    await api.post("/api/links", body, options);
    return true;
  } catch (error) {
    const { status, body: answer } = /** @type {import("../network/api.js").ApiError} */ (error);
    const winner = status === CONFLICT ? /** @type {any} */ (answer)?.link : undefined;
    if (winner === undefined || attempt + 1 === TRIES) throw error;
    return equal(fromB64(winner), link.bytes); // the answer to an earlier try was lost
  }
}

/** @param {{name: string, auth?: string, code_auth?: string}} body @returns {Promise<SignedIn>} */
async function signedIn(body) {
  const { uid, name, display_name, pepper, grant } = await api.post("/api/sign-in", body);
  return {
    uid: fromB64(uid, 16),
    name,
    displayName: display_name,
    pepper: fromB64(pepper, 32),
    grant: fromB64(grant, 32),
  };
}

/** The device that this browser was before, if the account lists it still. @param {SignedIn} signed */
async function reused({ uid }) {
  const keys = await taken(uid);
  if (keys) settle(uid);
  return keys;
}

/**
 * @param {Bytes} uid
 * @returns {Promise<DeviceKeys | undefined>} once the session belongs to this device
 */
async function taken(uid) {
  const stores = await Keystore.open(uid);
  try {
    const keys = await stores.device().catch(() => undefined);
    const known = keys && (await recall(stores));
    if (!known) return undefined;
    const { device } = await api.post("/api/live-token", {}, { signer: signerOf(uid, keys) });
    if (!equal(fromB64(device, 16), keys.id)) return undefined;
    if (known.joining) await remember(stores, { ...known, joining: false }); // the answer was lost
    return keys;
  } catch (error) {
    const { status = 0 } = /** @type {{status?: number}} */ (error);
    if (status < 400 || status >= 500) throw error;
    return undefined; // signed out, revoked, or another browser's session
  } finally {
    stores.close();
  }
}

/**
 * Keys that the server does not know, under a list that goes on where the server's ends: it was set back to before
 * this browser joined. What is kept here may be nowhere else. One that never joined has nothing to lose.
 * @param {Bytes} uid
 * @param {OwnChain} chain
 */
async function refuseToForget(uid, { links }) {
  const stores = await Keystore.open(uid);
  try {
    const keys = await stores.device().catch(() => undefined);
    const known = keys && (await recall(stores));
    require(!known ||
      known.joining ||
      !isBehind(bytesOf(links), known.links), "behind", "the server does not know this browser any more");
  } finally {
    stores.close();
  }
}

/** @param {Bytes} uid @returns {Promise<Keystore>} without anything of an earlier device */
export async function emptied(uid) {
  forgetOpen();
  await Keystore.wipe(uid);
  return Keystore.open(uid);
}

/** @param {Bytes} uid @param {Keystore} [stores] */
export function settle(uid, stores) {
  setCurrent(uid);
  stores?.close();
  forgetOpen();
}

/** @param {Bytes} uid @param {DeviceKeys} keys */
function signerOf(uid, { id, dsk }) {
  return { uid, device: id, dsk };
}

/** Plain http on a LAN address has no WebCrypto. */
export function requireCrypto() {
  require(globalThis.crypto?.subtle && globalThis.indexedDB, "no_crypto");
}
