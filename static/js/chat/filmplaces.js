// An MP4 or MOV without the place where it was taken, the camera and the names in it. What says so lies in
// boxes of its own; they become free space of the same length, so nothing else moves and no frame is
// encoded again. Of a film of any size only the heads of its boxes and its index are read.
//
// Policy: `TELLING` (which boxes go), `INDEX_MAX`.

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

const TELLING = new Set(["udta", "meta", "uuid"]); // user data, item metadata, extensions such as XMP
const HOLDERS = new Set(["moov", "trak", "mdia"]); // boxes of boxes, in which those may lie
const TIMES = new Set(["mvhd", "tkhd", "mdhd"]); // when it was made and changed
const BOXES_MAX = 10_000; // at the top; a film in pieces has two for each
const INDEX_MAX = 64 * 1024 * 1024; // of a film of many hours it has some MB
const DEPTH_MAX = 4;

/**
 * @param {Blob} film
 * @returns {Promise<Blob | null>} the same film; null: not one that can be read from box to box
 */
export async function withoutPlaces(film) {
  /** @type {BlobPart[]} */ const parts = [];
  let at = 0;
  for (let count = 0; at < film.size; count++) {
    const box = boxAt(await bytesOf(film.slice(at, at + 16)), 0, film.size - at);
    if (!box || count === BOXES_MAX) return null;
    const whole = film.slice(at, at + box.length);
    const known = TELLING.has(box.name) || HOLDERS.has(box.name);
    if (known && box.length > INDEX_MAX) return null;
    parts.push(known ? silenced(await bytesOf(whole)) : whole);
    at += box.length;
  }
  return new Blob(parts);
}

/** @param {Blob} blob @returns {Promise<Bytes>} */
async function bytesOf(blob) {
  return new Uint8Array(await blob.arrayBuffer());
}

/** @param {Bytes} box one, whole; changed in place @param {number} [depth] @returns {Bytes} */
function silenced(box, depth = 0) {
  const { name = "", body = box.length } = boxAt(box, 0, box.length) ?? {};
  if (TELLING.has(name)) {
    box.set([0x66, 0x72, 0x65, 0x65], 4); // "free"
    return box.fill(0, body);
  }
  if (TIMES.has(name)) box.fill(0, body + 4, body + (box[body] === 1 ? 20 : 12)); // behind version and flags
  if (!HOLDERS.has(name) || depth === DEPTH_MAX) return box;
  for (let at = body; at < box.length; ) {
    const inner = boxAt(box, at, box.length - at);
    if (!inner) break;
    silenced(box.subarray(at, at + inner.length), depth + 1);
    at += inner.length;
  }
  return box;
}

/**
 * @param {Bytes} bytes
 * @param {number} at
 * @param {number} most that may be left for it
 * @returns {{name: string, length: number, body: number} | null} `body`: bytes of its head
 */
function boxAt(bytes, at, most) {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, bytes.byteLength - at);
  if (view.byteLength < 8) return null;
  const short = view.getUint32(0);
  if (short === 1 && view.byteLength < 16) return null;
  const length = short === 1 ? Number(view.getBigUint64(8)) : short || most; // 0: to the end
  const body = short === 1 ? 16 : 8;
  if (length < body || length > most) return null;
  return { name: String.fromCharCode(...bytes.subarray(at + 4, at + 8)), length, body };
}
