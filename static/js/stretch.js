// The stretch of a conversation that a thread holds: neighbours without a gap, and never more of
// them than a page can carry. It is moved along the history, not grown.

import { PAGE_MAX } from "./protocol.js";

/** @typedef {import("./hub/letters.js").Letter} Letter */
/** @typedef {{letters: Letter[], more: boolean, have: number}} Page */

export const PAGE = PAGE_MAX; // letters a request: more than a tall screen holds
export const HELD_MAX = 5 * PAGE; // three screens of the tallest window on either side of it

export class Stretch {
  /** @type {Map<number, Letter>} */ #letters = new Map();
  #head = 0; // the newest seq that this browser has
  /** Older ones are there, and not here. */
  more = false;

  get size() {
    return this.#letters.size;
  }

  /** @returns {number} seq of the oldest; 0: there is none */
  get first() {
    return this.#letters.size ? Math.min(...this.#letters.keys()) : 0;
  }

  /** @returns {number} seq of the newest; 0: there is none */
  get last() {
    return this.#letters.size ? Math.max(...this.#letters.keys()) : 0;
  }

  /** Newer ones are there, and not here. */
  get later() {
    return this.size > 0 && this.last < this.#head;
  }

  /** @returns {Letter[]} oldest first */
  get letters() {
    return [...this.#letters.values()].sort((a, b) => a.seq - b.seq);
  }

  /** @param {number} seq */
  get(seq) {
    return this.#letters.get(seq);
  }

  clear() {
    this.#letters.clear();
    this.#head = 0;
    this.more = false;
  }

  /** Another place of the same conversation. @param {Page} page */
  replace(page) {
    this.#letters.clear();
    this.#put(page);
    this.more = page.more;
  }

  /** What lies before it; as much is let go at the other end. @param {Page} page */
  older(page) {
    this.#put(page);
    this.more = page.more;
    this.#drop(this.letters.slice(HELD_MAX));
  }

  /** What lies behind it; as much is let go at the other end. @param {Page} page */
  newer(page) {
    this.#put(page);
    this.#dropOldest();
  }

  /**
   * One letter that is new, or changed.
   * @param {Letter} letter
   * @param {boolean} following the reader is at the end, and goes along
   * @returns {boolean} false: it lies beyond a gap, and the reader waits for it
   */
  came(letter, following) {
    const next = letter.seq === this.last + 1;
    const behind = this.later;
    this.#head = Math.max(this.#head, letter.seq);
    if (this.#letters.has(letter.seq) || (next && !behind && (following || this.size < HELD_MAX))) {
      this.#letters.set(letter.seq, letter);
      if (following) this.#dropOldest();
      return true;
    }
    return letter.seq <= this.last || !following;
  }

  /** @param {number} seq the person cleared everything up to here */
  clearUpto(seq) {
    this.#drop(this.letters.filter((letter) => letter.seq <= seq));
  }

  /** @param {Page} page */
  #put({ letters, have }) {
    for (const letter of letters) this.#letters.set(letter.seq, letter);
    this.#head = Math.max(this.#head, have);
  }

  #dropOldest() {
    const over = this.size - HELD_MAX;
    if (over <= 0) return;
    this.#drop(this.letters.slice(0, over));
    this.more = true;
  }

  /** @param {Letter[]} letters */
  #drop(letters) {
    for (const { seq } of letters) this.#letters.delete(seq);
  }
}
