// A picked picture becomes the one that is sent: upright, not larger than a screen needs, and without
// place, camera and whatever else was written into it. What cannot be cleaned is never passed on as it is.
// All of this is done in a worker (workers/pictures.js), and in the page where a worker cannot draw.
//
// Policy: `LONG_SIDE_MAX`, `QUALITY`, `KEPT_BYTES_MAX` (what is stripped instead of drawn again), `THUMB_STEPS`.

import { fits } from "./filetypes.js";
import { isTurned, stripped } from "./stripping.js";

/** @typedef {Pick<import("./filetypes.js").FileType, "mime" | "w" | "h" | "moves">} PictureType */
/** @typedef {{bytes: Blob, w: number, h: number}} Thumb */
/** @typedef {{bytes: Blob, mime: string, w: number, h: number, thumb: Thumb}} Picture */
/** @typedef {OffscreenCanvas | HTMLCanvasElement} Canvas */

export const LONG_SIDE_MAX = 2560; // px of a picture that is drawn again
export const THUMB_BYTES_MAX = 28_000; // sealed and padded it stays below 32 KiB
const QUALITY = 0.85;
const KEPT_BYTES_MAX = 4 * 1024 * 1024; // of a PNG or WebP whose pixels stay as they are: screenshots
const MOVING_BYTES_MAX = 64 * 1024 * 1024; // of an animation, which is read whole
// Long side in px and quality, until it is small enough; the last one always is.
const THUMB_STEPS = /** @type {const} */ ([
  [640, 0.75],
  [640, 0.55],
  [480, 0.5],
  [320, 0.45],
  [240, 0.4],
  [160, 0.3],
  [96, 0.2],
]);

/** `code`: "unreadable" (this browser cannot decode it) or "bomb" (too many pixels or bytes to decode). */
export class PictureError extends Error {
  /** @param {"unreadable" | "bomb"} code */
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/**
 * @param {Blob} file
 * @param {PictureType} type by its first bytes
 * @param {boolean} [original] as it is, with everything in it
 * @returns {Promise<Picture>} w, h: as it is seen, upright
 * @throws {PictureError}
 */
async function prepare(file, type, original = false) {
  if (!type.w || !type.h) throw new PictureError("unreadable");
  if (!fits(type)) throw new PictureError("bomb");
  if (original) return described(new Blob([file], { type: type.mime }));
  const kept = await keptAsDrawn(file, type);
  if (kept) return described(kept);
  return drawnAgain(file, type.mime);
}

/**
 * The same pixels, and for an animation all of its frames; null: it has to be drawn again.
 * @param {Blob} file
 * @param {PictureType} type
 */
async function keptAsDrawn(file, { mime, moves = false }) {
  const animated = moves || mime === "image/gif";
  if (file.size > (animated ? MOVING_BYTES_MAX : KEPT_BYTES_MAX)) {
    if (animated) throw new PictureError("bomb");
    return null;
  }
  if (mime !== "image/png" && mime !== "image/webp" && !animated) return null;
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (!animated && isTurned(bytes, mime)) return null;
  const parts = stripped(bytes, mime);
  if (!parts) throw new PictureError("unreadable");
  return new Blob(parts, { type: mime });
}

/** What is sent as it is is looked at as well: only then is its size known. @param {Blob} bytes */
async function described(bytes) {
  const bitmap = await decoded(bytes);
  try {
    const { width: w, height: h } = bitmap;
    return { bytes, mime: bytes.type, w, h, thumb: await thumbOf(bitmap, w, h) };
  } finally {
    bitmap.close();
  }
}

/** @param {Blob} file @param {string} mime */
async function drawnAgain(file, mime) {
  const bitmap = await decoded(file);
  try {
    const { w, h } = within(bitmap.width, bitmap.height, LONG_SIDE_MAX);
    const type = mime === "image/png" || mime === "image/webp" ? await seeThrough() : "image/jpeg";
    const canvas = drawn(bitmap, w, h, type);
    const bytes = await encoded(canvas, type, QUALITY);
    return { bytes, mime: bytes.type, w, h, thumb: await thumbOf(canvas, w, h) };
  } finally {
    bitmap.close();
  }
}

/** Turned as its Exif says. @param {Blob} blob @returns {Promise<ImageBitmap>} */
async function decoded(blob) {
  try {
    return await createImageBitmap(blob, { imageOrientation: "from-image" });
  } catch {
    throw new PictureError("unreadable");
  }
}

/**
 * Of one picture of a film.
 * @param {ImageBitmap} frame is closed
 * @returns {Promise<Thumb>}
 */
async function thumb(frame) {
  try {
    return await thumbOf(frame, frame.width, frame.height);
  } finally {
    frame.close();
  }
}

/** The first picture of an animation. @param {Blob} animation @returns {Promise<Blob>} */
async function still(animation) {
  const first = await createImageBitmap(animation);
  try {
    const canvas = canvasOf(first.width, first.height);
    pencil(canvas)?.drawImage(first, 0, 0);
    return await encoded(canvas, "image/png", 1);
  } finally {
    first.close();
  }
}

/** What may be asked of the worker. */
export const WORK = { prepare, thumb, still };

/**
 * @param {CanvasImageSource} source
 * @param {number} width
 * @param {number} height
 * @returns {Promise<Thumb>}
 */
async function thumbOf(source, width, height) {
  const type = await seeThrough();
  for (const [side, quality] of THUMB_STEPS) {
    const { w, h } = within(width, height, side);
    const bytes = await encoded(drawn(source, w, h, type), type, quality);
    if (bytes.size <= THUMB_BYTES_MAX) return { bytes, w, h };
  }
  throw new PictureError("unreadable");
}

/** @param {number} width @param {number} height @param {number} side */
function within(width, height, side) {
  const scale = Math.min(1, side / Math.max(width, height));
  return { w: Math.max(1, Math.round(width * scale)), h: Math.max(1, Math.round(height * scale)) };
}

/** @param {CanvasImageSource} source @param {number} w @param {number} h @param {string} type */
function drawn(source, w, h, type) {
  const canvas = canvasOf(w, h);
  const pen = pencil(canvas);
  if (!pen) throw new PictureError("bomb"); // no memory for it
  pen.imageSmoothingQuality = "high";
  if (type === "image/jpeg") {
    pen.fillStyle = "#fff"; // it would be black where one sees through
    pen.fillRect(0, 0, w, h);
  }
  pen.drawImage(source, 0, 0, w, h);
  return canvas;
}

/** @param {Canvas} canvas @returns {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D | null} */
function pencil(canvas) {
  return /** @type {any} */ (canvas.getContext("2d"));
}

/** Whether a canvas works without a page. */
export function drawsAnywhere() {
  return typeof OffscreenCanvas !== "undefined" && "convertToBlob" in OffscreenCanvas.prototype;
}

/** @param {number} w @param {number} h @returns {Canvas} */
function canvasOf(w, h) {
  if (drawsAnywhere()) return new OffscreenCanvas(w, h);
  return Object.assign(document.createElement("canvas"), { width: w, height: h });
}

/** @param {Canvas} canvas @param {string} type @param {number} quality @returns {Promise<Blob>} */
function encoded(canvas, type, quality) {
  const tooMuch = () => new PictureError("bomb"); // no memory for it
  if ("convertToBlob" in canvas) return canvas.convertToBlob({ type, quality }).catch(() => Promise.reject(tooMuch()));
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(tooMuch())), type, quality),
  );
}

/** @type {Promise<string> | undefined} */ let transparent;

/** The type for what may have holes: WebP where the browser writes it, and JPEG on white elsewhere. */
function seeThrough() {
  transparent ??= written("image/webp").then((webp) => (webp ? "image/webp" : "image/jpeg"));
  return transparent;
}

/** @param {string} type */
async function written(type) {
  const canvas = canvasOf(1, 1);
  pencil(canvas);
  return (await encoded(canvas, type, 1)).type === type;
}
