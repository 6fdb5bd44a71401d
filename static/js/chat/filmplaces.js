// An MP4 or MOV without the place where it was taken, the camera and the names in it (ADR 41). What says so lies in
// boxes and tracks of its own. Boxes become free space of the same length, and the samples of such a track become zeros, so
// nothing else moves and no frame is encoded again. Of a film of any size only the heads of its boxes and its index are
// read; the rest is the file itself.
//
// Policy: `TELLING` (which boxes go), `NEEDED` (which say nothing), `SEEN_OR_HEARD` (which tracks stay), `INDEX_MAX`,
// `BOXES_MAX`, `SPANS_MAX`.

import { boxAt, boxesIn, freed, named, nameOf } from "./filmboxes.js";
import { spansOf } from "./filmtracks.js";

/** @typedef {import("./filmboxes.js").Bytes} Bytes */
/** @typedef {import("./filmtracks.js").Span} Span */
/** @typedef {Span & {bytes?: Bytes}} Change without bytes: zeros */

// User data, item metadata, extensions such as XMP, and free space: some cameras write the way there.
const TELLING = new Set(["udta", "meta", "uuid", "free", "skip"]);
// What players need. Of any other box nobody here knows what it tells.
const NEEDED = new Set([
  ...["ftyp", "styp", "pdin", "wide", "mdat", "moov", "moof", "mfra", "sidx", "ssix"],
  ...["mvhd", "trak", "mvex", "iods", "pssh", "tkhd", "edts", "tref", "trgr", "tapt", "load"],
  ...["mdia", "mdhd", "hdlr", "minf", "elng"],
]);
const HOLDERS = new Set(["moov", "trak", "mdia"]); // boxes of boxes, in which those may lie
const TIMES = new Set(["mvhd", "tkhd", "mdhd"]); // when it was made and changed
const SEEN_OR_HEARD = new Set(["vide", "soun", "auxv", "tmcd", "hint"]); // depth and time codes, too; subtitles may tell
// Where names lie, in bytes behind the head of their box.
const HANDLER_NAME = 24;
const STSD_HEAD = 8;
/** @type {[number, number]} */ const VENDOR = [12, 16];
/** @type {[number, number]} */ const COMPRESSOR = [42, 74];
const BOXES_MAX = 10_000; // at the top, where a film in pieces has two for each; and in its index
const INDEX_MAX = 64 * 1024 * 1024; // bytes that are read: of a film of many hours some MB
const DEPTH_MAX = 4;
const SPANS_MAX = 5_000; // of samples: one a second for 80 minutes
const AT_ONCE = 16; // of them become pieces of the film, until the page may answer: each takes up to 1 ms
const ZEROS_BYTES = 1024 * 1024; // in memory, once

/**
 * @typedef {object} Silent
 * @property {Blob} film the same one
 * @property {boolean} less tracks besides pictures and sound were taken out of it
 * @property {boolean} more such tracks stay in it: their samples cannot be found; or boxes that nobody here knows
 */

/** @param {Blob} film @returns {Promise<Silent | null>} null: not one that can be read from box to box */
export async function withoutPlaces(film) {
  /** @type {(Span & {bytes: Bytes})[]} */ const indexes = [];
  /** @type {Span[]} */ const data = [];
  let [at, bytesLeft, odd] = [0, INDEX_MAX, false];
  for (let count = 0; at < film.size; count++) {
    const box = boxAt(await bytesOf(film.slice(at, at + 16)), 0, film.size - at);
    if (!box || count === BOXES_MAX) return null;
    const span = { from: at, to: at + box.length };
    const known = TELLING.has(box.name) || HOLDERS.has(box.name);
    bytesLeft -= known ? box.length : 0;
    if (bytesLeft < 0) return null;
    odd ||= !known && !NEEDED.has(box.name);
    if (known) indexes.push({ ...span, bytes: await bytesOf(film.slice(span.from, span.to)) });
    if (box.name === "mdat") data.push({ from: at + box.body, to: span.to });
    at = span.to;
  }
  const found = indexes.map(({ bytes }) => silenced(bytes));
  for (const { bytes } of indexes) if (nameOf(bytes) === "moov") unmarked(bytes);
  if (found.some(({ left }) => !left)) return null;
  odd ||= found.some((boxes) => boxes.odd);
  const room = { left: SPANS_MAX };
  const tracks = indexes.flatMap(({ bytes }) => (nameOf(bytes) === "moov" ? silentTracks(bytes, data, room) : []));
  const spans = tracks.flatMap((found) => found ?? []);
  const changes = [...indexes, ...merged(spans)].sort((a, b) => a.from - b.from);
  return { film: await changed(film, changes), less: tracks.some(Boolean), more: odd || tracks.includes(null) };
}

/**
 * Tracks besides pictures and sound become free space, where their samples can be found.
 * @param {Bytes} index changed in place
 * @param {Span[]} data in which samples lie
 * @param {{left: number}} room for spans
 * @returns {(Span[] | null)[]} of each such track its samples; null: it stays
 */
function silentTracks(index, data, room) {
  const inPieces = named(index, "mvex").length > 0; // then the index does not know all samples
  return named(index, "trak")
    .filter((track) => !SEEN_OR_HEARD.has(kindOf(track)))
    .map((track) => {
      const spans = inPieces ? null : spansOf(track, room.left);
      if (!spans?.every((span) => isIn(data, span))) return null;
      room.left -= spans.length;
      freed(track);
      return spans;
    });
}

/**
 * The names that cameras and encoders give to their tracks are emptied: of the handler, and of a picture's vendor and
 * compressor (ISO/IEC 14496-12, 8.4.3 and 12.1.3; QuickTime File Format, "Video sample description").
 * @param {Bytes} index changed in place
 */
function unmarked(index) {
  for (const track of named(index, "trak")) {
    const media = named(track, "mdia");
    for (const handler of media.flatMap((box) => named(box, "hdlr"))) emptied(handler, HANDLER_NAME);
    const tables = media.flatMap((box) => named(box, "minf")).flatMap((box) => named(box, "stbl"));
    for (const described of kindOf(track) === "vide" ? tables.flatMap((box) => named(box, "stsd")) : [])
      for (const picture of boxesIn(described, STSD_HEAD)) {
        emptied(picture, ...VENDOR);
        emptied(picture, ...COMPRESSOR);
      }
  }
}

/** @param {Bytes} box changed in place @param {number} from behind its head @param {number} [to] */
function emptied(box, from, to = box.length) {
  const { body } = /** @type {{body: number}} */ (boxAt(box, 0, box.length));
  box.fill(0, body + from, body + to);
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

/** @typedef {{left: number, odd: boolean}} Boxes that may still come; 0: there are more. `odd`: nobody knows what one tells */
/** @param {Bytes} index changed in place @returns {Boxes} */
function silenced(index) {
  const boxes = { left: BOXES_MAX, odd: false };
  silence(index, boxes, 0);
  return boxes;
}

/** @param {Bytes} box one, whole @param {Boxes} boxes @param {number} depth */
function silence(box, boxes, depth) {
  const { name = "", body = box.length } = boxAt(box, 0, box.length) ?? {};
  if (TELLING.has(name)) freed(box);
  else boxes.odd ||= !NEEDED.has(name) || (HOLDERS.has(name) && depth === DEPTH_MAX);
  if (TIMES.has(name)) box.fill(0, body + 4, body + (box[body] === 1 ? 20 : 12)); // behind version and flags
  if (!HOLDERS.has(name) || depth === DEPTH_MAX) return;
  let end = body;
  for (const inner of boxesIn(box)) {
    if (!boxes.left) return;
    boxes.left -= 1;
    silence(inner, boxes, depth + 1);
    end += inner.length;
  }
  boxes.odd ||= box.subarray(end).some(Boolean); // behind a box that lies about its length
}
