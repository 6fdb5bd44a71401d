// Encodings of protocol m1 (docs/encryption.md 4.1).
// Every hash, MAC, signature and HPKE input is made by `cat`, and read back by `parse`.

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

/** A refusal. `code` is stable and meant for programs; the message is for people who debug. */
export class M1Error extends Error {
  /** @type {string} */
  code;

  /**
   * @param {string} code
   * @param {string} [message]
   */
  constructor(code, message = code) {
    super(message);
    this.name = "M1Error";
    this.code = code;
  }
}

/**
 * @param {unknown} condition
 * @param {string} code
 * @param {string} [message]
 * @returns {asserts condition}
 */
export function require(condition, code, message) {
  if (!condition) throw new M1Error(code, message);
}

export const ZERO32 = new Uint8Array(32);
/** "None" of a u32 field. */
export const NONE32 = 0xffffffff;

// --- composition ------------------------------------------------------------

/**
 * lp(label) ‖ lp(f1) ‖ …, where lp(x) = u32be length ‖ x.
 * @param {string} label
 * @param {...(Bytes | string)} fields
 * @returns {Bytes}
 */
export function cat(label, ...fields) {
  return concat(
    ...[label, ...fields].flatMap((field) => {
      const bytes = typeof field === "string" ? utf8(field) : field;
      return [u32(bytes.length), bytes];
    }),
  );
}

/**
 * The strict reader of `cat`: exact label, number of fields, widths (null = any), nothing after.
 * @template {readonly (number | null)[]} W
 * @param {Bytes} bytes
 * @param {string} label
 * @param {W} widths
 * @param {string} [code]
 * @returns {{[K in keyof W]: Bytes}}
 */
export function parse(bytes, label, widths, code = "bad_record") {
  const [head, ...fields] = split(bytes, code);
  require(head && equal(head, utf8(label)), code, `not a ${label}`);
  require(fields.length === widths.length, code, `${label}: ${fields.length} fields`);
  for (const [i, field] of fields.entries()) {
    require(widths[i] === null || field.length === widths[i], code, `${label}: width of field ${i}`);
  }
  return /** @type {any} */ (fields);
}

/**
 * @param {Bytes} bytes
 * @param {string} code
 * @returns {Bytes[]}
 */
function split(bytes, code) {
  const fields = [];
  let at = 0;
  while (at < bytes.length) {
    require(at + 4 <= bytes.length, code, "cut inside a length");
    const end = at + 4 + readInteger(bytes.subarray(at, at + 4));
    require(end <= bytes.length, code, "cut inside a field");
    fields.push(bytes.slice(at + 4, end));
    at = end;
  }
  return fields;
}

/**
 * @param {...Bytes} parts
 * @returns {Bytes}
 */
export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

// --- numbers and text -------------------------------------------------------

/** @param {number} n */
export const u8 = (n) => integer(n, 1);
/** @param {number} n */
export const u32 = (n) => integer(n, 4);
/** @param {number} n milliseconds or counters, at most 2^53 - 1 */
export const u64 = (n) => integer(n, 8);

/**
 * @param {number} n
 * @param {number} width
 * @returns {Bytes}
 */
function integer(n, width) {
  require(Number.isSafeInteger(n) && n >= 0 && n < 2 ** (8 * width), "bad_number", `${n}`);
  const bytes = new Uint8Array(width);
  for (let i = width - 1, rest = n; i >= 0; i--, rest = Math.floor(rest / 256)) {
    bytes[i] = rest % 256;
  }
  return bytes;
}

/** @param {Bytes} bytes @returns {number} */
export function readInteger(bytes) {
  const n = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  require(Number.isSafeInteger(n), "bad_number", "above 2^53");
  return n;
}

/** @param {string} text @returns {Bytes} */
export function utf8(text) {
  return new TextEncoder().encode(text);
}

/** @param {Bytes} bytes @returns {string} */
export function fromUtf8(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new M1Error("bad_text", "not UTF-8");
  }
}

/** @param {Bytes} bytes @returns {string} */
export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {string} text @returns {Bytes} */
export function fromHex(text) {
  require(/^([0-9a-f]{2})*$/.test(text), "bad_hex");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** @param {string} text an id as it stands in a URL: 32 lower-case hex digits @returns {Bytes} */
export function idFromHex(text) {
  require(text.length === 32, "bad_hex", "an id has 32 digits");
  return fromHex(text);
}

const BTOA_CHUNK = 0x8000; // arguments of one call; engines fail somewhere above 65,000

/** @param {Bytes} bytes @returns {string} standard padded base64 */
export function b64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += BTOA_CHUNK) {
    text += String.fromCharCode(...bytes.subarray(at, at + BTOA_CHUNK));
  }
  return btoa(text);
}

/**
 * Canonical base64 only: decoders tolerate padding, white space and trailing bits, ids must not.
 * @param {unknown} text
 * @param {number} [length] exact number of bytes
 * @returns {Bytes}
 */
export function fromB64(text, length) {
  require(typeof text === "string" && /^[A-Za-z0-9+/]*={0,2}$/.test(text), "bad_base64");
  require(text.length % 4 === 0, "bad_base64");
  const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  require(text.length < 4 || b64(bytes.slice(-(bytes.length % 3 || 3))) === text.slice(-4), "bad_base64");
  require(length === undefined || bytes.length === length, "bad_base64", "wrong length");
  return bytes;
}

/**
 * Compares without stopping at the first difference.
 * @param {Bytes} a
 * @param {Bytes} b
 */
export function equal(a, b) {
  if (a.length !== b.length) return false;
  return a.reduce((sum, byte, i) => sum | (byte ^ /** @type {number} */ (b[i])), 0) === 0;
}

/**
 * Raw byte order: decides who is "lo" and who is "hi".
 * @param {Bytes} a
 * @param {Bytes} b
 * @returns {number}
 */
export function compare(a, b) {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = /** @type {number} */ (a[i]) - /** @type {number} */ (b[i]);
    if (difference) return difference;
  }
  return a.length - b.length;
}

// --- randomness and H -------------------------------------------------------

/** @param {number} n @returns {Bytes} */
export function random(n) {
  return crypto.getRandomValues(new Uint8Array(n));
}

/** @returns {Bytes} 16 random bytes: device ids, message ids, factor ids */
export function newId() {
  return random(16);
}

/** @param {Bytes} bytes @returns {Promise<Bytes>} */
export async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
