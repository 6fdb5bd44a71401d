// Tests of JSON values, put together by the generated protocol.js. What the server's decoder
// refuses is refused here too: unknown members, numbers out of range, base64 of another
// spelling (the same 16 bytes must have one name).

/** @typedef {(value: unknown) => boolean} Shape */

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Exactly these members; those of `maybe` may be absent.
 *
 * @param {Record<string, Shape>} members
 * @returns {Shape}
 */
export function struct(members) {
  const names = Object.keys(members);
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
    const object = /** @type {Record<string, unknown>} */ (value);
    if (!Object.keys(object).every((name) => Object.hasOwn(members, name))) return false;
    return names.every((name) => members[name]?.(object[name]));
  };
}

/**
 * @param {Shape} shape
 * @returns {Shape}
 */
export function maybe(shape) {
  return (value) => value === undefined || value === null || shape(value);
}

/**
 * @param {Shape} item
 * @param {number} [limit]
 * @returns {Shape}
 */
export function list(item, limit = Number.POSITIVE_INFINITY) {
  return (value) => Array.isArray(value) && value.length <= limit && value.every(item);
}

/**
 * @param {...Shape} items
 * @returns {Shape}
 */
export function tuple(...items) {
  return (value) =>
    Array.isArray(value) && value.length === items.length && items.every((item, index) => item(value[index]));
}

/**
 * @param {number} least
 * @param {number} most
 * @returns {Shape}
 */
export function int(least, most) {
  return (value) => typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
}

export const n = int(0, Number.MAX_SAFE_INTEGER);
export const u32 = int(0, 2 ** 32 - 1);

/** @type {Shape} */
export const flag = (value) => typeof value === "boolean";

/**
 * @param {number} [limit] in characters (code points), as the server counts
 * @returns {Shape}
 */
export function text(limit = Number.POSITIVE_INFINITY) {
  return (value) => typeof value === "string" && [...value].length <= limit;
}

/**
 * @param {...(string | number)} values
 * @returns {Shape}
 */
export function oneOf(...values) {
  return (value) => values.some((one) => one === value);
}

/**
 * Bytes of one length, in the one spelling that encoding them gives.
 *
 * @param {number} size
 * @returns {Shape}
 */
export function fixed(size) {
  return (value) =>
    typeof value === "string" && BASE64.test(value) && decodedLength(value) === size && btoa(atob(value)) === value;
}

/**
 * @param {number} least
 * @param {number} most
 * @returns {Shape}
 */
export function bytes(least, most) {
  return (value) =>
    typeof value === "string" && BASE64.test(value) && decodedLength(value) >= least && decodedLength(value) <= most;
}

/** @param {string} base64 */
function decodedLength(base64) {
  const padding = base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0;
  return (base64.length / 4) * 3 - padding;
}
