// An MP4 or MOV without the place where it was taken, the camera and the names in it (ADR 41). What says so lies in
// boxes and tracks of its own. Boxes become free space of the same length, and the samples of such a track become zeros, so
// nothing else moves and no frame is encoded again. Of a film of any size only the heads of its boxes, its index and the
// heads of its pieces are read; the rest is the file itself.
//
// Policy: `TELLING` (which boxes go), `NEEDED` (which say nothing), `SEEN_OR_HEARD` (which tracks stay), `INDEX_MAX`,
// `BOXES_MAX`, `ALL_BOXES_MAX`, `SPANS_MAX`.

import { boxAt, boxesIn, FREE, freed, named } from "./filmboxes.js";
import { NOBODY, numberOf, partsOf, sizesIn, spansOfParts } from "./filmpieces.js";
import { spansOf } from "./filmtracks.js";

/** @typedef {import("./filmboxes.js").Bytes} Bytes */
/** @typedef {import("./filmtracks.js").Span} Span */
/** @typedef {Span & {bytes?: Bytes}} Change without bytes: zeros */
/** @typedef {Span & {name: string, bytes: Bytes, changed: boolean}} Index a box that is read */

// User data, item metadata, extensions such as XMP, and free space: some cameras write the way there.
const TELLING = new Set(["udta", "meta", "uuid", "free", "skip"]);
// What players need. Of any other box nobody here knows what it tells.
const NEEDED = new Set([
  ...["ftyp", "styp", "pdin", "wide", "mdat", "moov", "moof", "mfra", "sidx", "ssix"],
  ...["mvhd", "trak", "mvex", "iods", "pssh", "tkhd", "edts", "tref", "trgr", "tapt", "load"],
  ...["mdia", "mdhd", "hdlr", "minf", "elng"],
  ...["mfhd", "traf", "tfhd", "tfdt", "trun", "sbgp", "sgpd", "subs", "saiz", "saio", "senc"],
]);
const HOLDERS = new Set(["moov", "trak", "mdia", "moof", "traf"]); // boxes of boxes, in which those may lie
const TIMES = new Set(["mvhd", "tkhd", "mdhd"]); // when it was made and changed
const SEEN_OR_HEARD = new Set(["vide", "soun", "auxv", "tmcd", "hint"]); // depth and time codes, too; subtitles may tell
// Where names lie, in bytes behind the head of their box.
const HANDLER_NAME = 24;
const STSD_HEAD = 8;
/** @type {[number, number]} */ const VENDOR = [12, 16];
/** @type {[number, number]} */ const COMPRESSOR = [42, 74];
const BOXES_MAX = 10_000; // at the top, where a film in pieces has two for each; and in its index
const ALL_BOXES_MAX = 200_000; // in its index and its pieces: 40 in each of 5000
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
  const read = await readFrom(film);
  if (!read) return null;
  const { indexes, data, tables } = read;
  let boxesLeft = ALL_BOXES_MAX;
  const found = indexes.map((index) => {
    const most = Math.min(BOXES_MAX, boxesLeft);
    const boxes = silenced(index, most);
    boxesLeft -= most - boxes.left;
    return boxes;
  });
  if (found.some(({ left }) => !left)) return null;
  const { tracks, nobodys } = silentTracks(indexes, data);
  const less = tracks.some(Boolean);
  const zeros = merged(tracks.flatMap((spans) => spans ?? []));
  const changes = [...indexes.filter((index) => index.changed), ...zeros, ...(less ? tables : [])];
  const more = read.odd || nobodys || found.some(({ odd }) => odd) || tracks.includes(null);
  return {
    film: await changed(
      film,
      changes.sort((a, b) => a.from - b.from),
    ),
    less,
    more,
  };
}

/**
 * @param {Blob} film
 * @returns {Promise<{indexes: Index[], data: Span[], tables: Change[], odd: boolean} | null>} `data`: in which samples lie;
 *   `tables`: what takes away those that count tracks; `odd`: nobody knows what a box tells
 */
async function readFrom(film) {
  /** @type {Index[]} */ const indexes = [];
  /** @type {Span[]} */ const data = [];
  /** @type {Change[]} */ const tables = [];
  let [at, bytesLeft, odd] = [0, INDEX_MAX, false];
  for (let count = 0; at < film.size; count++) {
    const box = boxAt(await bytesOf(film.slice(at, at + 16)), 0, film.size - at);
    if (!box || count === BOXES_MAX) return null;
    const { name } = box;
    const span = { from: at, to: at + box.length };
    const known = TELLING.has(name) || HOLDERS.has(name);
    bytesLeft -= known ? box.length : 0;
    if (bytesLeft < 0) return null;
    odd ||= !known && !NEEDED.has(name);
    if (known) indexes.push({ ...span, name, bytes: await bytesOf(film.slice(span.from, span.to)), changed: true });
    if (name === "mdat") data.push({ from: at + box.body, to: span.to });
    if (name === "mfra") tables.push({ from: at + 4, to: at + 8, bytes: FREE }, { from: at + box.body, to: span.to });
    at = span.to;
  }
  return { indexes, data, tables, odd };
}

/**
 * Tracks besides pictures and sound become free space, where all of their samples can be found.
 * @param {Index[]} indexes changed in place
 * @param {Span[]} data in which samples lie
 * @returns {{tracks: (Span[] | null)[], nobodys: boolean}} of each such track its samples, null: it stays; and whether a
 *   piece has samples of a track that is none
 */
function silentTracks(indexes, data) {
  const all = indexes.flatMap(({ name, bytes: index }) => (name === "moov" ? tracksOf(index) : []));
  const parts = groupedBy(partsOf(indexes.filter(({ name }) => name === "moof")), ({ track }) => track);
  const same = groupedBy(all, ({ number }) => number);
  let left = SPANS_MAX;
  const found = all
    .filter(({ box }) => !SEEN_OR_HEARD.has(kindOf(box)))
    .map(({ sizes, box, number }) => {
      const own = parts.get(number) ?? [];
      // Whose samples are those, where two tracks have one number or this one has none?
      if (parts.size && (number === NOBODY || same.get(number)?.length !== 1)) return null;
      const whole = spansOf(box, left);
      const pieces = whole && spansOfParts(own, sizes.get(number) ?? null, left - whole.length - own.length);
      const spans = pieces && [...whole, ...pieces];
      if (!spans?.every((span) => isIn(data, span))) return null;
      left -= spans.length + own.length;
      freed(box);
      for (const part of own) {
        freed(part.box);
        part.piece.changed = true;
      }
      return spans;
    });
  return { tracks: found, nobodys: [...parts.keys()].some((track) => track === NOBODY || !same.has(track)) };
}

/** @param {Bytes} index */
function tracksOf(index) {
  const sizes = sizesIn(index);
  return named(index, "trak").map((box) => ({ sizes, box, number: numberOf(box) }));
}

/** @template T @param {T[]} all @param {(one: T) => number} numberOf @returns {Map<number, T[]>} */
function groupedBy(all, numberOf) {
  /** @type {Map<number, T[]>} */ const groups = new Map();
  for (const one of all) {
    const group = groups.get(numberOf(one));
    if (group) group.push(one);
    else groups.set(numberOf(one), [one]);
  }
  return groups;
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

/** @typedef {{left: number, odd: boolean, freed: boolean}} Boxes that may still come; 0: there are more. `odd`: nobody knows what one tells */
/** @param {Index} index changed in place @param {number} left @returns {Boxes} */
function silenced(index, left) {
  const boxes = { left, odd: false, freed: false };
  silence(index.bytes, boxes, 0);
  if (index.name === "moov") unmarked(index.bytes);
  index.changed = index.name !== "moof" || boxes.freed;
  return boxes;
}

/** @param {Bytes} box one, whole @param {Boxes} boxes @param {number} depth */
function silence(box, boxes, depth) {
  const { name = "", body = box.length } = boxAt(box, 0, box.length) ?? {};
  if (TELLING.has(name)) {
    freed(box);
    boxes.freed = true;
  } else boxes.odd ||= !NEEDED.has(name) || (HOLDERS.has(name) && depth === DEPTH_MAX);
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
