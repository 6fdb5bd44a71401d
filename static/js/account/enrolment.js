// From what the server keeps of an account back to its keys (docs/encryption.md 4.18): the chain,
// the vault, the user keys. Each is checked against the chain before it is used.

import { deviceOf, extendChain } from "../crypto/devicelist.js";
import { b64, equal, fromB64, hex, M1Error, require } from "../crypto/encoding.js";
import { codeKek, FACTOR_CODE, FACTOR_PASSWORD, openRoot, passwordKek } from "../crypto/factors.js";
import { kemPublicKey, signingKeyFromSeed } from "../crypto/keys.js";
import { openWrapOfLink, walkBack } from "../crypto/userkeys.js";
import { openVault } from "../crypto/vault.js";

/** @typedef {import("../crypto/encoding.js").Bytes} Bytes */
/** @typedef {import("../crypto/devicelist.js").Link} Link */
/** @typedef {import("../crypto/devicelist.js").Device} Device */
/** @typedef {import("../crypto/vault.js").Secrets} Secrets */
/** @typedef {import("../api.js").Api} Api */
/** @typedef {import("../api.js").Options} Options */
/** @typedef {{links: Link[], gone: Bytes[], event: string}} OwnChain */
/** @typedef {{id: Bytes, seed: Bytes}} Receiver a device with its DKK seed, or recovery */
/** @typedef {{code: string} | {pw: Bytes, pepper: Bytes}} Key */
/** @typedef {{rk: Bytes, secrets: Secrets, version: number}} OpenVault */

/**
 * My own chain, from what was verified before to the head of the server.
 * @param {Api} api
 * @param {Bytes} uid
 * @param {Link[]} known
 * @param {Options} access
 * @returns {Promise<OwnChain>}
 */
export async function ownChain(api, uid, known, access) {
  const received = [];
  let answer;
  let at = known.at(-1)?.k ?? 0;
  do {
    answer = await api.get(`/api/links?uid=${hex(uid)}&after=${at}`, access);
    received.push(...answer.links.map((/** @type {string} */ link) => fromB64(link)));
    at += answer.links.length;
  } while (answer.links.length && at < answer.head[0]);
  // A head below what was verified: an account that was reset. Its new chain starts at k = 1.
  if (answer.head[0] < (known.at(-1)?.k ?? 0)) throw new M1Error("reset", "the account began anew");
  const { links, event } = await extendChain(uid, known, received);
  const head = headOf(links);
  const same = head.k === answer.head[0] && equal(head.hash, fromB64(answer.head[1], 32));
  require(same, "bad_chain", "the server names another head");
  return { links, event, gone: (answer.gone ?? []).map((/** @type {string} */ id) => fromB64(id, 16)) };
}

/** @param {Link[]} links @returns {Link} */
export function headOf(links) {
  return /** @type {Link} */ (links.at(-1));
}

/**
 * Those that the next link lists: who signed out is left out of it, without `revokes`.
 * @param {OwnChain} chain
 * @returns {Device[]}
 */
export function staying({ links, gone }) {
  return headOf(links).devices.filter(({ id }) => !gone.some((left) => equal(left, id)));
}

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
 * A server could serve the chain of an account of its own making: the vault tells.
 * @param {Link} head
 * @param {Secrets} secrets
 */
export async function checkVault(head, { aikSeed, recoverySeed }) {
  const { publicKey } = await signingKeyFromSeed(aikSeed);
  require(equal(publicKey, head.aik), "bad_chain", "another identity key than the vault's");
  const recovery = await kemPublicKey(recoverySeed);
  require(equal(recovery, head.recovery), "bad_chain", "another recovery key than the vault's");
}

/**
 * All user-key seeds, from the newest wrap for this receiver back to generation 1.
 * @param {Link[]} links
 * @param {import("../protocol.js").Wraps} answer
 * @param {Receiver} receiver
 * @returns {Promise<Map<number, Bytes>>}
 */
export async function userKeys(links, answer, { id, seed: secret }) {
  const head = headOf(links);
  const stored = answer.wraps.find(({ g, device }) => g === head.g && device === b64(id));
  require(stored, "no_wrap", "the newest user key is not sealed to this browser");
  const link = links.find(({ k }) => k === stored.k);
  require(link && link.g === head.g, "bad_chain", "the wrap names another link");
  const seed = await openWrapOfLink(link, id, secret, fromB64(stored.wrap));
  const boxes = new Map(answer.prev_boxes.map(({ g, box }) => [g, fromB64(box)]));
  return walkBack(head.uid, head.g, seed, boxes, links);
}

/**
 * @param {Link} head
 * @param {import("../keystore.js").DeviceKeys} device
 * @returns {boolean} listed with just these keys
 */
export function lists(head, device) {
  const entry = deviceOf(head, device.id);
  return Boolean(entry && equal(entry.dsk, device.dskPublic) && equal(entry.dkk, device.dkkPublic));
}
