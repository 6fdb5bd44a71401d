// What bytes are, whatever their sender says: the few kinds that may be shown, told by how they begin,
// and how large a picture is before anything decodes it. The bytes are a stranger's: no loop looks at
// one of them twice, and nothing outside of them is read.
//
// Policy: `PIXELS_MAX` (a picture that would fill the memory), `AT_ONCE_PIXELS_MAX`, `sniff` (which kinds there are).

/** @typedef {Uint8Array} Bytes */
/**
 * @typedef {object} FileType
 * @property {"picture" | "video" | "audio"} family of a container that holds both, "video"
 * @property {string} mime
 * @property {number} [w] of a picture
 * @property {number} [h]
 * @property {boolean} [moves] an animation
 */

export const HEAD_BYTES = 512 * 1024; // of a file are looked at: a camera puts much before the size
export const PIXELS_MAX = 50_000_000; // 200 MB decoded
export const AT_ONCE_PIXELS_MAX = 2560 * 2560; // 26 MB decoded; of a picture that is shown without being asked for
export const THUMB_PIXELS_MAX = 1_000_000;
const SIDE_MAX = 16_384;

/**
 * @param {Bytes} head the first HEAD_BYTES, or all of it
 * @returns {FileType | null} null: nothing that is shown
 */
export function sniff(head) {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  try {
    return picture(head, view) ?? sound(head) ?? null;
  } catch (error) {
    if (error instanceof RangeError) return null; // cut off where its size should stand
    throw error;
  }
}

/**
 * Whether it may be decoded.
 * @param {{w?: number | undefined, h?: number | undefined}} size of what does not say it: no
 * @param {number} [most] pixels
 */
export function fits({ w = 0, h = 0 }, most = PIXELS_MAX) {
  return w > 0 && h > 0 && w <= SIDE_MAX && h <= SIDE_MAX && w * h <= most;
}

// JPEG, PNG, GIF, WebP, TIFF (most raw pictures of cameras); JPEG XL, JPEG 2000, Photoshop; raw ones of Canon, Olympus,
// Panasonic, Fujifilm and Sigma.
const PHOTO =
  /^(?:\xff\xd8\xff|\x89PNG|GIF8|RIFF.{4}WEBP|II\*\0|MM\0\*|8BPS|.{4}(?:JXL |jP {2}|ftypcrx )|IIR[OS]|MMOR|IIU\0|FUJIFILM|FOVb)/s;

/** Whether it is a picture by its first bytes, which may tell the place, however broken the rest may be. @param {Bytes} head */
export function isPhoto(head) {
  return PHOTO.test(String.fromCharCode(...head.subarray(0, 12)));
}

/** @param {Bytes} head @param {DataView} view @returns {FileType | undefined} */
function picture(head, view) {
  if (starts(head, "\x89PNG\r\n\x1a\n") && starts(head, "IHDR", 12)) return png(head, view);
  if (starts(head, "\xff\xd8\xff")) return jpeg(view);
  if (starts(head, "GIF87a") || starts(head, "GIF89a")) return gif(head, view);
  if (starts(head, "RIFF") && starts(head, "WEBP", 8)) return webp(head, view);
  return undefined;
}

/** @param {Bytes} head @returns {FileType | undefined} */
function sound(head) {
  if (starts(head, "ftyp", 4)) return mp4(head);
  if (starts(head, "\x1a\x45\xdf\xa3")) return { family: "video", mime: "video/webm" };
  if (starts(head, "OggS")) return { family: "video", mime: "video/ogg" };
  if (starts(head, "RIFF") && starts(head, "WAVE", 8)) return { family: "audio", mime: "audio/wav" };
  if (starts(head, "fLaC")) return { family: "audio", mime: "audio/flac" };
  if (starts(head, "ID3")) return { family: "audio", mime: "audio/mpeg" };
  const [first = 0, second = 0] = head;
  if (first !== 0xff || (second & 0xe0) !== 0xe0) return undefined;
  return { family: "audio", mime: (second & 0x06) === 0 ? "audio/aac" : "audio/mpeg" };
}

/** @param {Bytes} head @returns {FileType | undefined} */
function mp4(head) {
  const brand = String.fromCharCode(...head.subarray(8, 12));
  if (/^(?:heic|heix|hevc|mif1|msf1|avif|avis|crx )$/.test(brand)) return undefined;
  if (brand === "M4A ") return { family: "audio", mime: "audio/mp4" };
  return { family: "video", mime: brand === "qt  " ? "video/quicktime" : "video/mp4" };
}

/** @param {Bytes} head @param {DataView} view @returns {FileType} */
function png(head, view) {
  let moves = false;
  for (let at = 8; at + 8 <= head.length && !starts(head, "IDAT", at + 4); at += 12 + view.getUint32(at)) {
    if (starts(head, "acTL", at + 4)) moves = true;
  }
  return { family: "picture", mime: "image/png", w: view.getUint32(16), h: view.getUint32(20), moves };
}

/** Markers that no camera puts before the size: a decoder goes on right behind them, to another size. @param {number} marker */
function isBare(marker) {
  return marker < 0x02 || (marker >= 0xd0 && marker <= 0xd9);
}

/** From segment to segment up to the one that has the size. @param {DataView} view */
function jpeg(view) {
  let at = 2;
  while (view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    const frame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (frame) {
      const [h, w] = [view.getUint16(at + 5), view.getUint16(at + 7)];
      return { family: /** @type {const} */ ("picture"), mime: "image/jpeg", w, h };
    }
    if (isBare(marker)) return undefined;
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  return undefined;
}

/** @param {Bytes} head @param {DataView} view @returns {FileType} */
function gif(head, view) {
  let [w, h] = [view.getUint16(6, true), view.getUint16(8, true)];
  const flags = view.getUint8(10);
  let at = 13 + (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let frames = 0;
  while (at + 10 < head.length && frames < 2) {
    const block = head[at];
    if (block === 0x2c) {
      frames += 1;
      w = Math.max(w, view.getUint16(at + 1, true) + view.getUint16(at + 5, true)); // decoders grow with it
      h = Math.max(h, view.getUint16(at + 3, true) + view.getUint16(at + 7, true));
      const own = head[at + 9] ?? 0;
      at = pastBlocks(head, at + 11 + (own & 0x80 ? 3 * 2 ** ((own & 7) + 1) : 0));
    } else if (block === 0x21) at = pastBlocks(head, at + 2);
    else break;
  }
  if (!frames && head.length >= HEAD_BYTES) [w, h] = [0, 0]; // hidden behind what is skipped
  return { family: "picture", mime: "image/gif", w, h, moves: frames > 1 };
}

/** @param {Bytes} head @param {number} from */
function pastBlocks(head, from) {
  let at = from;
  while (at < head.length && head[at]) at += 1 + (head[at] ?? 0);
  return at + 1;
}

/** @param {Bytes} head @param {DataView} view @returns {FileType | undefined} */
function webp(head, view) {
  const found = { family: /** @type {const} */ ("picture"), mime: "image/webp" };
  if (starts(head, "VP8X", 12)) {
    const u24 = (/** @type {number} */ at) => view.getUint16(at, true) + 2 ** 16 * view.getUint8(at + 2);
    return { ...found, w: u24(24) + 1, h: u24(27) + 1, moves: Boolean(view.getUint8(20) & 2) };
  }
  if (starts(head, "VP8L", 12)) {
    const bits = view.getUint32(21, true);
    return { ...found, w: (bits & 0x3fff) + 1, h: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (!starts(head, "VP8 ", 12)) return undefined;
  return { ...found, w: view.getUint16(26, true) & 0x3fff, h: view.getUint16(28, true) & 0x3fff };
}

/** @param {Bytes} head @param {string} sign one character a byte @param {number} [at] */
function starts(head, sign, at = 0) {
  return head.length >= at + sign.length && [...sign].every((letter, i) => head[at + i] === letter.charCodeAt(0));
}
