// Epoch records and their boxes.

import { parseLink } from "../../static/js/crypto/devicelist.js";
import { cat, equal, hex, sha256 } from "../../static/js/crypto/encoding.js";
import { encodeHeader } from "../../static/js/crypto/epochrecord.js";
import * as epochs from "../../static/js/crypto/epochs.js";
import { sign, signingKeyFromSeed } from "../../static/js/crypto/keys.js";
import { maybe, read, reads } from "./octets.js";
import { directory } from "./vector_functions_lists.js";

/** @type {Record<string, (given: any) => any>} */
export const EPOCHS = {
  epoch_header: async (given) => {
    const { n, parent, reason, ms } = given;
    const [conn, prevHash, creator, device] = reads(given, "conn", "previous_hash", "creator", "device");
    const lo = sideOf(await parseLink(read(given.low_link)));
    const hi = sideOf(await parseLink(read(given.high_link)));
    const header = encodeHeader({ conn, n, parent, prevHash, lo, hi, creator, device, reason, ms });
    return { header: hex(header), hash: hex(await sha256(header)) };
  },
  epoch_secret: async (given) => {
    const parent = given.parent === null ? null : parentOf(given.parent, read(given.parent_secret));
    const chain = await epochs.chainKey(read(given.conn), parent);
    const secret = await epochs.epochSecret(chain, read(given.x), read(given.header_hash));
    return { secret: hex(secret), kcv: hex(await epochs.keyCheck(secret)) };
  },
  epoch_sign: async (given) => {
    const [header, kcv, low, high] = reads(given, "header", "kcv", "wrap_low", "wrap_high");
    const { privateKey } = await signingKeyFromSeed(read(given.dsk_seed));
    const signature = await sign(privateKey, cat("m1:epoch-rec", header, kcv, low, high));
    const record = cat("m1:epoch", header, kcv, low, high, signature);
    return { signature: hex(signature), length: record.length, record_hash: hex(await sha256(record)) };
  },
  epoch_verify: async (given) => {
    const epoch = await epochs.parseEpoch(read(given.record));
    const low = await parseLink(read(given.low_link));
    const high = await parseLink(read(given.high_link));
    const linkByHash = directory([low, high]);
    const place = { conn: read(given.conn), me: low.uid, peer: high.uid, linkByHash };
    await epochs.verifyEpoch(epoch, { ...place, previousHash: read(given.previous_hash) });
    return { n: epoch.n, parent: epoch.parent, reason: epoch.reason, hash: hex(epoch.hash) };
  },
  epoch_wrap_info: async ({ header, uid }) => {
    return { hash: hex(await sha256(epochs.wrapInfo(read(header), read(uid)))) };
  },
  epoch_open: async (given) => {
    const epoch = await epochs.parseEpoch(read(given.record));
    const record = maybe(given.parent_record);
    const parent = record && { epoch: await epochs.parseEpoch(record), secret: read(given.parent_secret) };
    const mine = { me: read(given.uid), seed: read(given.seed), parent };
    return { secret: hex((await epochs.openEpoch(epoch, mine)).secret) };
  },
  es_box_seal: async (given) => {
    const open = { epoch: await epochs.parseEpoch(read(given.record)), secret: read(given.secret) };
    return { box: hex(await epochs.sealEsBox(open, ownerOf(given), read(given.nonce))) };
  },
  es_box_open: async (given) => {
    const epoch = await epochs.parseEpoch(read(given.record));
    const { secret } = await epochs.openEsBox(epoch, ownerOf(given), read(given.box));
    return { secret: hex(secret) };
  },
};

/** @param {any} link */
function sideOf({ uid, k, hash, g }) {
  return { uid, k, linkHash: hash, g };
}

/** @param {number} n @param {any} secret @returns {any} all that a chain key needs of a parent */
function parentOf(n, secret) {
  return { epoch: { n }, secret };
}

/** @param {any} given */
function ownerOf({ uid, g, seed }) {
  return { uid: read(uid), g, seed: read(seed) };
}

/** @param {any} epoch @param {any} uid @returns {number} the generation that the record names */
export function generationOf(epoch, uid) {
  return equal(epoch.lo.uid, uid) ? epoch.lo.g : epoch.hi.g;
}
