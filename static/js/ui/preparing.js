// From a picked file to what is sent of it. The type is told by the bytes, never by the name.

import { PictureError } from "../chat/drawing.js";
import { fileName } from "../chat/filenames.js";
import { HEAD_BYTES, isPhoto, sniff } from "../chat/filetypes.js";
import { withoutPlaces } from "../chat/filmplaces.js";
import { heifSize } from "../chat/heif.js";
import { preparePicture } from "../tabs/pictures.js";
import { played } from "./videos.js";

/**
 * @typedef {object} Prepared
 * @property {"picture" | "video" | "audio" | "file"} family
 * @property {Blob} bytes what is sent
 * @property {string} mime
 * @property {string} ending of its name, with the dot; empty: as it was
 * @property {number} [w] as it is seen, upright
 * @property {number} [h]
 * @property {number} [ms] how long it plays
 * @property {import("../chat/drawing.js").Thumb} [thumb]
 * @property {boolean} told it holds what a camera wrote into it
 * @property {boolean} [cleaned] a film or a sound, without what was written into it
 * @property {boolean} [less] of it tracks besides pictures and sound were left out
 * @property {boolean} [more] such tracks stay in it
 */
/** @typedef {"clean" | "original" | "file"} How */

export const ANY = "application/octet-stream";
const PHOTO_HEAD_BYTES = 16 * 1024 * 1024;
const ENDINGS = /** @type {Record<string, string>} */ ({
  "image/jpeg": ".jpg",
  "image/png": ".png",
  "image/webp": ".webp",
  "image/gif": ".gif",
});
const HEIF = "image/heif";
const FILMS = new Set(["video/mp4", "video/quicktime", "audio/mp4"]);

/**
 * @param {File} file
 * @param {How} how
 * @returns {Promise<Prepared>} throws PictureError, and NotReadableError where the file is gone
 */
export async function prepare(file, how) {
  const head = await start(file, HEAD_BYTES);
  const photo = isPhoto(head) || heifSize(head) !== null;
  // A camera may put more before the size of a picture than a head holds.
  const type = typeOf(head) ?? (photo ? typeOf(await start(file, PHOTO_HEAD_BYTES)) : null);
  if (how === "file") return asFile(file, photo);
  if (type && type.family !== "picture") return playable(file, type, how);
  if (!type && photo) throw new PictureError("unreadable"); // asks: it may tell the place
  if (!type) return asFile(file, false);
  const original = how === "original";
  const picture = await preparePicture(file, type, original);
  const ending = original || hasEnding(file.name, picture.mime) ? "" : (ENDINGS[picture.mime] ?? "");
  return { family: "picture", ...picture, ending, told: original };
}

/** @param {Blob} file @param {number} bytes */
async function start(file, bytes) {
  return new Uint8Array(await file.slice(0, bytes).arrayBuffer());
}

/** @param {Uint8Array} head @returns {import("../chat/filetypes.js").FileType | null} */
function typeOf(head) {
  const size = heifSize(head);
  return size ? { family: "picture", mime: HEIF, ...size } : sniff(head);
}

/** @param {File} file @param {boolean} told @returns {Prepared} */
function asFile(file, told) {
  return { family: "file", bytes: file, mime: ANY, ending: "", told };
}

/**
 * @param {File} file
 * @param {import("../chat/filetypes.js").FileType} type
 * @param {How} how
 * @returns {Promise<Prepared>}
 */
async function playable(file, { family, mime }, how) {
  // Two bytes are a weak sign of sound; what the system takes for a text is one.
  if (family === "audio" && !file.type.startsWith("audio/")) return asFile(file, false);
  const silent = how === "clean" && FILMS.has(mime) ? await withoutPlaces(file) : null;
  const bytes = silent?.film ?? file;
  const shown = await played(bytes);
  const sound = shown ? shown.w === undefined : family === "audio";
  const told = !silent && (FILMS.has(mime) || !sound);
  const of = { cleaned: Boolean(silent), less: silent?.less ?? false, more: silent?.more ?? false };
  if (!shown) return { family: "file", bytes, mime, ending: "", told, ...of };
  return {
    family: sound ? "audio" : "video",
    bytes,
    mime: sound ? mime.replace("video/", "audio/") : mime,
    ending: "",
    told,
    ...of,
    ...shown,
  };
}

/** @param {string} name @param {string} mime */
function hasEnding(name, mime) {
  const { ending } = fileName(name);
  return ending === ENDINGS[mime] || (mime === "image/jpeg" && ending === ".jpeg");
}
