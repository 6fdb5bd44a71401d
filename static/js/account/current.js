// Which account this browser is signed in to: one at a time, as there is one session cookie.

import { fromHex, hex } from "../crypto/encoding.js";

/** @typedef {import("../crypto/encoding.js").Bytes} Bytes */

const PLACE = "m1-account";

/** @returns {Bytes | undefined} */
export function currentUid() {
  const text = localStorage.getItem(PLACE);
  return text && /^[0-9a-f]{32}$/.test(text) ? fromHex(text) : undefined;
}

/** @param {Bytes} uid */
export function setCurrent(uid) {
  localStorage.setItem(PLACE, hex(uid));
}

export function forgetCurrent() {
  localStorage.removeItem(PLACE);
}
