// Where the samples of a track lie in a film in pieces (ISO/IEC 14496-12, 8.8): each piece, a `moof`, has a `traf` for each
// track. As in filmtracks.js, what a table says of itself may be a lie.

import { bodyOf, boxesIn, named, nameOf } from "./filmboxes.js";

/** @typedef {import("./filmboxes.js").Bytes} Bytes */
/** @typedef {import("./filmtracks.js").Span} Span */
/** @typedef {import("./filmplaces.js").Index} Piece a `moof` */
/** @typedef {{box: Bytes, track: number, piece: Piece, first: boolean, leant: boolean}} Part a `traf`; `first`: of its piece; `leant`: the next one begins where its samples end */
/** @typedef {{at: number, size: number | null}} Head where its samples begin; `size` of each, where runs do not say it */

// Flags of a head and of a run: which fields there are.
const BASE = 0x01;
const DESCRIPTION = 0x02;
const DURATION = 0x08;
const SIZE = 0x10;
const BASE_IS_PIECE = 0x2_0000;
const OFFSET = 0x01;
const FIRST_FLAGS = 0x04;
const EACH_DURATION = 0x100;
const EACH_SIZE = 0x200;
const EACH_MORE = [EACH_DURATION, EACH_SIZE, 0x400, 0x800];
const FLAGS = 0xff_ffff; // beside the version
export const NOBODY = -1;

/** @param {Piece[]} pieces @returns {Part[]} */
export function partsOf(pieces) {
  return pieces.flatMap((piece) =>
    named(piece.bytes, "traf").map((box, n, all) => {
      const next = all[n + 1];
      return { box, track: trackOf(box), piece, first: n === 0, leant: next !== undefined && leans(next) };
    }),
  );
}

/** Whether it begins where the samples of the one before it end. @param {Bytes} box a `traf` */
function leans(box) {
  const [head] = named(box, "tfhd").map(bodyOf);
  return !head || head.byteLength < 4 || !(head.getUint32(0) & (BASE | BASE_IS_PIECE));
}

/** @param {Bytes} box of which one inner box says it @returns {number} NOBODY: none does, or several */
function trackOf(box) {
  const heads = named(box, "tfhd").map(bodyOf);
  const [head] = heads;
  return head && heads.length === 1 && head.byteLength >= 8 ? head.getUint32(4) : NOBODY;
}

/** @param {Bytes} track a `trak` @returns {number} its number; NOBODY: it does not say it */
export function numberOf(track) {
  const heads = named(track, "tkhd").map(bodyOf);
  const [head] = heads;
  if (!head || heads.length !== 1 || head.byteLength < 24) return NOBODY;
  return head.getUint32(head.getUint8(0) === 1 ? 20 : 12); // behind two times
}

/**
 * What an index says of each sample of its tracks.
 * @param {Bytes} index
 * @returns {Map<number, number | null>} bytes, by number; null: it says so twice
 */
export function sizesIn(index) {
  /** @type {Map<number, number | null>} */ const sizes = new Map();
  for (const said of named(index, "mvex"))
    for (const box of boxesIn(said)) {
      const body = bodyOf(box);
      if (nameOf(box) !== "trex" || body.byteLength < 24) continue;
      const track = body.getUint32(4);
      sizes.set(track, sizes.has(track) ? null : body.getUint32(16));
    }
  return sizes;
}

/**
 * @param {Part[]} parts of one track
 * @param {number | null} size of each sample, where its piece does not say it
 * @param {number} most
 * @returns {Span[] | null} null: there are more, or they do not say it
 */
export function spansOfParts(parts, size, most) {
  /** @type {Span[]} */ const spans = [];
  for (const part of parts) {
    const head = headOf(part, size);
    if (!head || part.leant) return null;
    const base = head.at;
    let at = base;
    for (const box of named(part.box, "trun")) {
      const run = runOf(bodyOf(box), head.size);
      if (!run) return null;
      const from = run.offset === undefined ? at : base + run.offset;
      at = from + run.bytes;
      if (run.bytes && spans.push({ from, to: at }) > most) return null;
    }
  }
  return spans;
}

/** @param {Part} part @param {number | null} size @returns {Head | null} */
function headOf({ box, piece, first }, size) {
  const body = bodyOf(/** @type {Bytes} */ (named(box, "tfhd")[0]));
  const flags = body.getUint32(0) & FLAGS;
  const has = (/** @type {number} */ flag) => (flags & flag ? 1 : 0);
  const sizeAt = 8 + 8 * has(BASE) + 4 * has(DESCRIPTION) + 4 * has(DURATION);
  if (body.byteLength < sizeAt + 4 * has(SIZE)) return null;
  // Else it would begin where the samples of the track before it end: nobody writes that.
  if (!has(BASE) && !has(BASE_IS_PIECE) && !first) return null;
  const at = has(BASE) ? Number(body.getBigUint64(8)) : piece.from;
  return { at, size: has(SIZE) ? body.getUint32(sizeAt) : size };
}

/** @param {DataView} body @param {number | null} size @returns {{bytes: number, offset: number | undefined} | null} */
function runOf(body, size) {
  if (body.byteLength < 8) return null;
  const flags = body.getUint32(0) & FLAGS;
  const [count, offset] = [body.getUint32(4), flags & OFFSET ? 4 : 0];
  const table = 8 + offset + (flags & FIRST_FLAGS ? 4 : 0);
  const each = 4 * EACH_MORE.filter((flag) => flags & flag).length;
  if (body.byteLength < table + each * count) return null;
  let bytes = (size ?? 0) * count;
  if (flags & EACH_SIZE) {
    bytes = 0;
    const sizeAt = table + (flags & EACH_DURATION ? 4 : 0);
    for (let n = 0; n < count; n++) bytes += body.getUint32(sizeAt + each * n);
  } else if (size === null && count) return null;
  return { bytes, offset: offset ? body.getInt32(8) : undefined };
}
