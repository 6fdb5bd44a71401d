// What the server wrote into this page for somebody who is signed in, so that the first requests
// need not be made (accounts/boot.py). It ages: a page out of the back-forward cache asks again.

const TOKEN_MS = 8 * 60 * 1000; // of its ten minutes
const NONCE_MS = 100 * 1000; // of their two minutes

/** @typedef {{token: string, nonces: string[], head: [number, string]}} Boot */

const text = globalThis.document?.getElementById("boot")?.textContent;
/** @type {Partial<Boot>} */
const { token, nonces = [], head } = text ? JSON.parse(text) : {};
let unused = head;

const begun = () => globalThis.performance.timeOrigin; // taken before the server made any of it

/** @returns {{token: string, until: number} | undefined} for the live connection */
export function bootToken() {
  return token ? { token, until: begun() + TOKEN_MS } : undefined;
}

/** For the first signed requests, and until when. @returns {[string[], number]} */
export function bootNonces() {
  return [nonces, begun() + NONCE_MS];
}

/** Head of the own device list, as of this page: good once. @returns {[number, string] | undefined} */
export function bootHead() {
  const once = unused;
  unused = undefined;
  return once;
}
