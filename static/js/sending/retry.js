// When to say that a message waits: not in the moment that it takes on a good network, but before
// a person starts to wonder. It is late when its conversation's queue has not moved for so long;
// then what comes behind it is late at once.

/** @typedef {import("./queue.js").Entry} Entry */
/** @typedef {import("../clock.js").Clock} Clock */

export const PATIENCE_MS = 4000; // a slow phone network answers in less
const LATER_MS = 2000; // doubled with each try
const LATER_MAX_MS = 30_000;

export class Patience {
  /** @type {Map<string, number>} */ #timers = new Map();
  /** @type {Set<string>} */ #late = new Set();
  /** @type {Map<string, {tries: number, why: string}>} */ #troubles = new Map(); // since the line moved
  #clock;
  #changed;

  /** @param {Clock} clock @param {(conv: string) => void} changed there is something new to say */
  constructor(clock, changed) {
    this.#clock = clock;
    this.#changed = changed;
  }

  /** Something waits. @param {string} conv */
  begin(conv) {
    if (this.#late.has(conv) || this.#timers.has(conv)) return;
    const timer = this.#clock.after(PATIENCE_MS, () => {
      this.#timers.delete(conv);
      this.#late.add(conv);
      this.#changed(conv);
    });
    this.#timers.set(conv, timer);
  }

  /** The queue has moved. @param {string} conv */
  end(conv) {
    this.#clock.cancel(this.#timers.get(conv));
    this.#timers.delete(conv);
    this.#late.delete(conv);
    this.#troubles.delete(conv);
  }

  /** @param {string} conv @param {string} why @returns {number} ms to the next try */
  again(conv, why) {
    const tries = this.#troubles.get(conv)?.tries ?? 0;
    this.#troubles.set(conv, { tries: tries + 1, why });
    this.look(conv);
    return Math.min(LATER_MAX_MS, LATER_MS * 2 ** tries);
  }

  /** The live connection is open: what was in the way before no longer counts. */
  forgive() {
    this.#troubles.clear();
  }

  /** What there is to say may have changed. @param {string} conv */
  look(conv) {
    if (this.#late.has(conv)) this.#changed(conv);
  }

  /** For pages. @param {Entry} entry @param {boolean} open @returns {Entry} */
  shown(entry, open) {
    if (entry.failed || !this.#late.has(entry.conv)) return { ...entry };
    return { ...entry, waits: open ? (this.#troubles.get(entry.conv)?.why ?? "later") : "offline" };
  }
}
