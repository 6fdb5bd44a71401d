// An MP4 or MOV without the place where it was taken, the camera and the names in it. What says so lies in
// boxes of its own; they become free space of the same length, so nothing else moves and no frame is
// encoded again. Of a film of any size only the heads of its boxes and its index are read. What lies among the frames
// stays: some cameras write the way that they took as a track of its own.
//
// Policy: `TELLING` (which boxes go), `SEEN_OR_HEARD` (which tracks tell no way), `INDEX_MAX`.

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

const TELLING = new Set(["udta", "meta", "uuid"]); // user data, item metadata, extensions such as XMP
const HOLDERS = new Set(["moov", "trak", "mdia"]); // boxes of boxes, in which those may lie
const TIMES = new Set(["mvhd", "tkhd", "mdhd"]); // when it was made and changed
const SEEN_OR_HEARD = new Set(["vide", "soun", "auxv", "tmcd", "hint"]); // depth and time codes, too; subtitles may tell
const BOXES_MAX = 10_000; // at the top, where a film in pieces has two for each; and in its index
const INDEX_MAX = 64 * 1024 * 1024; // of a film of many hours it has some MB
const DEPTH_MAX = 4;

/**
 * @param {Blob} film
 * @returns {Promise<{film: Blob, more: boolean} | null>} the same film; `more`: it has tracks besides pictures and
 *   sound, which stay in it. null: not one that can be read from box to box
 */
export async function withoutPlaces(film) {
  /** @type {BlobPart[]} */ const parts = [];
  let more = false;
  let at = 0;
  for (let count = 0; at < film.size; count++) {
    const box = boxAt(await bytesOf(film.slice(at, at + 16)), 0, film.size - at);
    if (!box || count === BOXES_MAX) return null;
    const whole = film.slice(at, at + box.length);
    const known = TELLING.has(box.name) || HOLDERS.has(box.name);
    if (known && box.length > INDEX_MAX) return null;
    const boxes = { left: BOXES_MAX };
    const index = known && silenced(await bytesOf(whole), boxes);
    if (!boxes.left) return null;
    if (index && box.name === "moov") more ||= tracksIn(index).some((track) => !SEEN_OR_HEARD.has(track));
    parts.push(index || whole);
    at += box.length;
  }
  return { film: new Blob(parts), more };
}

/** What its tracks are. @param {Bytes} index @returns {string[]} empty: one that does not say it */
function tracksIn(index) {
  const within = (/** @type {Bytes} */ box, /** @type {string} */ name) =>
    [...boxesIn(box)].filter((inner) => boxAt(inner, 0, inner.length)?.name === name);
  return within(index, "trak").map((track) => {
    const [handler] = within(track, "mdia").flatMap((media) => within(media, "hdlr"));
    return handler ? String.fromCharCode(...handler.subarray(16, 20)) : ""; // behind version, flags and a word
  });
}

/** @param {Bytes} box @returns {Generator<Bytes>} those in it, up to where it is cut off */
function* boxesIn(box) {
  const body = boxAt(box, 0, box.length)?.body ?? box.length;
  for (let at = body; at < box.length; ) {
    const inner = boxAt(box, at, box.length - at);
    if (!inner) return;
    yield box.subarray(at, at + inner.length);
    at += inner.length;
  }
}

/** @param {Blob} blob @returns {Promise<Bytes>} */
async function bytesOf(blob) {
  return new Uint8Array(await blob.arrayBuffer());
}

/**
 * @param {Bytes} box one, whole; changed in place
 * @param {{left: number}} boxes that may still be in it; 0: there were more
 * @param {number} [depth]
 * @returns {Bytes}
 */
function silenced(box, boxes, depth = 0) {
  const { name = "", body = box.length } = boxAt(box, 0, box.length) ?? {};
  if (TELLING.has(name)) {
    box.set([0x66, 0x72, 0x65, 0x65], 4); // "free"
    return box.fill(0, body);
  }
  if (TIMES.has(name)) box.fill(0, body + 4, body + (box[body] === 1 ? 20 : 12)); // behind version and flags
  if (!HOLDERS.has(name) || depth === DEPTH_MAX) return box;
  for (const inner of boxesIn(box)) {
    if (!boxes.left) break;
    boxes.left -= 1;
    silenced(inner, boxes, depth + 1);
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
