// An MP4 or MOV without the place where it was taken, the camera and the names in it (ADR 41). What says so lies in
// boxes and tracks of its own. Boxes become free space of the same length, and the samples of such a track become zeros, so
// nothing else moves and no frame is encoded again. Of a film of any size only the heads of its boxes and its index are
// read; the rest is the file itself.
//
// Policy: `TELLING` (which boxes go), `SEEN_OR_HEARD` (which tracks stay), `INDEX_MAX`, `BOXES_MAX`,
// `SPANS_MAX`.

import { boxAt, boxesIn, freed, named, nameOf } from "./filmboxes.js";
import { spansOf } from "./filmtracks.js";

/** @typedef {import("./filmboxes.js").Bytes} Bytes */
/** @typedef {import("./filmtracks.js").Span} Span */
/** @typedef {Span & {bytes?: Bytes}} Change without bytes: zeros */

const TELLING = new Set(["udta", "meta", "uuid"]); // user data, item metadata, extensions such as XMP
const HOLDERS = new Set(["moov", "trak", "mdia"]); // boxes of boxes, in which those may lie
const TIMES = new Set(["mvhd", "tkhd", "mdhd"]); // when it was made and changed
const SEEN_OR_HEARD = new Set(["vide", "soun", "auxv", "tmcd", "hint"]); // depth and time codes, too; subtitles may tell
const BOXES_MAX = 10_000; // at the top, where a film in pieces has two for each; and in its index
const INDEX_MAX = 64 * 1024 * 1024; // of a film of many hours it has some MB
const DEPTH_MAX = 4;
const SPANS_MAX = 5_000; // of samples: one a second for 80 minutes
const AT_ONCE = 16; // of them become pieces of the film, until the page may answer: each takes up to 1 ms
const ZEROS_BYTES = 1024 * 1024; // in memory, once

/**
 * @typedef {object} Silent
 * @property {Blob} film the same one
 * @property {boolean} less tracks besides pictures and sound were taken out of it
 * @property {boolean} more such tracks stay in it: their samples cannot be found
 */

/** @param {Blob} film @returns {Promise<Silent | null>} null: not one that can be read from box to box */
export async function withoutPlaces(film) {
  /** @type {(Span & {bytes: Bytes})[]} */ const indexes = [];
  /** @type {Span[]} */ const data = [];
  let at = 0;
  for (let count = 0; at < film.size; count++) {
    const box = boxAt(await bytesOf(film.slice(at, at + 16)), 0, film.size - at);
    if (!box || count === BOXES_MAX) return null;
    const span = { from: at, to: at + box.length };
    const known = TELLING.has(box.name) || HOLDERS.has(box.name);
    if (known && box.length > INDEX_MAX) return null;
    if (known) indexes.push({ ...span, bytes: await bytesOf(film.slice(span.from, span.to)) });
    if (box.name === "mdat") data.push({ from: at + box.body, to: span.to });
    at = span.to;
  }
  if (!indexes.every(({ bytes }) => silenced(bytes))) return null;
  const tracks = indexes.flatMap(({ bytes }) => (nameOf(bytes) === "moov" ? silentTracks(bytes, data) : []));
  const spans = tracks.flatMap((found) => found ?? []);
  const changes = [...indexes, ...merged(spans)].sort((a, b) => a.from - b.from);
  return { film: await changed(film, changes), less: tracks.some(Boolean), more: tracks.includes(null) };
}

/**
 * Tracks besides pictures and sound become free space, where their samples can be found.
 * @param {Bytes} index changed in place
 * @param {Span[]} data in which samples lie
 * @returns {(Span[] | null)[]} of each such track its samples; null: it stays
 */
function silentTracks(index, data) {
  const inPieces = named(index, "mvex").length > 0; // then the index does not know all samples
  let left = SPANS_MAX;
  return named(index, "trak")
    .filter((track) => !SEEN_OR_HEARD.has(kindOf(track)))
    .map((track) => {
      const spans = inPieces ? null : spansOf(track, left);
      if (!spans?.every((span) => isIn(data, span))) return null;
      left -= spans.length;
      freed(track);
      return spans;
    });
}

/** What a track is. @param {Bytes} track @returns {string} empty: it does not say it */
function kindOf(track) {
  const [handler] = named(track, "mdia").flatMap((media) => named(media, "hdlr"));
  return handler ? String.fromCharCode(...handler.subarray(16, 20)) : ""; // behind version, flags and a word
}

/** @param {Span[]} data in order @param {Span} span @returns {boolean} */
function isIn(data, { from, to }) {
  let [low, high] = [0, data.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (/** @type {Span} */ (data[middle]).to < to) low = middle + 1;
    else high = middle;
  }
  const found = data[low];
  return found !== undefined && found.from <= from;
}

/** @param {Span[]} spans of several tracks, which may lie over each other @returns {Span[]} in order, apart */
function merged(spans) {
  /** @type {Span[]} */ const apart = [];
  for (const { from, to } of spans.sort((a, b) => a.from - b.from)) {
    const last = apart.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else apart.push({ from, to });
  }
  return apart;
}

/** @param {Blob} film @param {Change[]} changes in order, apart @returns {Promise<Blob>} as long as it was */
async function changed(film, changes) {
  const zeros = new Blob([new Uint8Array(changes.some(({ bytes }) => !bytes) ? ZEROS_BYTES : 0)]);
  /** @type {Blob[]} */ const done = [];
  /** @type {BlobPart[]} */ let parts = [];
  let at = 0;
  for (const [n, { from, to, bytes }] of changes.entries()) {
    if (n % AT_ONCE === AT_ONCE - 1) {
      done.push(new Blob(parts));
      parts = [];
      await new Promise((answered) => setTimeout(answered));
    }
    parts.push(film.slice(at, from));
    if (bytes) parts.push(bytes);
    else for (let n = from; n < to; n += ZEROS_BYTES) parts.push(zeros.slice(0, Math.min(ZEROS_BYTES, to - n)));
    at = to;
  }
  return new Blob([...done, ...parts, film.slice(at)]);
}

/** @param {Blob} blob @returns {Promise<Bytes>} */
async function bytesOf(blob) {
  return new Uint8Array(await blob.arrayBuffer());
}

/** @param {Bytes} index changed in place @returns {boolean} false: it has more boxes than may be */
function silenced(index) {
  const boxes = { left: BOXES_MAX };
  silence(index, boxes, 0);
  return boxes.left > 0;
}

/** @param {Bytes} box one, whole @param {{left: number}} boxes that may still be in it @param {number} depth */
function silence(box, boxes, depth) {
  const { name = "", body = box.length } = boxAt(box, 0, box.length) ?? {};
  if (TELLING.has(name)) freed(box);
  if (TIMES.has(name)) box.fill(0, body + 4, body + (box[body] === 1 ? 20 : 12)); // behind version and flags
  if (!HOLDERS.has(name) || depth === DEPTH_MAX) return;
  for (const inner of boxesIn(box)) {
    if (!boxes.left) break;
    boxes.left -= 1;
    silence(inner, boxes, depth + 1);
  }
}
