// The signed device list (docs/encryption.md 4.3): one hash chain per account, each link a full
// snapshot. `extendChain` holds the policy: what may follow what, and the one exception, a reset.

import {
  cat,
  compare,
  concat,
  equal,
  NONE32,
  parse,
  readInteger,
  require,
  sha256,
  u8,
  u32,
  u64,
  ZERO32,
} from "./encoding.js";
import { checkKemKey, checkSigningKey, KEM_PUBLIC_BYTES, SUITE, sign, verify } from "./keys.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */
/** @typedef {{id: Bytes, dsk: Bytes, dkk: Bytes, added: number}} Device */
/**
 * @typedef {object} LinkFields
 * @property {Bytes} uid
 * @property {number} k
 * @property {Bytes} prev H(link_{k-1})
 * @property {Bytes} aik
 * @property {Device[]} devices sorted by id
 * @property {number} g
 * @property {Bytes} uk
 * @property {Bytes} recovery
 * @property {number} flags
 * @property {number} ms
 */
/** @typedef {LinkFields & {bytes: Bytes, hash: Bytes}} Link `bytes` = link‖sig, as stored and sent */
/** @typedef {{k: number, hash: Bytes, aik: Bytes}} Pin */
/**
 * What a look at the directory brought: `reset` needs a blocking screen before it is kept.
 * @typedef {"first" | "same" | "grown" | "reset"} ChainEvent
 */

export const REVOKES = 1;
export const RESET = 2;
export const MAX_DEVICES = 20;
const SIGNATURE_BYTES = 64;
const DEVICE_BYTES = 1303;
const DEVICE_WIDTHS = /** @type {const} */ ([16, 32, 1, KEM_PUBLIC_BYTES, 8]);
const LINK_WIDTHS = /** @type {const} */ ([16, 4, 32, 32, null, 4, KEM_PUBLIC_BYTES, KEM_PUBLIC_BYTES, 1, 8]);

/**
 * @param {LinkFields} fields devices in any order
 * @param {CryptoKey} aikPrivate
 * @returns {Promise<Link>}
 */
export async function signLink(fields, aikPrivate) {
  const devices = [...fields.devices].sort((a, b) => compare(a.id, b.id));
  const body = encodeLink({ ...fields, devices });
  return parseLink(concat(body, await sign(aikPrivate, body)));
}

/** @param {LinkFields} link @returns {Bytes} */
function encodeLink(link) {
  const { uid, k, prev, aik, g, uk, recovery, flags, ms } = link;
  const devs = concat(...link.devices.map(encodeDevice));
  return cat("m1:list", uid, u32(k), prev, aik, devs, u32(g), uk, recovery, u8(flags), u64(ms));
}

/** @param {Device} device */
function encodeDevice({ id, dsk, dkk, added }) {
  return cat("m1:dev", id, dsk, u8(SUITE), dkk, u64(added));
}

/**
 * Shape, every key, and AIK's signature. Says nothing of the link's place in a chain.
 * @param {Bytes} bytes
 * @returns {Promise<Link>}
 */
export async function parseLink(bytes) {
  const body = bytes.slice(0, -SIGNATURE_BYTES);
  const [uid, k, prev, aik, devs, g, uk, recovery, flags, ms] = parse(body, "m1:list", LINK_WIDTHS, "bad_link");
  const link = {
    uid,
    k: readInteger(k),
    prev,
    aik,
    devices: parseDevices(devs),
    g: readInteger(g),
    uk,
    recovery,
    flags: readInteger(flags),
    ms: readInteger(ms),
    bytes,
    hash: await sha256(bytes),
  };
  checkShape(link);
  checkKemKey(uk);
  checkKemKey(recovery);
  require(await verify(aik, bytes.slice(-SIGNATURE_BYTES), body), "bad_signature", "link");
  return link;
}

/** @param {Bytes} devs @returns {Device[]} */
function parseDevices(devs) {
  const count = devs.length / DEVICE_BYTES;
  require(Number.isInteger(count) && count >= 1 && count <= MAX_DEVICES, "bad_link", "devices");
  return Array.from({ length: count }, (_, i) => {
    return parseDevice(devs.slice(i * DEVICE_BYTES, (i + 1) * DEVICE_BYTES));
  });
}

/** @param {Bytes} record @returns {Device} */
function parseDevice(record) {
  const [id, dsk, suite, dkk, added] = parse(record, "m1:dev", DEVICE_WIDTHS, "bad_link");
  require(readInteger(suite) === SUITE, "bad_link", "unknown suite of a device");
  require(id.some(Boolean), "bad_link", "sixteen zero bytes stand for recovery");
  checkSigningKey(dsk);
  checkKemKey(dkk);
  return { id, dsk, dkk, added: readInteger(added) };
}

/** @param {LinkFields} link */
function checkShape({ devices, k, g, flags }) {
  const sorted = devices.every((device, i) => {
    const before = devices[i - 1];
    return !before || compare(before.id, device.id) < 0;
  });
  require(sorted, "bad_link", "devices unsorted or listed twice");
  require(k >= 1 && k < NONE32 && g >= 1 && g < NONE32, "bad_link", "k and g count from 1");
  require((flags & ~(REVOKES | RESET)) === 0, "bad_link", "unknown flags");
}

/**
 * Follow an account's chain. `known` are links verified before (may be empty: first contact, from
 * k = 1); `received` is what the directory sent: what follows them, or a new chain from k = 1.
 * @param {Bytes} uid
 * @param {Link[]} known
 * @param {Bytes[]} received
 * @returns {Promise<{links: Link[], event: ChainEvent}>} the whole chain, oldest first
 */
export async function extendChain(uid, known, received) {
  const fresh = [];
  for (const bytes of received) fresh.push(await parseLink(bytes));
  const [first] = fresh;
  if (!first) {
    require(known.length > 0, "bad_link", "an empty chain");
    return { links: known, event: "same" };
  }
  const restart = isRestart(known.at(-1), first);
  const links = restart ? [] : [...known];
  for (const link of fresh) {
    const head = links.at(-1);
    if (head) checkNext(link, head);
    else checkStart(link, uid);
    links.push(link);
  }
  const event = restart ? "reset" : known.length ? "grown" : "first";
  return { links, event };
}

/**
 * @param {Link | undefined} head
 * @param {Link} first
 */
function isRestart(head, first) {
  return Boolean(head && first.k === 1 && first.flags & RESET && !equal(head.aik, first.aik));
}

/**
 * @param {Link} link
 * @param {Bytes} uid
 */
function checkStart(link, uid) {
  require(equal(link.uid, uid), "bad_chain", "another account");
  require(link.k === 1 && equal(link.prev, ZERO32), "bad_chain", "does not start at k = 1");
  require(link.g === 1, "bad_chain", "does not start at g = 1");
  require(!(link.flags & REVOKES), "bad_chain", "nothing to revoke yet");
}

/**
 * @param {Link} link
 * @param {Link} head
 */
function checkNext(link, head) {
  require(link.k === head.k + 1, "bad_chain", `k ${link.k} after ${head.k}`);
  require(equal(link.prev, head.hash), "bad_chain", "another predecessor");
  require(equal(link.uid, head.uid), "bad_chain", "another account");
  require(equal(link.aik, head.aik) && !(link.flags & RESET), "bad_chain", "reset inside a chain");
  const sameKey = equal(link.uk, head.uk);
  require(link.g === head.g ? sameKey : link.g === head.g + 1 && !sameKey, "bad_chain", "generation");
  require(!(link.flags & REVOKES) || link.g === head.g + 1, "bad_chain", "revokes without g + 1");
}

/**
 * The fields of the link after `head`; sign them with AIK.
 * @param {Link} head
 * @param {Partial<LinkFields> & {ms: number}} changes
 * @returns {LinkFields}
 */
export function nextFields(head, changes) {
  const { uid, aik, devices, g, uk, recovery } = head;
  return { uid, k: head.k + 1, prev: head.hash, aik, devices, g, uk, recovery, flags: 0, ...changes };
}

/**
 * A list that ends below what was verified, and says the same up to there: an older backup was put back.
 * @param {Bytes[]} received from its first link
 * @param {Link[]} known
 */
export function isBehind(received, known) {
  const agree = received.every((bytes, i) => known[i] && equal(bytes, known[i].bytes));
  return received.length > 0 && received.length < known.length && agree;
}

/** @param {Link} link @param {Bytes} id @returns {Device | undefined} */
export function deviceOf(link, id) {
  return link.devices.find((device) => equal(device.id, id));
}

/** @param {Link[]} links @returns {Link | undefined} the newest link that revokes or resets */
export function lastRevocation(links) {
  return links.findLast((link) => link.flags !== 0);
}
