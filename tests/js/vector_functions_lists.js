// Device lists, pairing, user-key wraps and boxes.

import * as devicelist from "../../static/js/crypto/devicelist.js";
import { equal, hex, sha256 } from "../../static/js/crypto/encoding.js";
import { signingKeyFromSeed } from "../../static/js/crypto/keys.js";
import * as pairing from "../../static/js/crypto/pairing.js";
import * as userkeys from "../../static/js/crypto/userkeys.js";
import { read, reads } from "./octets.js";

/** @type {Record<string, (given: any) => any>} */
export const LISTS = {
  link_build: async (given) => {
    const { k, g, flags, ms } = given;
    const aik = await signingKeyFromSeed(read(given.aik_seed));
    const [uid, prev, uk, recovery] = reads(given, "uid", "previous_hash", "user_key", "recovery_key");
    const devices = given.devices.map(listed);
    const fields = { uid, k, prev, aik: aik.publicKey, devices, g, uk, recovery, flags, ms };
    const { bytes, hash } = await devicelist.signLink(fields, aik.privateKey);
    const unsigned = await sha256(bytes.slice(0, -64));
    return { length: bytes.length, unsigned_hash: hex(unsigned), signature: hex(bytes.slice(-64)), hash: hex(hash) };
  },
  link_verify: async ({ link }) => {
    const { uid, k, aik, devices, g, flags, ms, hash } = await devicelist.parseLink(read(link));
    const ids = devices.map(({ id }) => hex(id));
    return { uid: hex(uid), k, aik: hex(aik), devices: ids, g, flags, ms, hash: hex(hash) };
  },
  list_follow: async ({ uid, pin, links }) => {
    const known = pin === null ? [] : [await devicelist.parseLink(read(pin))];
    const followed = await devicelist.extendChain(read(uid), known, links.map(read));
    const { k, hash } = /** @type {any} */ (followed.links.at(-1));
    const changed = followed.event === "grown" || followed.event === "reset";
    return { k, hash: hex(hash), changed, needs_blocking_screen: followed.event === "reset" };
  },
  pair_derive: async ({ typed }) => {
    const { pairId, kN, kE } = await keysOf(typed);
    return { pair_id: hex(pairId), k_new: hex(kN), k_existing: hex(kE) };
  },
  pair_offer: async (given) => {
    return { mac: hex(await pairing.offerMac(await keysOf(given.typed), offerOf(given))) };
  },
  pair_check_offer: async (given) => {
    await pairing.checkOffer(await keysOf(given.typed), offerOf(given), read(given.mac));
    return {};
  },
  pair_answer: async (given) => {
    return { mac: hex(await pairing.answerMac(await keysOf(given.typed), answerOf(given))) };
  },
  pair_check_answer: async (given) => {
    await pairing.checkAnswer(await keysOf(given.typed), answerOf(given), read(given.mac));
    return {};
  },
  user_wrap_info: async ({ uid, g, device, link_hash }) => {
    const context = { uid: read(uid), g, deviceId: read(device), linkHash: read(link_hash) };
    const bytes = userkeys.wrapInfo(context);
    return { bytes: hex(bytes), hash: hex(await sha256(bytes)) };
  },
  user_wrap_open: async (given) => {
    const [device, seed, wrap] = reads(given, "device", "seed", "wrap");
    const link = await devicelist.parseLink(read(given.link));
    return { user_key_seed: hex(await userkeys.openWrapOfLink(link, device, seed, wrap)) };
  },
  prev_seal: async ({ g, ...given }) => {
    const [uid, seed, before, nonce] = reads(given, "uid", "seed", "previous_seed", "nonce");
    return { box: hex(await userkeys.sealPrevious(uid, g, seed, before, nonce)) };
  },
  prev_open: async ({ g, ...given }) => {
    const [uid, seed, box] = reads(given, "uid", "seed", "box");
    return { previous_seed: hex(await userkeys.openPrevious(uid, g, seed, box)) };
  },
  note_seal: async (given) => {
    const [seed, nonce] = reads(given, "seed", "nonce");
    const note = await userkeys.sealNote(seed, rowOf(given), given.text, nonce);
    return { note: hex(note), hash: hex(await sha256(note)) };
  },
  note_open: async (given) => {
    return { json: await userkeys.openNote(read(given.seed), rowOf(given), read(given.note)) };
  },
};

/** @param {any} device */
function listed({ id, signing_key, kem_key, added }) {
  return { id: read(id), dsk: read(signing_key), dkk: read(kem_key), added };
}

/** @param {string} typed */
function keysOf(typed) {
  return pairing.pairKeys(pairing.parseLinkSecret(typed));
}

/** @param {any} given */
function offerOf({ device, signing_key, kem_key }) {
  return { deviceId: read(device), dsk: read(signing_key), dkk: read(kem_key) };
}

/** @param {any} given */
function answerOf({ link_hash, wrap, aik }) {
  return { linkHash: read(link_hash), wrap: read(wrap), aik: read(aik) };
}

/** @param {any} given */
function rowOf({ uid, g, peer, version }) {
  return { uid: read(uid), g, peer: read(peer), version };
}

/** @param {any[]} links verified @returns {(uid: any, hash: any) => any} */
export function directory(links) {
  return (uid, hash) => links.find((link) => equal(link.uid, uid) && equal(link.hash, hash));
}
