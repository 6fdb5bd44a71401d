// What an attachment is to whom it is shown: by what its sender says before its bytes are here, and by
// the bytes afterwards (filetypes.js). Only what is listed here is ever given to a decoder.

import { fileName } from "./filenames.js";

/** @typedef {"picture" | "video" | "voice" | "audio" | "file"} Kind */
/** @typedef {import("./content.js").Attachment} Attachment */

export const PICTURES = new Set(["image/jpeg", "image/png", "image/gif", "image/webp"]);
const VIDEOS = new Set(["video/mp4", "video/webm", "video/ogg", "video/quicktime"]);
const SOUNDS = new Set(
  "audio/mpeg audio/mp4 audio/aac audio/ogg audio/webm audio/wav audio/x-wav audio/flac audio/x-m4a".split(" "),
);
const SIDE_MAX = 100_000; // a larger number is a slip or a trick
const LONGEST = 2.4; // a box is at most so much wider than high
const TALLEST = 0.625; // and so much narrower
const UNKNOWN_RATIO = 4 / 3;

/** @param {Pick<Attachment, "mime" | "name" | "wave">} attachment @returns {Kind} */
export function kindOf({ mime, name, wave }) {
  const type = mime.split(";")[0]?.trim().toLowerCase() ?? "";
  if (fileName(name).danger) return "file"; // invoice.png.exe is not a picture
  if (PICTURES.has(type)) return "picture";
  if (VIDEOS.has(type)) return "video";
  if (SOUNDS.has(type)) return wave ? "voice" : "audio";
  return "file";
}

/** Pictures and videos stand in a grid, everything else below each other. @param {Kind} kind */
export function isVisual(kind) {
  return kind === "picture" || kind === "video";
}

/**
 * The shape of the box that is kept free: known before anything is loaded, so that nothing moves.
 * @param {{w?: number, h?: number}} attachment
 * @returns {number} width by height
 */
export function boxRatio({ w = 0, h = 0 }) {
  const known = w > 0 && h > 0 && w <= SIDE_MAX && h <= SIDE_MAX;
  return known ? Math.min(LONGEST, Math.max(TALLEST, w / h)) : UNKNOWN_RATIO;
}

/**
 * How an album of 2 to 10 is laid out: rows of two large ones first, then of three.
 * @param {number} count
 * @returns {number} how many of the first are large
 */
export function largeOnes(count) {
  const rest = count % 3;
  return rest === 1 ? Math.min(count, 4) : rest === 2 ? 2 : 0;
}

/**
 * Loudness of a voice note for so many bars.
 * @param {string} wave base64, 0 to 255 each
 * @param {number} bars
 * @returns {number[]} 0 to 1; flat where it says nothing
 */
export function barsOf(wave, bars) {
  let bytes = "";
  try {
    bytes = atob(wave);
  } catch {
    // a flat line: the sound is what counts
  }
  return Array.from({ length: bars }, (_, at) => {
    const value = bytes.charCodeAt(Math.floor((at * bytes.length) / bars));
    return Number.isNaN(value) ? 0 : Math.min(255, value) / 255;
  });
}
