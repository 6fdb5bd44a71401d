// From what the server keeps of an account back to its keys (docs/encryption.md 4.18): the chain, and
// by a device or by recovery the user keys. Each is checked against the chain before it is used.

import { deviceOf, extendChain, isBehind } from "../crypto/devicelist.js";
import { b64, equal, fromB64, require } from "../crypto/encoding.js";
import { openWrapOfLink, walkBack } from "../crypto/userkeys.js";

/** @typedef {import("../crypto/encoding.js").Bytes} Bytes */
/** @typedef {import("../crypto/devicelist.js").Link} Link */
/** @typedef {import("../crypto/devicelist.js").Device} Device */
/** @typedef {import("../network/api.js").Api} Api */
/** @typedef {import("../network/api.js").Options} Options */
/** @typedef {{links: Link[], gone: Bytes[], event: string}} OwnChain */
/** @typedef {{id: Bytes, seed: Bytes}} Receiver a device with its DKK seed, or recovery */

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
    answer = await api.get(`/api/links?after=${at}`, access);
    received.push(...answer.links.map((/** @type {string} */ link) => fromB64(link)));
    at += answer.links.length;
  } while (answer.links.length && at < answer.head[0]);
  const gone = (answer.gone ?? []).map((/** @type {string} */ id) => fromB64(id, 16));
  if (answer.head[0] < (known.at(-1)?.k ?? 0))
    return { links: await behind(api, uid, known, access), event: "same", gone };
  const { links, event } = await extendChain(uid, known, received);
  const head = headOf(links);
  const same = head.k === answer.head[0] && equal(head.hash, fromB64(answer.head[1], 32));
  require(same, "bad_chain", "the server names another head");
  return { links, event, gone };
}

/**
 * A head below what was verified: the server was set back, and knows less. Or the account was reset: its new
 * chain starts at k = 1.
 * @param {Api} api
 * @param {Bytes} uid
 * @param {Link[]} known
 * @param {Options} access
 */
async function behind(api, uid, known, access) {
  const { links } = await ownChain(api, uid, [], access);
  require(isBehind(bytesOf(links), known), "reset", "the account started over");
  return known;
}

/** @param {Link[]} links */
export function bytesOf(links) {
  return links.map(({ bytes }) => bytes);
}

/** @param {Link[]} links @returns {Link} */
export function headOf(links) {
  return /** @type {Link} */ (links.at(-1));
}

/**
 * Those that the next link lists: it leaves out a device that signed out, without `revokes`.
 * @param {OwnChain} chain
 * @returns {Device[]}
 */
export function staying({ links, gone }) {
  return headOf(links).devices.filter(({ id }) => !gone.some((left) => equal(left, id)));
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
 * @param {import("../storage/keystore.js").DeviceKeys} device
 * @returns {boolean} listed with just these keys
 */
export function lists(head, device) {
  const entry = deviceOf(head, device.id);
  return Boolean(entry && equal(entry.dsk, device.dskPublic) && equal(entry.dkk, device.dkkPublic));
}
