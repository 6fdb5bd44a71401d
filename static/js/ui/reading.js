// What counts as read: a message that was on a screen that somebody looks at, for a whole
// second. What scrolls by, and what arrives while the window is not in front, does not.

/** @typedef {import("../sync/decrypt.js").Message} Message */

export const READ_MS = 1000;

/**
 * @typedef {object} ReadingParts
 * @property {import("../clock.js").Clock} clock
 * @property {() => Message[]} shown of the peer, on screen right now; none while nobody looks
 * @property {() => number} upto ord of the newest that is read already
 * @property {(message: Message) => void} read the newest that is read now
 */

export class Reading {
  /** @type {Map<number, number>} */ #since = new Map(); // seq → on screen from when on
  #parts;
  /** @type {number | undefined} */ #timer;

  /** @param {ReadingParts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** The screen, or whether somebody looks at it, has changed. */
  look() {
    const { clock, shown, upto, read } = this.#parts;
    const now = clock.now();
    const unread = shown().filter(({ ord }) => ord > upto());
    this.#since = new Map(unread.map(({ seq }) => [seq, this.#since.get(seq) ?? now]));
    const ripe = unread.filter(({ seq }) => now - (this.#since.get(seq) ?? now) >= READ_MS);
    const newest = ripe.reduce((a, b) => (a && a.seq > b.seq ? a : b), /** @type {Message | undefined} */ (undefined));
    for (const { seq } of ripe) this.#since.delete(seq);
    if (newest) read(newest);
    this.#wait(now);
  }

  /** Another conversation. */
  forget() {
    this.#since.clear();
    this.#wait(0);
  }

  /** @param {number} now */
  #wait(now) {
    this.#parts.clock.cancel(this.#timer);
    this.#timer = undefined;
    if (!this.#since.size) return;
    const due = Math.min(...this.#since.values()) + READ_MS - now;
    this.#timer = this.#parts.clock.after(Math.max(0, due), () => {
      this.#timer = undefined;
      this.look();
    });
  }
}
