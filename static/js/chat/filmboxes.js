// The boxes of an MP4 or MOV (ISO/IEC 14496-12, 4.2): a length, a name, and what is in it, often boxes again.

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

export const FREE = new Uint8Array([0x66, 0x72, 0x65, 0x65]); // "free"

/**
 * @param {Bytes} bytes
 * @param {number} at
 * @param {number} most that may be left for it
 * @returns {{name: string, length: number, body: number} | null} `body`: bytes of its head
 */
export function boxAt(bytes, at, most) {
  const view = viewOf(bytes.subarray(at));
  if (view.byteLength < 8) return null;
  const short = view.getUint32(0);
  if (short === 1 && view.byteLength < 16) return null;
  const length = short === 1 ? Number(view.getBigUint64(8)) : short || most; // 0: to the end
  const body = short === 1 ? 16 : 8;
  if (length < body || length > most) return null;
  return { name: String.fromCharCode(...bytes.subarray(at + 4, at + 8)), length, body };
}

/** @param {Bytes} box @param {number} [skipped] bytes before the first @returns {Generator<Bytes>} up to where it is cut off */
export function* boxesIn(box, skipped = 0) {
  const body = boxAt(box, 0, box.length)?.body ?? box.length;
  for (let at = body + skipped; at < box.length; ) {
    const inner = boxAt(box, at, box.length - at);
    if (!inner) return;
    yield box.subarray(at, at + inner.length);
    at += inner.length;
  }
}

/** @param {Bytes} box @returns {string} */
export function nameOf(box) {
  return boxAt(box, 0, box.length)?.name ?? "";
}

/** @param {Bytes} box @param {string} name @param {number} [most] @returns {Bytes[]} the first of this name in it */
export function named(box, name, most = Number.POSITIVE_INFINITY) {
  const found = [];
  for (const inner of boxesIn(box)) if (nameOf(inner) === name && found.push(inner) === most) break; // of millions, few stay
  return found;
}

/** @param {Bytes} box @returns {DataView} of what is in it; empty: there is no head */
export function bodyOf(box) {
  return viewOf(box.subarray(boxAt(box, 0, box.length)?.body ?? box.length));
}

/** Nothing is left of it but its length. @param {Bytes} box changed in place @returns {Bytes} */
export function freed(box) {
  box.set(FREE, 4);
  return box.fill(0, boxAt(box, 0, box.length)?.body);
}

/** @param {Bytes} bytes */
function viewOf(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
