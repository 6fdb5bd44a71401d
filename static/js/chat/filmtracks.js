// Where the samples of a track lie in a film (ISO/IEC 14496-12, 8.7). Each table is read once, and no further than it
// reaches: what it says of itself may be a lie.

import { bodyOf, boxesIn, named } from "./filmboxes.js";

/** @typedef {import("./filmboxes.js").Bytes} Bytes */
/** @typedef {{from: number, to: number}} Span bytes of the film */

const IN_THIS_FILE = 1; // flag of a place of data

/**
 * @param {Bytes} track a `trak`
 * @param {number} most
 * @returns {Span[] | null} in the order of the track, those that follow each other as one; null: there are more, or its tables do not say it
 */
export function spansOf(track, most) {
  const media = only(track, "mdia", "minf");
  const table = media && only(media, "stbl");
  if (!table || !isHere(media)) return null;
  const [sizes, runs, chunks] = [sizesOf(table), runsOf(table), chunksOf(table)];
  return sizes && runs && chunks && gathered(sizes, runs, chunks, most);
}

/**
 * @param {Sizes} sizes
 * @param {Runs} runs
 * @param {Chunks} chunks
 * @param {number} most
 * @returns {Span[] | null}
 */
function gathered(sizes, runs, chunks, most) {
  /** @type {Span[]} */ const spans = [];
  let [run, sample] = [0, 0];
  if (!runs.count && chunks.count) return null; // of a film in pieces, both are 0
  for (let chunk = 0; chunk < chunks.count; chunk++) {
    while (run + 1 < runs.count && runs.first(run + 1) <= chunk + 1) run++;
    const count = runs.samples(run);
    if (runs.first(run) > chunk + 1 || count > sizes.count - sample) return null;
    const from = chunks.at(chunk);
    const to = from + sizes.sum(sample, count);
    const last = spans.at(-1);
    if (last?.to === from) last.to = to;
    else if (to > from && spans.push({ from, to }) > most) return null; // what is empty lies nowhere
    sample += count;
  }
  return sample === sizes.count ? spans : null;
}

/** @typedef {{count: number, sum: (first: number, count: number) => number}} Sizes bytes of samples */
/** @param {Bytes} table @returns {Sizes | null} */
function sizesOf(table) {
  const body = tableOf(table, "stsz", 12);
  if (!body) return null;
  const [each, count] = [body.getUint32(4), body.getUint32(8)];
  if (each) return { count, sum: (_, some) => each * some };
  if (body.byteLength < 12 + 4 * count) return null;
  const sum = (/** @type {number} */ first, /** @type {number} */ some) => {
    let bytes = 0;
    for (let n = first; n < first + some; n++) bytes += body.getUint32(12 + 4 * n);
    return bytes;
  };
  return { count, sum };
}

/** @typedef {{count: number, first: (n: number) => number, samples: (n: number) => number}} Runs of chunks alike; the first chunk is 1 */
/** @param {Bytes} table @returns {Runs | null} */
function runsOf(table) {
  const body = tableOf(table, "stsc", 8);
  const count = body?.getUint32(4) ?? 0;
  if (!body || body.byteLength < 8 + 12 * count) return null;
  return { count, first: (n) => body.getUint32(8 + 12 * n), samples: (n) => body.getUint32(12 + 12 * n) };
}

/** @typedef {{count: number, at: (n: number) => number}} Chunks where they begin */
/** @param {Bytes} table @returns {Chunks | null} */
function chunksOf(table) {
  const short = tableOf(table, "stco", 8);
  const body = short ?? tableOf(table, "co64", 8);
  if (!body) return null;
  const count = body.getUint32(4);
  if (body.byteLength < 8 + (short ? 4 : 8) * count) return null;
  return { count, at: short ? (n) => short.getUint32(8 + 4 * n) : (n) => Number(body.getBigUint64(8 + 8 * n)) };
}

/** @param {Bytes} table @param {string} name @param {number} least bytes @returns {DataView | null} */
function tableOf(table, name, least) {
  const box = only(table, name);
  const body = box && bodyOf(box);
  return body && body.byteLength >= least ? body : null;
}

/** Whether its samples lie in this file, and not beside it. @param {Bytes} media a `minf` */
function isHere(media) {
  const places = only(media, "dinf", "dref");
  if (!places) return false;
  let count = 0;
  // Behind version, flags and a count.
  for (const place of boxesIn(places, 8)) {
    const body = bodyOf(place);
    if (body.byteLength < 4 || !(body.getUint32(0) & IN_THIS_FILE)) return false;
    count++;
  }
  return count > 0;
}

/** @param {Bytes} box @param {string[]} names from outside in @returns {Bytes | null} null: there is none, or more than one */
function only(box, ...names) {
  /** @type {Bytes | null} */ let found = box;
  for (const name of names) {
    /** @type {Bytes[]} */ const inner = found ? named(found, name, 2) : [];
    found = inner.length === 1 ? /** @type {Bytes} */ (inner[0]) : null;
  }
  return found;
}
