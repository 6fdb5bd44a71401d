// Epoch records (docs/encryption.md 4.7): made, verified, opened. HPKE base mode authenticates
// nobody, so `verifyEpoch` comes before `openEpoch`, always: otherwise the server chose the key.

import { deviceOf } from "./devicelist.js";
import { cat, compare, equal, random, require, sha256, u32, ZERO32 } from "./encoding.js";
import { encodeHeader, parseEpoch, REASON, side } from "./epochrecord.js";
import { hpkeOpen, hpkeSeal, sign, verify } from "./keys.js";
import { box, hkdf, openBox } from "./symmetric.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */
/** @typedef {import("./devicelist.js").Link} Link */
/** @typedef {import("./epochrecord.js").Epoch} Epoch */
/** @typedef {import("./epochrecord.js").Side} Side */
/** @typedef {{epoch: Epoch, secret: Bytes}} OpenEpoch */
/** @typedef {{uid: Bytes, g: number, seed: Bytes}} BoxOwner the user-key generation of a box */

export { parseEpoch, REASON, side };

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

/**
 * The signature by a device that the named link lists, and the place in the chain of records.
 * @param {Epoch} epoch
 * @param {object} expected
 * @param {Bytes} expected.conn
 * @param {Bytes} expected.me
 * @param {Bytes} expected.peer
 * @param {(uid: Bytes, hash: Bytes) => Link | undefined} expected.linkByHash verified links only
 * @param {Bytes} [expected.previousHash] H(E_{n-1}), where it is known
 * @param {Epoch | undefined} [expected.previous] E_{n-1}, where it is at hand
 * @param {(uid: Bytes) => boolean} [expected.restarted] whether the present chain began with a reset
 * @returns {Promise<void>}
 */
export async function verifyEpoch(epoch, expected) {
  const { conn, me, peer, linkByHash, previous } = expected;
  const { previousHash = previous?.hash ?? epoch.prevHash } = expected;
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
  require(equal(epoch.prevHash, previousHash), "bad_epoch", "another predecessor");
  if (!previous) return;
  require(epoch.n === previous.n + 1, "bad_epoch", "not the next one");
  if (epoch.reason === REASON.RESET) checkReset(epoch, previous, expected);
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
 * A parent may be left out only because an AIK changed. A reader who met the new identity first does
 * not know the old one: a chain that begins with a reset is enough.
 * @param {Epoch} epoch
 * @param {Epoch} previous
 * @param {{linkByHash: (uid: Bytes, hash: Bytes) => Link | undefined, restarted?: (uid: Bytes) => boolean}} known
 */
function checkReset(epoch, previous, { linkByHash, restarted = () => false }) {
  const changed = [/** @type {const} */ ("lo"), /** @type {const} */ ("hi")].some((which) => {
    const before = linkByHash(previous[which].uid, previous[which].linkHash);
    if (!before) return restarted(previous[which].uid);
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

/** @param {Bytes} header @param {Bytes} uid @returns {Bytes} */
export function wrapInfo(header, uid) {
  return cat("m1:epoch-wrap", header, uid);
}

/** @param {Bytes} conn @param {OpenEpoch | null} parent @returns {Promise<Bytes>} ck */
export async function chainKey(conn, parent) {
  if (!parent) return ZERO32;
  return hkdf(ZERO32, parent.secret, cat("m1:epoch-chain", conn, u32(parent.epoch.n)), 32);
}

/** @param {Bytes} chain @param {Bytes} x @param {Bytes} hdrHash @returns {Promise<Bytes>} ES_n */
export function epochSecret(chain, x, hdrHash) {
  return hkdf(chain, x, cat("m1:epoch-root", hdrHash), 32);
}

/** @param {Bytes} secret @returns {Promise<Bytes>} */
export function keyCheck(secret) {
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
