// The two ways of a part (media/protocol.py): through the site, or by a signed URL straight between this browser and the
// place where the site keeps files. Which one it is, the site says: Grant.mode, and each of its pages.

/** @typedef {import("../clock.js").Clock} Clock */
/** @typedef {import("../protocol.js").SignedUrl} SignedUrl */
/** @typedef {{url: string, headers: Record<string, string>, direct: boolean}} Way */

export const AT_ONCE = 8; // URLs that are asked for: a slow line does not let the last of them grow old
const GOOD_MS = 240_000; // of their five minutes
const UNREACHED_MS = 10_000; // the site has just answered, so it is not the line
const MISSED_MS = 60_000; // for which that is remembered

/** @param {string} blob hex @param {number} n @param {string} ticket @returns {Way} */
export function putByNode(blob, n, ticket) {
  return byNode(blob, n, { Authorization: `Ticket ${ticket}`, "Content-Type": "application/octet-stream" });
}

/** @param {string} blob hex @param {number} n @param {string} token @returns {Way} */
export function getByNode(blob, n, token) {
  return byNode(blob, n, { Authorization: `Live ${token}` });
}

/** @param {string} blob @param {number} n @param {Record<string, string>} headers @returns {Way} */
function byNode(blob, n, headers) {
  return { url: `/blobs/${blob}/${n}`, headers, direct: false };
}

/** Whether calls reach the place where the site keeps files, as far as this page has found out. */
export class Reach {
  #clock;
  #missed = Number.NEGATIVE_INFINITY;

  /** @param {Clock} clock */
  constructor(clock) {
    this.#clock = clock;
  }

  /** ms for which a part that no call reaches is tried; 0: one was given up a moment ago. */
  get patience() {
    return this.#clock.now() - this.#missed < MISSED_MS ? 0 : UNREACHED_MS;
  }

  /** A part was given up. */
  missed() {
    this.#missed = this.#clock.now();
  }

  /** A part has come. */
  came() {
    this.#missed = Number.NEGATIVE_INFINITY;
  }
}

/** The signed URLs of the parts of one blob, some asked for at a time. */
export class SignedUrls {
  #clock;
  #ask;
  /** @type {Map<number, {until: number, url: Promise<SignedUrl>}>} */ #asked = new Map();

  /** @param {Clock} clock @param {(parts: number[]) => Promise<SignedUrl[]>} ask */
  constructor(clock, ask) {
    this.#clock = clock;
    this.#ask = ask;
  }

  /**
   * Throws what `ask` throws; the next call asks again.
   * @param {number} n
   * @param {number[]} wanted `n` and what is wanted after it
   * @returns {Promise<Way>}
   */
  async of(n, wanted) {
    if (!this.#good(n)) this.#begin(wanted.slice(0, AT_ONCE).filter((m) => !this.#good(m)));
    const asked = /** @type {Promise<SignedUrl>} */ (this.#asked.get(n)?.url);
    try {
      const { url, headers = [] } = await asked;
      return { url, headers: Object.fromEntries(headers), direct: true };
    } catch (error) {
      this.forget(n);
      throw error;
    }
  }

  /** It was refused. @param {number} n */
  forget(n) {
    this.#asked.delete(n);
  }

  /** @param {number} n */
  #good(n) {
    return this.#clock.now() < (this.#asked.get(n)?.until ?? 0);
  }

  /** @param {number[]} parts */
  #begin(parts) {
    const until = this.#clock.now() + GOOD_MS;
    const answer = this.#ask(parts);
    for (const [i, n] of parts.entries()) {
      const url = answer.then((urls) => /** @type {SignedUrl} */ (urls[i]));
      const asked = { until, url };
      this.#asked.set(n, asked);
      url.catch(() => this.#asked.get(n) === asked && this.forget(n)); // heard by those who wait for it
    }
  }
}
