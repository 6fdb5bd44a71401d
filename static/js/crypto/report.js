// Reports (docs/encryption.md 4.10): the key that a site publishes for them, and what is sealed to it.

import { cat, concat, fromUtf8, M1Error, parse, readInteger, require, u8, u32, u64, utf8 } from "./encoding.js";
import { checkKemKey, hpkeSeal, KEM_PUBLIC_BYTES, verify } from "./keys.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */
/** @typedef {{kid: string, publicKey: Bytes, notAfter: number}} ModerationKey notAfter: ms, then ask again */
/**
 * One message with what the server said when it took it.
 * @typedef {object} Item
 * @property {Bytes} hdr
 * @property {Bytes} m
 * @property {Bytes} kf
 * @property {string} kid
 * @property {Bytes} r
 * @property {number} time of the server, ms
 * @property {Bytes} ctHash
 * @property {number} seq
 * @property {boolean} chosen the report is about it; else it came before
 */
/** @typedef {{reporter: Bytes, peer: Bytes, note: string, items: Item[]}} Report items: oldest first */

export const CHOSEN_MAX = 10;
export const BEFORE_MAX = 20;
export const NOTE_MAX = 2000; // bytes of UTF-8
const VERSION = 1;
const PLAIN_MAX = 1024 * 1024;
const KEY_WIDTHS = /** @type {const} */ ([null, KEM_PUBLIC_BYTES, 8]);
const KID = /^[A-Za-z0-9]{1,64}$/;

/**
 * @param {Bytes} identity moderation-id of the site, which the caller has pinned
 * @param {Bytes} record
 * @param {Bytes} signature
 * @returns {Promise<ModerationKey>}
 */
export async function readModerationKey(identity, record, signature) {
  require(await verify(identity, signature, record), "bad_signature", "not by this moderation-id");
  const [kid, publicKey, notAfter] = parse(record, "m1:moderation-key", KEY_WIDTHS);
  checkKemKey(publicKey);
  const name = fromUtf8(kid);
  require(KID.test(name), "bad_record", "kid of a moderation key");
  return { kid: name, publicKey, notAfter: readInteger(notAfter) };
}

/** @param {Item} item @returns {Bytes} */
export function encodeItem({ hdr, m, kf, kid, r, time, ctHash, seq, chosen }) {
  const place = [u64(time), ctHash, u64(seq), u8(chosen ? 1 : 0)];
  return cat("m1:report-item", hdr, m, kf, kid, r, ...place);
}

/** @param {Report} report @returns {Bytes} what is sealed */
export function encodeReport({ reporter, peer, note, items }) {
  const chosen = items.filter((item) => item.chosen).length;
  const fits = chosen <= CHOSEN_MAX && items.length - chosen <= BEFORE_MAX;
  require(fits, "choose_fewer", "messages of a report");
  require(utf8(note).length <= NOTE_MAX, "note_long", "note of a report");
  const joined = concat(...items.map(encodeItem).flatMap((item) => [u32(item.length), item]));
  const plain = cat("m1:report", u8(VERSION), reporter, peer, note, joined);
  require(plain.length <= PLAIN_MAX, "choose_fewer", "bytes of a report");
  return plain;
}

/** @param {string} kid of the moderation key @param {Bytes} id of the report @param {Bytes} reporter */
export function reportInfo(kid, id, reporter) {
  return cat("m1:report", kid, id, reporter);
}

/**
 * @param {ModerationKey} key
 * @param {Bytes} id of the report
 * @param {Report} report
 * @param {number} now ms
 * @returns {Promise<Bytes>} enc ‖ ct
 */
export async function sealReport(key, id, report, now) {
  if (now >= key.notAfter) throw new M1Error("key_old", "ask for the moderation key again");
  return await hpkeSeal(key.publicKey, encodeReport(report), reportInfo(key.kid, id, report.reporter));
}
