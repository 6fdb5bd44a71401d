// Pictures are decoded before they are shown, and few at a time: ten large ones at once would fill the memory.

import { Lanes } from "../lanes.js";

const DECODED_AT_ONCE = 2;

const lanes = new Lanes(DECODED_AT_ONCE);

/**
 * Ends when an <img> with this address would show its picture at once.
 * @param {string} address
 * @param {() => boolean} wanted asked when it has its turn
 * @returns {Promise<boolean>} false: nobody wants it any more. Throws `unreadable` where it cannot be decoded
 */
export function decoded(address, wanted) {
  return lanes.run(async () => {
    if (!wanted()) return false;
    const picture = new Image();
    picture.src = address;
    try {
      await picture.decode();
    } catch {
      if (wanted()) throw Object.assign(new Error("a picture was not decoded"), { code: "unreadable" });
    }
    if (wanted()) return true;
    picture.removeAttribute("src"); // its pixels need not wait for the next collection
    return false;
  });
}
