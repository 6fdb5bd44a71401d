// M, the text inside an envelope (docs/encryption.md 4.8): members, types, and nothing else.
// Receivers keep and compare the bytes of M and never serialise it again.

import { b64, fromB64, M1Error, require, utf8 } from "./encoding.js";
import { parseStrictJson } from "./json.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */
/** @typedef {{k: number, hash: Bytes}} ListHead */
/** @typedef {{me: ListHead, peer: ListHead}} Heads the sender's view of both device lists */
/**
 * @typedef {object} Thumb
 * @property {Bytes} blob
 * @property {Bytes} fk
 * @property {number} size
 * @property {Bytes} hash
 * @property {number} log2
 * @property {number} w
 * @property {number} h
 */
/**
 * `alt`: what a picture shows, in words. `ms`: how long sound or film lasts. `wave`: of a recorded voice note, its
 * loudness from 0 to 255 at even distances.
 * @typedef {Omit<Thumb, "w" | "h"> & {mime: string, name: string, w?: number, h?: number, alt?: string,
 *   ms?: number, wave?: Bytes, thumb?: Thumb}} Attachment
 */
/**
 * @typedef {object} Content
 * @property {"text" | "react" | "edit" | "del"} t
 * @property {number} ts sender's clock, ms
 * @property {Heads} heads
 * @property {Bytes} [prev] C of this device's previous message here; absent when ctr = 1
 * @property {string} [body]
 * @property {Bytes} [ref] mid of another message
 * @property {Attachment[]} [att]
 */

export const CONTENT_MAX = 32_732; // bytes of M
export const ATTACHMENTS_MAX = 10;
export const NAME_MAX = 255; // bytes of UTF-8
export const ALT_MAX = 1000; // characters: code points
export const WAVE_MAX = 64;

// Members of each t beside t, ts, heads and prev; "?" = optional.
const MEMBERS = {
  text: ["body", "ref?", "att?"],
  react: ["body", "ref"],
  edit: ["body", "ref"],
  del: ["ref"],
};
const THUMB = ["blob", "fk", "size", "hash", "log2", "w", "h"];
const ATTACHMENT = [
  ...["blob", "fk", "size", "hash", "log2", "mime", "name"],
  ...["w?", "h?", "alt?", "ms?", "wave?", "thumb?"],
];

/** @param {Content} content @returns {Bytes} M */
export function encodeContent(content) {
  const { t, ts, heads, prev, body, ref, att } = content;
  const views = { me: [heads.me.k, b64(heads.me.hash)], peer: [heads.peer.k, b64(heads.peer.hash)] };
  const plain = {
    t,
    ts,
    heads: views,
    prev: prev && b64(prev),
    body,
    ref: ref && b64(ref),
    att: att?.map(plainAttachment),
  };
  if (plain.att) attachments(plain.att); // what a receiver refuses does not leave
  const bytes = utf8(JSON.stringify(plain));
  require(bytes.length <= CONTENT_MAX, "too_long", "longer text is an attachment");
  return bytes;
}

/**
 * With its bytes in base64, as M and pages have it.
 * @param {Attachment} entry
 * @returns {import("../chat/content.js").Attachment}
 */
export function plainAttachment({ thumb, wave, ...entry }) {
  return { ...plainBlob(entry), ...(wave && { wave: b64(wave) }), ...(thumb && { thumb: plainBlob(thumb) }) };
}

/** @template {Omit<Thumb, "w" | "h">} T @param {T} entry */
function plainBlob(entry) {
  return { ...entry, blob: b64(entry.blob), fk: b64(entry.fk), hash: b64(entry.hash) };
}

/**
 * @param {Bytes} bytes
 * @param {number} ctr of the header: `prev` is absent exactly when it is 1
 * @returns {Content}
 */
export function parseContent(bytes, ctr) {
  const value = object(parseStrictJson(bytes));
  const { t } = value;
  require(typeof t === "string", "bad_content", "t");
  if (!Object.hasOwn(MEMBERS, t)) throw new M1Error("update_app", "a kind of message from the future");
  const kind = /** @type {keyof typeof MEMBERS} */ (t);
  members(value, ["t", "ts", "heads", ctr === 1 ? "" : "prev", ...MEMBERS[kind]]);
  const { me, peer } = object(value.heads);
  members(object(value.heads), ["me", "peer"]);
  return omitUndefined({
    t: kind,
    ts: natural(value.ts),
    heads: { me: head(me), peer: head(peer) },
    prev: optional(value.prev, (prev) => bytesOf(prev, 32)),
    body: optional(value.body, text),
    ref: optional(value.ref, (ref) => bytesOf(ref, 16)),
    att: optional(value.att, attachments),
  });
}

/** What pages and M have in base64. @param {unknown} value @returns {Attachment[]} */
export function attachments(value) {
  require(Array.isArray(value), "bad_content", "att");
  require(value.length >= 1 && value.length <= ATTACHMENTS_MAX, "bad_content", "1 to 10 attachments");
  return value.map((entry) => {
    const fields = object(entry);
    members(fields, ATTACHMENT);
    const { mime, name, w, h, alt, ms, wave, thumb } = fields;
    return omitUndefined({
      ...blobFields(fields),
      mime: text(mime),
      name: nameOf(name),
      w: optional(w, natural),
      h: optional(h, natural),
      alt: optional(alt, altOf),
      ms: optional(ms, natural),
      wave: optional(wave, waveOf),
      thumb: optional(thumb, thumbnail),
    });
  });
}

/** @param {unknown} value @returns {Thumb} */
function thumbnail(value) {
  const fields = object(value);
  members(fields, THUMB);
  return { ...blobFields(fields), w: natural(fields.w), h: natural(fields.h) };
}

/** @param {Record<string, unknown>} fields */
function blobFields({ blob, fk, size, hash, log2 }) {
  return {
    blob: bytesOf(blob, 16),
    fk: bytesOf(fk, 32),
    size: natural(size),
    hash: bytesOf(hash, 32),
    log2: natural(log2),
  };
}

/** @param {unknown} value @returns {ListHead} */
function head(value) {
  require(Array.isArray(value) && value.length === 2, "bad_content", "heads");
  const k = natural(value[0]);
  require(k >= 1 && k < 2 ** 32 - 1, "bad_content", "k");
  return { k, hash: bytesOf(value[1], 32) };
}

/** @param {Record<string, unknown>} value @param {string[]} names */
function members(value, names) {
  const wanted = names.filter(Boolean).map((name) => name.replace("?", ""));
  const unknown = Object.keys(value).find((key) => !wanted.includes(key));
  require(unknown === undefined, "bad_content", `unknown member ${unknown}`);
  const missing = names.find((name) => name && !name.endsWith("?") && !Object.hasOwn(value, name));
  require(missing === undefined, "bad_content", `missing member ${missing}`);
}

/** @param {unknown} value @returns {Record<string, unknown>} */
function object(value) {
  require(typeof value === "object" && value !== null && !Array.isArray(value), "bad_content");
  return /** @type {Record<string, unknown>} */ (value);
}

/** @param {unknown} value @returns {number} */
function natural(value) {
  require(Number.isSafeInteger(value), "bad_content", "not an integer");
  const number = /** @type {number} */ (value);
  require(number >= 0, "bad_content", "negative");
  return number;
}

/** @param {unknown} value @returns {string} */
function text(value) {
  require(typeof value === "string", "bad_content", "not a text");
  return value;
}

/** @param {unknown} value @returns {string} */
function nameOf(value) {
  const name = text(value);
  require(utf8(name).length <= NAME_MAX, "bad_content", "the name of a file is too long");
  return name;
}

/** @param {unknown} value @returns {string} */
function altOf(value) {
  const alt = text(value);
  require([...alt].length <= ALT_MAX, "bad_content", "the description is too long");
  return alt;
}

/** @param {unknown} value @returns {Bytes} */
function waveOf(value) {
  const wave = bytesOf(value);
  require(wave.length >= 1 && wave.length <= WAVE_MAX, "bad_content", "1 to 64 values of loudness");
  return wave;
}

/** @param {unknown} value @param {number} [length] */
function bytesOf(value, length) {
  try {
    return fromB64(value, length);
  } catch {
    throw new M1Error("bad_content", "not canonical base64");
  }
}

/**
 * @template T
 * @param {unknown} value
 * @param {(value: unknown) => T} read
 * @returns {T | undefined}
 */
function optional(value, read) {
  return value === undefined ? undefined : read(value);
}

/**
 * @template {object} T
 * @param {T} value
 * @returns {any} so that "absent" and "undefined" are one thing
 */
function omitUndefined(value) {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined));
}
