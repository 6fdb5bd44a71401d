// What a new or renewed account consists of (docs/encryption.md 4.5, 4.18): records and bodies,
// made here, sent by account.js. No network, no storage.

import { KDF_DEFAULT, KDF_SALT_BYTES, stretch } from "../crypto/argon2.js";
import { nextFields, signLink } from "../crypto/devicelist.js";
import { b64, newId, random, ZERO32 } from "../crypto/encoding.js";
import {
  codeAuth,
  codeKek,
  FACTOR_CODE,
  FACTOR_PASSWORD,
  passwordAuth,
  passwordKek,
  wrapRoot,
} from "../crypto/factors.js";
import { kemPublicKey, newSeed, signingKeyFromSeed } from "../crypto/keys.js";
import { RECOVERY_ID, sealPrevious, sealUserKey } from "../crypto/userkeys.js";
import { newRoot, sealVault } from "../crypto/vault.js";

/** @typedef {import("../crypto/encoding.js").Bytes} Bytes */
/** @typedef {import("../crypto/devicelist.js").Link} Link */
/** @typedef {import("../crypto/devicelist.js").Device} Device */
/** @typedef {import("../crypto/vault.js").Secrets} Secrets */
/** @typedef {import("../storage/keystore.js").DeviceKeys} DeviceKeys */
/** @typedef {{uid: Bytes, rk: Bytes}} Root */
/** @typedef {{values: import("../protocol.js").PasswordValues, pw: Bytes}} Password */
/**
 * @typedef {object} Renewal what changes with a link beside its devices
 * @property {Device[]} devices
 * @property {Map<number, Bytes>} seeds by generation
 * @property {number} flags
 * @property {number} ms
 */

/**
 * A new password, stretched with the present parameters.
 * @param {string} password
 * @returns {Promise<Password>}
 */
export async function newPassword(password) {
  const salt = random(KDF_SALT_BYTES);
  const pw = await stretch(password, salt, KDF_DEFAULT);
  const auth = await passwordAuth(pw, salt);
  return { pw, values: { kdf_salt: b64(salt), kdf: { ...KDF_DEFAULT }, auth: b64(auth) } };
}

/** @param {Root} root @param {Bytes} pw @param {Bytes} pepper */
export async function passwordFactor({ uid, rk }, pw, pepper) {
  return factor(await passwordKek(pw, pepper, uid), { uid, rk }, FACTOR_PASSWORD);
}

/** @param {string} code @returns {Promise<import("../protocol.js").CodeValues>} */
export async function codeValues(code) {
  const salt = newId();
  return { code_salt: b64(salt), code_auth: b64(await codeAuth(code, salt)) };
}

/** @param {Root} root @param {string} code */
export async function codeFactor({ uid, rk }, code) {
  return factor(await codeKek(code, uid), { uid, rk }, FACTOR_CODE);
}

/** @param {Bytes} kek @param {Root} root @param {number} type */
async function factor(kek, { uid, rk }, type) {
  const id = newId();
  return { type, id: b64(id), wrap: b64(await wrapRoot(kek, rk, uid, type, id)) };
}

/** @param {DeviceKeys} keys @param {number} ms @returns {Device} */
export function listed({ id, dskPublic, dkkPublic }, ms) {
  return { id, dsk: dskPublic, dkk: dkkPublic, added: ms };
}

/**
 * Everything of an account that does not exist yet.
 * @param {{uid: Bytes, pepper: Bytes, displayName: string, password: Password, code: string,
 *   device: DeviceKeys, ms: number, flags?: number}} person RESET in flags: it starts over
 * @returns {Promise<{body: import("../protocol.js").SignUp, link: Link, seed: Bytes}>}
 */
export async function newAccount({ uid, pepper, displayName, password, code, device, ms, flags = 0 }) {
  const root = { uid, rk: newRoot() };
  const secrets = { aikSeed: newSeed(), recoverySeed: newSeed() };
  const seed = newSeed();
  const link = await firstLink({ uid, flags }, secrets, seed, listed(device, ms));
  const wraps = await wrapsFor(link, seed, link.devices, true);
  const body = {
    display_name: displayName,
    password: password.values,
    code: await codeValues(code),
    link: b64(link.bytes),
    wraps,
    vault: await vaultBody(root, 1, secrets),
    factors: [await codeFactor(root, code), await passwordFactor(root, password.pw, pepper)],
  };
  return { body, link, seed };
}

/** @param {{uid: Bytes, flags: number}} start @param {Secrets} secrets @param {Bytes} seed @param {Device} device */
async function firstLink({ uid, flags }, { aikSeed, recoverySeed }, seed, device) {
  const aik = await signingKeyFromSeed(aikSeed);
  const [uk, recovery] = [await kemPublicKey(seed), await kemPublicKey(recoverySeed)];
  const fields = { uid, k: 1, prev: ZERO32, aik: aik.publicKey, devices: [device], g: 1, uk, recovery };
  return signLink({ ...fields, flags, ms: device.added }, aik.privateKey);
}

/**
 * The next link with other devices and nothing else renewed: a browser is enrolled.
 * @param {Link} head
 * @param {Secrets} secrets
 * @param {{devices: Device[], seed: Bytes, ms: number}} change seed of the present generation
 * @returns {Promise<{link: Link, body: import("../protocol.js").NewLink}>}
 */
export async function withDevices(head, { aikSeed }, { devices, seed, ms }) {
  const aik = await signingKeyFromSeed(aikSeed);
  const link = await signLink(nextFields(head, { devices, ms }), aik.privateKey);
  const fresh = link.devices.filter((device) => !isListed(head, device));
  return { link, body: { link: b64(link.bytes), wraps: await wrapsFor(link, seed, fresh, false) } };
}

/**
 * The next link with everything renewed that a stolen device or factor knew: user key, recovery
 * key, RK, vault. AIK stays.
 * @param {Link} head
 * @param {{aikSeed: Bytes}} secrets
 * @param {{devices: Device[], seed: Bytes, flags: number, ms: number, vaultVersion: number}} change
 *   seed of the present generation, version of the present vault
 * @returns {Promise<{link: Link, seed: Bytes, rk: Bytes, body: import("../protocol.js").NewLink}>}
 */
export async function renewed(head, { aikSeed }, { devices, seed: before, flags, ms, vaultVersion }) {
  const aik = await signingKeyFromSeed(aikSeed);
  const [seed, recoverySeed, rk] = [newSeed(), newSeed(), newRoot()];
  const g = head.g + 1;
  const keys = { g, uk: await kemPublicKey(seed), recovery: await kemPublicKey(recoverySeed) };
  const link = await signLink(nextFields(head, { devices, flags, ms, ...keys }), aik.privateKey);
  const body = {
    link: b64(link.bytes),
    wraps: await wrapsFor(link, seed, link.devices, true),
    prev_box: b64(await sealPrevious(head.uid, g, seed, before)),
    vault: await vaultBody({ uid: head.uid, rk }, vaultVersion + 1, { aikSeed, recoverySeed }),
  };
  return { link, seed, rk, body };
}

/** @param {Root} root @param {number} version @param {Secrets} secrets */
async function vaultBody({ uid, rk }, version, secrets) {
  return { version, box: b64(await sealVault(rk, uid, version, secrets)) };
}

/**
 * @param {Link} link
 * @param {Bytes} seed
 * @param {Device[]} devices
 * @param {boolean} recovery
 */
async function wrapsFor(link, seed, devices, recovery) {
  const targets = devices.map(({ id, dkk }) => ({ id, key: dkk }));
  if (recovery) targets.push({ id: RECOVERY_ID, key: link.recovery });
  const wraps = [];
  for (const { id, key } of targets) {
    const context = { uid: link.uid, g: link.g, deviceId: id, linkHash: link.hash };
    wraps.push({ device: b64(id), wrap: b64(await sealUserKey(key, seed, context)) });
  }
  return wraps;
}

/** @param {Link} link @param {Device} device */
function isListed(link, device) {
  return link.devices.some(({ id }) => b64(id) === b64(device.id));
}
