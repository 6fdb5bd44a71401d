// Pictures of phones: HEIC and AVIF. They are known by their first box, and their size by the boxes that
// say it of each part; the largest is the picture. Few browsers decode HEIC.

/** @typedef {import("./filetypes.js").Bytes} Bytes */

const BRANDS = /^(?:heic|heix|heim|heis|hevc|hevx|mif1|msf1|avif)$/;
const SPREAD = "ispe".split("").map((letter) => letter.charCodeAt(0));

/**
 * @param {Bytes} head the first bytes of a file
 * @returns {{w: number, h: number} | null} null: no such picture; 0 × 0: one that does not say its size
 */
export function heifSize(head) {
  if (head.length < 12 || text(head, 4) !== "ftyp" || !BRANDS.test(text(head, 8))) return null;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  let [w, h] = [0, 0];
  for (let at = head.indexOf(/** @type {number} */ (SPREAD[0])); at >= 0 && at + 16 <= head.length; ) {
    if (SPREAD.every((letter, i) => head[at + i] === letter)) {
      w = Math.max(w, view.getUint32(at + 8)); // behind version and flags
      h = Math.max(h, view.getUint32(at + 12));
    }
    at = head.indexOf(/** @type {number} */ (SPREAD[0]), at + 1);
  }
  return { w, h };
}

/** @param {Bytes} head @param {number} at */
function text(head, at) {
  return String.fromCharCode(...head.subarray(at, at + 4));
}
