// User-key generations, their wraps and boxes, and private notes (docs/encryption.md 4.6).

import { deviceOf } from "./devicelist.js";
import { cat, concat, equal, fromUtf8, readInteger, require, u32, utf8, ZERO32 } from "./encoding.js";
import { hpkeOpen, hpkeSeal, kemPublicKey, WRAP_BYTES } from "./keys.js";
import { box, hkdf, openBox } from "./symmetric.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */
/** @typedef {import("./devicelist.js").Link} Link */
/** @typedef {{uid: Bytes, g: number, deviceId: Bytes, linkHash: Bytes}} WrapContext */
/** @typedef {{uid: Bytes, g: number, peer: Bytes, version: number}} NoteContext */

/** Stands where a wrap names a device, for the wrap to the recovery key. */
export const RECOVERY_ID = new Uint8Array(16);
const BOX_BYTES = 60;
const NOTE_PLAIN_BYTES = 256;
const NOTE_BYTES = NOTE_PLAIN_BYTES + 28;

/** @param {WrapContext} context @returns {Bytes} */
export function wrapInfo({ uid, g, deviceId, linkHash }) {
  return cat("m1:uk-wrap", uid, u32(g), deviceId, linkHash);
}

/**
 * Seal a user-key seed to one device, or to the recovery key.
 * @param {Bytes} publicKey
 * @param {Bytes} seed
 * @param {WrapContext} context
 * @returns {Promise<Bytes>}
 */
export function sealUserKey(publicKey, seed, context) {
  return hpkeSeal(publicKey, seed, wrapInfo(context));
}

/**
 * @param {Bytes} secret DKK seed or recovery seed
 * @param {Bytes} wrap
 * @param {WrapContext} context linkHash from the verified chain
 * @param {Bytes} userKey UK_pub that this link names; another seed is refused (wrong_seed)
 * @returns {Promise<Bytes>}
 */
export async function openUserKey(secret, wrap, context, userKey) {
  require(wrap.length === WRAP_BYTES, "bad_record", "width of a wrap");
  const seed = await hpkeOpen(secret, wrap, wrapInfo(context));
  return checkedSeed(seed, userKey);
}

/**
 * Open a wrap as the link says: the device must be listed with just this key.
 * @param {Link} link a verified link that names the generation
 * @param {Bytes} deviceId RECOVERY_ID for the recovery key
 * @param {Bytes} secret
 * @param {Bytes} wrap
 * @returns {Promise<Bytes>} the user-key seed
 */
export async function openWrapOfLink(link, deviceId, secret, wrap) {
  const listed = equal(deviceId, RECOVERY_ID) ? link.recovery : deviceOf(link, deviceId)?.dkk;
  require(listed && equal(await kemPublicKey(secret), listed), "not_listed", "another key is listed");
  const context = { uid: link.uid, g: link.g, deviceId, linkHash: link.hash };
  return openUserKey(secret, wrap, context, link.uk);
}

/**
 * prev_box_g: the seed of g - 1 under the seed of g.
 * @param {Bytes} uid @param {number} g @param {Bytes} seed @param {Bytes} before
 * @param {Bytes} [nonce] of test vectors
 * @returns {Promise<Bytes>}
 */
export async function sealPrevious(uid, g, seed, before, nonce) {
  return box(await previousKey(uid, g, seed), before, previousContext(uid, g), nonce);
}

/**
 * @param {Bytes} uid @param {number} g @param {Bytes} seed @param {Bytes} sealed
 * @returns {Promise<Bytes>} the seed of g - 1
 */
export async function openPrevious(uid, g, seed, sealed) {
  require(g >= 2 && sealed.length === BOX_BYTES, "bad_record", "width of a prev box");
  return openBox(await previousKey(uid, g, seed), sealed, previousContext(uid, g));
}

/**
 * From the newest generation back to the first; each seed must make the UK_pub that the chain names.
 * @param {Bytes} uid
 * @param {number} g
 * @param {Bytes} seed
 * @param {Map<number, Bytes>} boxes prev boxes by g
 * @param {Link[]} links the verified chain
 * @returns {Promise<Map<number, Bytes>>} seeds by g
 */
export async function walkBack(uid, g, seed, boxes, links) {
  const seeds = new Map([[g, seed]]);
  for (let at = g, current = seed; at > 1; at--) {
    const sealed = boxes.get(at);
    const link = links.find((candidate) => candidate.g === at - 1);
    require(sealed && link, "missing_generation", `${at - 1}`);
    current = await checkedSeed(await openPrevious(uid, at, current, sealed), link.uk);
    seeds.set(at - 1, current);
  }
  return seeds;
}

/** @param {Bytes} seed @param {Bytes} userKey @returns {Promise<Bytes>} */
async function checkedSeed(seed, userKey) {
  require(equal(await kemPublicKey(seed), userKey), "wrong_seed", "not the user key of this link");
  return seed;
}

/** @param {Bytes} uid @param {number} g @param {Bytes} seed */
function previousKey(uid, g, seed) {
  return hkdf(ZERO32, seed, previousContext(uid, g), 32);
}

/** @param {Bytes} uid @param {number} g */
function previousContext(uid, g) {
  return cat("m1:uk-prev", uid, u32(g));
}

/**
 * A private note about one contact, e.g. {"name": "Bea", "verified": true}.
 * @param {Bytes} seed of generation g
 * @param {NoteContext} context
 * @param {object | string} note a string is taken as JSON that is written already
 * @param {Bytes} [nonce] of test vectors
 * @returns {Promise<Bytes>} 284 bytes
 */
export async function sealNote(seed, context, note, nonce) {
  const json = utf8(typeof note === "string" ? note : JSON.stringify(note));
  require(json.length <= NOTE_PLAIN_BYTES - 4, "note_too_long");
  const padding = new Uint8Array(NOTE_PLAIN_BYTES - 4 - json.length);
  const plain = concat(u32(json.length), json, padding);
  return box(await noteKey(seed, context), plain, noteContext(context), nonce);
}

/**
 * @param {Bytes} seed
 * @param {NoteContext} context
 * @param {Bytes} sealed
 * @returns {Promise<Record<string, unknown>>}
 */
export async function openNote(seed, context, sealed) {
  require(sealed.length === NOTE_BYTES, "bad_record", "width of a note");
  const plain = await openBox(await noteKey(seed, context), sealed, noteContext(context));
  const end = 4 + readInteger(plain.slice(0, 4));
  require(end <= NOTE_PLAIN_BYTES && !plain.slice(end).some(Boolean), "bad_padding");
  return JSON.parse(fromUtf8(plain.slice(4, end)));
}

/** @param {Bytes} seed @param {NoteContext} context */
function noteKey(seed, { uid, peer }) {
  return hkdf(ZERO32, seed, cat("m1:note", uid, peer), 32);
}

/** @param {NoteContext} context */
function noteContext({ uid, g, peer, version }) {
  return cat("m1:note", uid, u32(g), peer, u32(version));
}
