// A PNG, GIF or WebP without what does not belong to its picture: place, camera, author, comments, and
// whatever was hung on behind its end. Block by block, so that pixels and motion stay as they are; a kind
// of block that is not known to be part of the picture goes. The bytes are a stranger's: each is looked at
// once, and nothing outside of them is read.
//
// Policy: `PNG_KEPT`, `WEBP_KEPT`, `GIF_LOOPS` (what stays).

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

const PNG_KEPT = new Set(
  "IHDR PLTE tRNS IDAT IEND acTL fcTL fdAT gAMA cHRM sRGB iCCP sBIT cICP mDCV cLLI bKGD pHYs".split(" "),
);
const WEBP_KEPT = new Set(["VP8X", "VP8 ", "VP8L", "ALPH", "ANIM", "ANMF", "ICCP"]);
const GIF_LOOPS = new Set(["NETSCAPE2.0", "ANIMEXTS1.0"]); // how often it plays
const WEBP_EXIF_XMP = 0x04 | 0x08; // flags of VP8X
const GIF_END = 0x3b;
const PNG_BLOCK = 12; // length, name, check sum
const ORIENTATION = 0x0112;

/**
 * What remains of it, in order; puts together the same picture.
 * @param {Bytes} bytes
 * @param {string} mime
 * @returns {Bytes[] | null} null: of another kind, or cut off before its picture
 */
export function stripped(bytes, mime) {
  return STRIPPERS[mime]?.(bytes) ?? null;
}

/**
 * Whether a PNG or WebP is to be turned before it is shown, by its Exif block, which `stripped` takes away.
 * @param {Bytes} bytes
 * @param {string} mime
 */
export function isTurned(bytes, mime) {
  const exif = mime === "image/png" ? block(pngBlocks(bytes), "eXIf") : block(webpBlocks(bytes), "EXIF");
  return exif ? orientation(exif) > 1 : false;
}

/** @type {Record<string, (bytes: Bytes) => Bytes[] | null>} */
const STRIPPERS = { "image/png": png, "image/gif": gif, "image/webp": webp };

/**
 * @typedef {object} Block
 * @property {string} name
 * @property {Bytes} whole
 * @property {Bytes} body
 */

/** @param {Iterable<Block>} blocks @param {string} name @returns {Bytes | undefined} */
function block(blocks, name) {
  for (const each of blocks) if (each.name === name) return each.body;
  return undefined;
}

/** @param {Bytes} bytes */
function png(bytes) {
  const kept = [bytes.subarray(0, 8)];
  let pixels = false;
  for (const { name, whole } of pngBlocks(bytes)) {
    if (PNG_KEPT.has(name)) kept.push(whole);
    pixels ||= name === "IDAT";
  }
  return pixels ? kept : null;
}

/** @param {Bytes} bytes @returns {Generator<Block>} up to the end of the picture, or where it is cut off */
function* pngBlocks(bytes) {
  const view = viewOf(bytes);
  for (let at = 8; at + PNG_BLOCK <= bytes.length; ) {
    const end = at + PNG_BLOCK + view.getUint32(at);
    if (end > bytes.length) return;
    const name = letters(bytes, at + 4, 4);
    yield { name, whole: bytes.subarray(at, end), body: bytes.subarray(at + 8, end - 4) };
    if (name === "IEND") return;
    at = end;
  }
}

/** @param {Bytes} bytes */
function webp(bytes) {
  /** @type {Bytes[]} */ const kept = [];
  let pixels = false;
  for (const { name, whole } of webpBlocks(bytes)) {
    if (!WEBP_KEPT.has(name)) continue;
    kept.push(name === "VP8X" ? withoutFlags(whole) : whole);
    pixels ||= /^(?:VP8 |VP8L|ANMF)$/.test(name);
  }
  if (!pixels) return null;
  const head = bytes.slice(0, 12);
  viewOf(head).setUint32(4, 4 + kept.reduce((sum, { length }) => sum + length, 0), true);
  return [head, ...kept];
}

/** @param {Bytes} whole VP8X: its Exif and XMP are gone */
function withoutFlags(whole) {
  const changed = whole.slice();
  changed[8] = (changed[8] ?? 0) & ~WEBP_EXIF_XMP;
  return changed;
}

/** @param {Bytes} bytes @returns {Generator<Block>} */
function* webpBlocks(bytes) {
  const view = viewOf(bytes);
  const length = bytes.length < 12 ? 0 : Math.min(bytes.length, 8 + view.getUint32(4, true));
  for (let at = 12; at + 8 <= length; ) {
    const body = at + 8 + view.getUint32(at + 4, true);
    const end = body + (body % 2); // of even length
    if (end > bytes.length) return;
    yield { name: letters(bytes, at, 4), whole: bytes.subarray(at, end), body: bytes.subarray(at + 8, body) };
    at = end;
  }
}

/** @param {Bytes} bytes */
function gif(bytes) {
  if (bytes.length < 13) return null;
  let at = 13 + tableBytes(bytes[10] ?? 0);
  const kept = [bytes.subarray(0, at)];
  let frames = 0;
  while (at < bytes.length && bytes[at] !== GIF_END) {
    const end = bytes[at] === 0x2c ? frameEnd(bytes, at) : bytes[at] === 0x21 ? blocksEnd(bytes, at + 2) : 0;
    if (!end) break; // cut off, or no block at all: what was whole is the picture
    const frame = bytes[at] === 0x2c;
    if (frame || staysInGif(bytes, at)) kept.push(bytes.subarray(at, end));
    if (frame) frames += 1;
    at = end;
  }
  return frames ? [...kept, Uint8Array.of(GIF_END)] : null;
}

/** Of the extensions: when a frame is shown, and how often all of them. @param {Bytes} bytes @param {number} at */
function staysInGif(bytes, at) {
  const label = bytes[at + 1];
  return label === 0xf9 || (label === 0xff && GIF_LOOPS.has(letters(bytes, at + 3, 11)));
}

/** @param {Bytes} bytes @param {number} at @returns {number} 0: cut off */
function frameEnd(bytes, at) {
  return blocksEnd(bytes, at + 11 + tableBytes(bytes[at + 9] ?? 0));
}

/** @param {number} flags @returns {number} */
function tableBytes(flags) {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
}

/** @param {Bytes} bytes @param {number} from @returns {number} 0: cut off */
function blocksEnd(bytes, from) {
  let at = from;
  while (at < bytes.length && bytes[at]) at += 1 + (bytes[at] ?? 0);
  return at < bytes.length ? at + 1 : 0;
}

/**
 * @param {Bytes} exif a TIFF, with or without "Exif" before it
 * @returns {number} 1 to 8; 1 where it does not say
 */
function orientation(exif) {
  const tiff = letters(exif, 0, 4) === "Exif" ? exif.subarray(6) : exif;
  const view = viewOf(tiff);
  const little = letters(tiff, 0, 2) === "II";
  if (tiff.length < 14) return 1;
  const first = view.getUint32(4, little);
  if (first + 2 > tiff.length) return 1;
  const last = first + 2 + 12 * view.getUint16(first, little);
  for (let at = first + 2; at + 12 <= Math.min(last, tiff.length); at += 12) {
    if (view.getUint16(at, little) === ORIENTATION) return view.getUint16(at + 8, little);
  }
  return 1;
}

/** @param {Bytes} bytes */
function viewOf(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** @param {Bytes} bytes @param {number} at @param {number} count */
function letters(bytes, at, count) {
  return String.fromCharCode(...bytes.subarray(at, at + count));
}
