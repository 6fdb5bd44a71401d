// What a signed-in person changes of the account's root: password, code, a lost device. Each needs
// the vault open (`unlock`), which the server allows for ten minutes.

import { isRefused } from "../chat/deleted.js";
import { stretch } from "../crypto/argon2.js";
import { REVOKES } from "../crypto/devicelist.js";
import { b64, equal, fromB64, require } from "../crypto/encoding.js";
import { codeAuth, passwordAuth } from "../crypto/factors.js";
import { parseCode } from "../crypto/recoverycode.js";
import { Keystore } from "../storage/keystore.js";
import { forgetCurrent } from "./current.js";
import { headOf, staying } from "./enrolment.js";
import { codeFactor, codeValues, newPassword, passwordFactor, renewed } from "./identity.js";
import { api, forgetOpen, keptAccount, openAccount, refresh } from "./openaccount.js";
import { remember } from "./remembered.js";
import { checkVault, openedVault } from "./vaultopening.js";

/** @typedef {import("../crypto/encoding.js").Bytes} Bytes */
/** @typedef {import("../crypto/devicelist.js").Device} Device */
/** @typedef {import("./openaccount.js").Account} Account */
/** @typedef {import("./joining.js").OnProgress} OnProgress */
/**
 * @typedef {import("./vaultopening.js").OpenVault & {account: Account, pepper: Bytes, pw?: Bytes}} Unlocked
 */

const TRIES = 5;
const CONFLICT = 409;

/**
 * Prove a factor and open the vault. ApiError `wrong`.
 * @param {{password: string} | {code: string}} secret
 * @returns {Promise<Unlocked>}
 */
export async function unlock(secret) {
  const account = await openAccount();
  const { proved, answer } = await prove(account.name, secret);
  const pepper = fromB64(answer.pepper, 32);
  const key = "code" in secret ? { code: secret.code } : { pw: /** @type {Bytes} */ (proved.pw), pepper };
  const vault = await openedVault(account.uid, answer, key);
  await checkVault(headOf(account.links), vault.secrets);
  return { ...vault, account, pepper, ...(proved.pw && { pw: proved.pw }) };
}

/**
 * The same, for what needs no key of the account: the server allows it for ten minutes. Also while the
 * account is suspended. ApiError `wrong`.
 * @param {string} password
 */
export async function provePassword(password) {
  await prove((await keptAccount()).name, { password });
}

/** @param {string} name @param {{password: string} | {code: string}} secret */
async function prove(name, secret) {
  const start = await api.post("/api/start", { name });
  const proved = "code" in secret ? await byCode(secret.code, start) : await byPassword(secret.password, start);
  return { proved, answer: await api.post("/api/unlock", proved.body, { proof: true }) };
}

/** @param {string} password @param {import("../protocol.js").Started} start */
async function byPassword(password, { kdf_salt, kdf }) {
  const salt = fromB64(kdf_salt, 16);
  const pw = await stretch(password, salt, kdf);
  return { pw, body: { auth: b64(await passwordAuth(pw, salt)) } };
}

/** @param {string} code @param {import("../protocol.js").Started} start */
async function byCode(code, { code_salt }) {
  return { pw: undefined, body: { code_auth: b64(await codeAuth(code, fromB64(code_salt, 16))) } };
}

/** Checks that this code proves the person to the server, and opens the vault here. ApiError `wrong`. @param {string} typed */
export async function checkCode(typed) {
  await unlock({ code: await parseCode(typed) });
}

/** @param {Unlocked} unlocked @param {{password: string}} change */
export async function changePassword(unlocked, { password: typed }) {
  const { account, rk, pepper } = unlocked;
  const password = await newPassword(typed);
  const factor = await passwordFactor({ uid: account.uid, rk }, password.pw, pepper);
  await api.put("/api/password", { password: password.values, factor }, { proof: true });
  unlocked.pw = password.pw;
}

/** The old code no longer opens anything. @param {Unlocked} unlocked @param {{code: string, onProgress?: OnProgress}} change */
export async function renewCode({ account, rk }, { code, onProgress }) {
  onProgress?.("keys");
  const body = { code: await codeValues(code), factor: await codeFactor({ uid: account.uid, rk }, code) };
  onProgress?.("store");
  await api.put("/api/code", body, { proof: true });
}

/**
 * A lost or stolen device: it leaves the list, and everything it knew is renewed. Passkeys whose
 * secret is not at hand are dropped.
 * @param {Unlocked} unlocked
 * @param {{device: Bytes, code: string, onProgress?: OnProgress}} lost code: the new one
 */
export async function revoke(unlocked, { device, code, onProgress }) {
  const { account, secrets, version } = unlocked;
  onProgress?.("keys");
  for (let attempt = 1; ; attempt++) {
    const devices = staying({ ...account, event: "same" }).filter(({ id }) => !equal(id, device));
    const seed = /** @type {Bytes} */ (account.seeds.get(headOf(account.links).g));
    const change = { devices, seed, flags: REVOKES, ms: Date.now(), vaultVersion: version };
    const made = await renewed(headOf(account.links), secrets, change);
    const body = { ...made.body, ...(await renewedFactors(unlocked, made.rk, code)) };
    onProgress?.("store");
    try {
      await api.post("/api/links", body, { proof: true });
      return await adopt(account, made);
    } catch (error) {
      const { status } = /** @type {{status?: number}} */ (error);
      if (status !== CONFLICT || attempt === TRIES) throw error;
      await refresh(account);
    }
  }
}

/** @param {Unlocked} unlocked @param {Bytes} rk @param {string} code */
async function renewedFactors({ account, pw, pepper }, rk, code) {
  const root = { uid: account.uid, rk };
  const factors = [await codeFactor(root, code)];
  if (pw) factors.push(await passwordFactor(root, pw, pepper));
  return { factors, code: await codeValues(code) };
}

/** @param {Account} account @param {{link: import("../crypto/devicelist.js").Link, seed: Bytes}} made */
async function adopt(account, { link, seed }) {
  account.links = [...account.links, link];
  account.seeds.set(link.g, seed);
  await remember(account.stores, account);
}

/** @returns {Promise<Device[]>} as the list says that our own key signs */
export async function devices() {
  const { links } = await openAccount();
  return headOf(links).devices;
}

/** Messages that were written here and are not in the log yet. @returns {Promise<number>} */
export async function unsent() {
  try {
    const { stores } = await keptAccount();
    return (await stores.all("outbox")).filter(([, entry]) => !isRefused(entry)).length;
  } catch {
    return 0; // nothing can be read here any more
  }
}

/**
 * Leave: the server forgets the session and this device, the browser its keys and texts. Throws
 * M1Error `unsent` while messages wait, unless they are given up. Works with a session that has
 * ended already.
 * @param {{discard?: boolean, stop?: () => void}} [choice] stop: ends what this page does with the keys
 */
export async function signOut({ discard = false, stop } = {}) {
  require(discard || (await unsent()) === 0, "unsent");
  const uid = await keptAccount().then(
    (account) => account.uid,
    () => undefined,
  );
  await leave({ proof: uid !== undefined });
  stop?.();
  forgetOpen();
  if (uid) await Keystore.wipe(uid);
  forgetCurrent();
}

/**
 * For good. The server forgets the account; this browser its keys and texts. `provePassword` first.
 * @param {{erase: boolean, stop: () => void}} choice erase: what was sent, too; stop: ends what this page does with
 *   the keys
 * @returns {Promise<import("../protocol.js").Receipt>}
 */
export async function deleteAccount({ erase, stop }) {
  const { uid } = await keptAccount();
  const receipt = await api.post("/api/deletion", { erase }, { proof: true });
  stop();
  forgetOpen();
  await Keystore.wipe(uid).catch(() => {}); // another tab holds it: it hears that the account is gone, and wipes
  forgetCurrent();
  return receipt;
}

/** @param {{proof: boolean}} access */
async function leave(access) {
  try {
    await api.delete("/api/sessions", access);
  } catch (error) {
    const { status = 0 } = /** @type {{status?: number}} */ (error);
    if (status === 401) return; // over already
    if (status !== 403 || !access.proof) throw error;
    await leave({ proof: false }); // the device is gone; the session may be left without it
  }
}
