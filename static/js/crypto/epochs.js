// Epoch records (docs/encryption.md 4.7): made, verified, opened. HPKE base mode authenticates
// nobody, so `verifyEpoch` comes before `openEpoch`, always: otherwise the server chose the key.

import {
  cat,
  compare,
  equal,
  NONE32,
  parse,
  random,
  readInteger,
  require,
  sha256,
  u8,
  u32,
  u64,
  ZERO32,
} from "./encoding.js";
import { deviceOf } from "./devicelist.js";
import { hpkeOpen, hpkeSeal, SUITE, sign, verify, WRAP_BYTES } from "./keys.js";
import { box, hkdf, openBox } from "./symmetric.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */
/** @typedef {import("./devicelist.js").Link} Link */
/** @typedef {{uid: Bytes, k: number, linkHash: Bytes, g: number}} Side */
/**
 * @typedef {object} EpochHeader
 * @property {Bytes} conn
 * @property {number} n
 * @property {number | null} parent
 * @property {Bytes} prevHash
 * @property {Side} lo
 * @property {Side} hi
 * @property {Bytes} creator
 * @property {Bytes} device
 * @property {number} reason
 * @property {number} ms
 */
/**
 * @typedef {EpochHeader & {bytes: Bytes, hash: Bytes, header: Bytes, hdrHash: Bytes, kcv: Bytes,
 *   wrapLo: Bytes, wrapHi: Bytes, signature: Bytes}} Epoch
 */
/** @typedef {{epoch: Epoch, secret: Bytes}} OpenEpoch */
/** @typedef {{uid: Bytes, g: number, seed: Bytes}} BoxOwner the user-key generation of a box */

export const REASON = {
  FIRST: 0,
  AGE: 1,
  COUNT: 2,
  REVOKED: 3,
  GENERATION: 4,
  BAD_KCV: 5,
  RESET: 6,
  DEMAND: 7,
};
const HEADER_BYTES = 294;
const HEADER_WIDTHS = /** @type {const} */ ([1, 16, 4, 4, 32, 16, 4, 32, 4, 16, 4, 32, 4, 16, 16, 1, 8]);
const RECORD_WIDTHS = /** @type {const} */ ([HEADER_BYTES, 32, WRAP_BYTES, WRAP_BYTES, 64]);
const ES_BOX_BYTES = 60;

/**
 * A candidate record. Nothing is sealed under it before the server answers "applied".
 * @param {object} plan
 * @param {Bytes} plan.conn
 * @param {Epoch | null} plan.previous the record before it
 * @param {OpenEpoch | null} plan.parent the last good epoch; null only at n = 0 and after a reset
 * @param {Link} plan.mine head of my chain
 * @param {Link} plan.theirs head of the peer's chain
 * @param {Bytes} plan.device
 * @param {CryptoKey} plan.dsk
 * @param {number} plan.reason
 * @param {number} plan.ms
 * @returns {Promise<OpenEpoch>}
 */
export async function createEpoch(plan) {
  const { conn, previous, parent, mine, theirs, device, reason, ms } = plan;
  const [low, high] = compare(mine.uid, theirs.uid) < 0 ? [mine, theirs] : [theirs, mine];
  const header = encodeHeader({
    conn,
    n: previous ? previous.n + 1 : 0,
    parent: parent ? parent.epoch.n : null,
    prevHash: previous?.hash ?? ZERO32,
    lo: sideOf(low),
    hi: sideOf(high),
    creator: mine.uid,
    device,
    reason,
    ms,
  });
  const x = random(32);
  const wrapLo = await hpkeSeal(low.uk, x, wrapInfo(header, low.uid));
  const wrapHi = await hpkeSeal(high.uk, x, wrapInfo(header, high.uid));
  return assemble({ header, x, wrapLo, wrapHi, conn, parent, dsk: plan.dsk });
}

/**
 * @param {{header: Bytes, x: Bytes, wrapLo: Bytes, wrapHi: Bytes, conn: Bytes,
 *   parent: OpenEpoch | null, dsk: CryptoKey}} parts
 * @returns {Promise<OpenEpoch>}
 */
export async function assemble({ header, x, wrapLo, wrapHi, conn, parent, dsk }) {
  const chain = await chainKey(conn, parent);
  const secret = await epochSecret(chain, x, await sha256(header));
  const kcv = await keyCheck(secret);
  const signature = await sign(dsk, cat("m1:epoch-rec", header, kcv, wrapLo, wrapHi));
  const epoch = await parseEpoch(cat("m1:epoch", header, kcv, wrapLo, wrapHi, signature));
  return { epoch, secret };
}

/** @param {Link} link @returns {Side} */
function sideOf({ uid, k, hash, g }) {
  return { uid, k, linkHash: hash, g };
}

/** @param {EpochHeader} header @returns {Bytes} */
export function encodeHeader({ conn, n, parent, prevHash, lo, hi, creator, device, reason, ms }) {
  const sides = [lo, hi].flatMap(({ uid, k, linkHash, g }) => [uid, u32(k), linkHash, u32(g)]);
  return cat(
    "m1:epoch-hdr",
    u8(SUITE),
    conn,
    u32(n),
    u32(parent ?? NONE32),
    prevHash,
    ...sides,
    creator,
    device,
    u8(reason),
    u64(ms),
  );
}

/**
 * Shape and the rules that need nothing else.
 * @param {Bytes} bytes
 * @returns {Promise<Epoch>}
 */
export async function parseEpoch(bytes) {
  const [header, kcv, wrapLo, wrapHi, signature] = parse(bytes, "m1:epoch", RECORD_WIDTHS, "bad_epoch");
  const fields = parseHeader(header);
  checkHeader(fields);
  const [hash, hdrHash] = await Promise.all([sha256(bytes), sha256(header)]);
  return { ...fields, bytes, hash, header, hdrHash, kcv, wrapLo, wrapHi, signature };
}

/** @param {Bytes} bytes @returns {EpochHeader} */
function parseHeader(bytes) {
  const [suite, conn, n, parent, prevHash, u0, k0, h0, g0, u1, k1, h1, g1, creator, device, reason, ms] = parse(
    bytes,
    "m1:epoch-hdr",
    HEADER_WIDTHS,
    "bad_epoch",
  );
  require(readInteger(suite) === SUITE, "bad_epoch", "unknown suite");
  const parentNumber = readInteger(parent);
  return {
    conn,
    n: readInteger(n),
    parent: parentNumber === NONE32 ? null : parentNumber,
    prevHash,
    lo: { uid: u0, k: readInteger(k0), linkHash: h0, g: readInteger(g0) },
    hi: { uid: u1, k: readInteger(k1), linkHash: h1, g: readInteger(g1) },
    creator,
    device,
    reason: readInteger(reason),
    ms: readInteger(ms),
  };
}

/** @param {EpochHeader} header */
function checkHeader({ n, parent, prevHash, lo, hi, creator, reason }) {
  require(n < NONE32 && reason <= REASON.DEMAND, "bad_epoch", "out of range");
  require(compare(lo.uid, hi.uid) < 0, "bad_epoch", "lo and hi");
  require(equal(creator, lo.uid) || equal(creator, hi.uid), "bad_epoch", "a stranger made it");
  require((n === 0) === (reason === REASON.FIRST), "bad_epoch", "reason 0 is that of n = 0");
  require(n > 0 || equal(prevHash, ZERO32), "bad_epoch", "nothing comes before n = 0");
  const orphan = reason === REASON.FIRST || reason === REASON.RESET;
  require((parent === null) === orphan, "bad_epoch", "without a parent only first and after reset");
  require(parent === null || parent < n, "bad_epoch", "a parent is older");
}

/**
 * The signature by a device that the named link lists, and the place in the chain of records.
 * @param {Epoch} epoch
 * @param {object} expected
 * @param {Bytes} expected.conn
 * @param {Bytes} expected.me
 * @param {Bytes} expected.peer
 * @param {(uid: Bytes, hash: Bytes) => Link | undefined} expected.linkByHash verified links only
 * @param {Epoch | undefined} [expected.previous] E_{n-1}, where it is at hand
 * @returns {Promise<void>}
 */
export async function verifyEpoch(epoch, { conn, me, peer, linkByHash, previous }) {
  require(equal(epoch.conn, conn), "bad_epoch", "another connection");
  const [low, high] = compare(me, peer) < 0 ? [me, peer] : [peer, me];
  require(equal(epoch.lo.uid, low) && equal(epoch.hi.uid, high), "bad_epoch", "another pair");
  const links = [epoch.lo, epoch.hi].map((named) => namedLink(named, linkByHash));
  const creator = links.find((link) => equal(link.uid, epoch.creator));
  const device = creator && deviceOf(creator, epoch.device);
  require(device, "bad_epoch", "the device is not listed");
  const { header, kcv, wrapLo, wrapHi, signature } = epoch;
  const signed = cat("m1:epoch-rec", header, kcv, wrapLo, wrapHi);
  require(await verify(device.dsk, signature, signed), "bad_signature", "epoch record");
  if (!previous) return;
  require(epoch.n === previous.n + 1, "bad_epoch", "not the next one");
  require(equal(epoch.prevHash, previous.hash), "bad_epoch", "another predecessor");
  if (epoch.reason === REASON.RESET) checkReset(epoch, previous, linkByHash);
}

/**
 * @param {Side} named
 * @param {(uid: Bytes, hash: Bytes) => Link | undefined} linkByHash
 * @returns {Link}
 */
function namedLink(named, linkByHash) {
  const link = linkByHash(named.uid, named.linkHash);
  require(link, "unknown_link", "fetch the device list first");
  require(equal(link.uid, named.uid), "bad_epoch", "link of another account");
  require(link.k === named.k && link.g === named.g, "bad_epoch", "k or g of another link");
  return link;
}

/**
 * A parent may be left out only because an AIK changed.
 * @param {Epoch} epoch
 * @param {Epoch} previous
 * @param {(uid: Bytes, hash: Bytes) => Link | undefined} linkByHash
 */
function checkReset(epoch, previous, linkByHash) {
  const changed = [/** @type {const} */ ("lo"), /** @type {const} */ ("hi")].some((which) => {
    const before = namedLink(previous[which], linkByHash);
    return !equal(before.aik, namedLink(epoch[which], linkByHash).aik);
  });
  require(changed, "bad_epoch", "a reset without another identity key");
}

/**
 * Open a *verified* record through my wrap. Throws bad_kcv where its creator wrapped two different
 * secrets: mark n bad and make n + 1 with reason BAD_KCV on the last good epoch.
 * @param {Epoch} epoch
 * @param {{me: Bytes, seed: Bytes, parent: OpenEpoch | null}} mine seed of my g in this record
 * @returns {Promise<OpenEpoch>}
 */
export async function openEpoch(epoch, { me, seed, parent }) {
  require((parent?.epoch.n ?? null) === epoch.parent, "missing_parent", `${epoch.parent}`);
  const wrap = equal(me, epoch.lo.uid) ? epoch.wrapLo : epoch.wrapHi;
  const x = await hpkeOpen(seed, wrap, wrapInfo(epoch.header, me));
  require(x.length === 32, "bad_kcv", "width of x");
  const chain = await chainKey(epoch.conn, parent);
  return checked(epoch, await epochSecret(chain, x, epoch.hdrHash));
}

/**
 * @param {OpenEpoch} open
 * @param {BoxOwner} owner
 * @param {Bytes} [nonce] of test vectors
 * @returns {Promise<Bytes>} es_box: one of my own devices verified just this record
 */
export async function sealEsBox({ epoch, secret }, owner, nonce) {
  return box(await esKey(epoch, owner), secret, esContext(epoch, owner), nonce);
}

/**
 * @param {Epoch} epoch
 * @param {BoxOwner} owner
 * @param {Bytes} sealed
 * @returns {Promise<OpenEpoch>}
 */
export async function openEsBox(epoch, owner, sealed) {
  require(sealed.length === ES_BOX_BYTES, "bad_record", "width of an es box");
  return checked(epoch, await openBox(await esKey(epoch, owner), sealed, esContext(epoch, owner)));
}

/** @param {Epoch} epoch @param {Bytes} secret @returns {Promise<OpenEpoch>} */
async function checked(epoch, secret) {
  require(equal(await keyCheck(secret), epoch.kcv), "bad_kcv");
  return { epoch, secret };
}

/** @param {Epoch} epoch @param {Bytes} uid @returns {Side} */
export function side(epoch, uid) {
  const found = [epoch.lo, epoch.hi].find((candidate) => equal(candidate.uid, uid));
  require(found, "bad_epoch", "not of this pair");
  return found;
}

/** @param {Bytes} header @param {Bytes} uid @returns {Bytes} */
export function wrapInfo(header, uid) {
  return cat("m1:epoch-wrap", header, uid);
}

/** @param {Bytes} conn @param {OpenEpoch | null} parent @returns {Promise<Bytes>} ck */
async function chainKey(conn, parent) {
  if (!parent) return ZERO32;
  return hkdf(ZERO32, parent.secret, cat("m1:epoch-chain", conn, u32(parent.epoch.n)), 32);
}

/** @param {Bytes} chain @param {Bytes} x @param {Bytes} hdrHash @returns {Promise<Bytes>} ES_n */
function epochSecret(chain, x, hdrHash) {
  return hkdf(chain, x, cat("m1:epoch-root", hdrHash), 32);
}

/** @param {Bytes} secret @returns {Promise<Bytes>} */
function keyCheck(secret) {
  return hkdf(ZERO32, secret, cat("m1:epoch-kcv"), 32);
}

/** @param {Epoch} epoch @param {BoxOwner} owner */
function esKey({ conn, n }, { seed }) {
  return hkdf(ZERO32, seed, cat("m1:es-box", conn, u32(n)), 32);
}

/** @param {Epoch} epoch @param {BoxOwner} owner */
function esContext({ hash }, { uid, g }) {
  return cat("m1:es-box", uid, u32(g), hash);
}
