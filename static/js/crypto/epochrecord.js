// The epoch record as bytes (docs/encryption.md 4.7): shape, and the rules that need nothing else.

import { cat, compare, equal, NONE32, parse, readInteger, require, sha256, u8, u32, u64, ZERO32 } from "./encoding.js";
import { SUITE, WRAP_BYTES } from "./keys.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */
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

/** @param {Epoch} epoch @param {Bytes} uid @returns {Side} */
export function side(epoch, uid) {
  const found = [epoch.lo, epoch.hi].find((candidate) => equal(candidate.uid, uid));
  require(found, "bad_epoch", "not of this pair");
  return found;
}
