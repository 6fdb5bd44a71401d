// The order of one conversation (storage.md 2.2, client rules): the next seq is applied, an older
// one dropped, one beyond a gap held for a moment and then fetched. What the server pushes is a
// hint; `have` is what counts.

/** @typedef {import("../clock.js").Clock} Clock */
/** @typedef {import("../protocol.js").MsgFrame} Msg */

/**
 * @typedef {object} TimelineParts
 * @property {Clock} clock
 * @property {(row: Msg) => Promise<void>} apply opens and stores; must be repeatable. A throw means
 *   "not now": the row stays and is tried again
 * @property {(after: number) => Promise<Msg[]>} fetch rows above `after`, oldest first
 */

export const HOLD_MS = 300; // frames of two nodes may overtake each other by this much
const RETRY_MS = 1000;
const MAX_RETRY_MS = 30_000;
const HELD_MAX = 500; // beyond it the rows are fetched again when their turn comes
const WALK = 50; // rows; further behind, the newest is taken and the rest is paged back when looked at

/** A browser that has nothing is far from everything but the first row. @param {number} have @param {number} seq */
export function isFar(have, seq) {
  return seq - have > WALK || (have === 0 && seq > 1);
}

export class Timeline {
  /** @type {TimelineParts} */ #parts;
  /** @type {Map<number, Msg>} */ #held = new Map();
  #have; // everything up to here is applied
  #head; // newest seq heard of
  #failures = 0; // in a row; while there are any, only the timer tries again
  #due = false; // a gap is to be fetched now, not waited for
  /** @type {number | undefined} */ #timer;
  /** @type {Promise<void> | null} */ #running = null;
  #again = false; // something came while the last step was ending
  /** @type {Msg | null} */ #leap = null; // taken in its turn: a row that is being applied comes first

  /** @param {number} have @param {TimelineParts} parts */
  constructor(have, parts) {
    this.#have = have;
    this.#head = have;
    this.#parts = parts;
  }

  get have() {
    return this.#have;
  }

  get complete() {
    return this.#have >= this.#head;
  }

  /**
   * @param {Msg} row
   * @returns {Promise<void>} when what could be applied is
   */
  push(row) {
    if (row.seq > this.#have && this.#held.size < HELD_MAX) this.#held.set(row.seq, row);
    this.#head = Math.max(this.#head, row.seq);
    return this.#kick();
  }

  /**
   * The server says how far the conversation goes: no late frame is to be waited for, and what was
   * in the way before the line came back counts no more.
   * @param {number} seq
   */
  learn(seq) {
    this.#head = Math.max(this.#head, seq);
    this.#failures = 0;
    return this.retry();
  }

  /** What kept a row from being applied is gone: try at once, not when the timer says. */
  retry() {
    this.#parts.clock.cancel(this.#timer);
    this.#timer = undefined;
    this.#due = !this.complete;
    return this.#kick();
  }

  /**
   * Start from `row`: what lies between is paged back when somebody looks. It is walked if, by the
   * time of its turn, the way is not far any more, or the row cannot be opened now.
   * @param {Msg} row
   */
  jump(row) {
    this.#head = Math.max(this.#head, row.seq);
    this.#leap = row;
    return this.#kick();
  }

  close() {
    this.#parts.clock.cancel(this.#timer);
    this.#timer = undefined;
    this.#held.clear();
    this.#head = this.#have;
  }

  /** @returns {Promise<void>} */
  #kick() {
    if (this.#failures && this.#timer !== undefined) return Promise.resolve();
    if (this.#running) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#run().finally(() => {
      this.#running = null;
      if (!this.#again) return;
      this.#again = false;
      return this.#kick();
    });
    return this.#running;
  }

  async #run() {
    while (!this.complete) {
      const row = this.#next();
      if (!row && !this.#due) return this.#later(HOLD_MS);
      try {
        if (row) await this.#applyOne(row);
        else await this.#fetch();
        this.#failures = 0;
      } catch {
        if (row && row.seq > this.#have + 1) continue; // no leap, then: `#next` has asked for the walk
        this.#failures += 1;
        return this.#later(Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** (this.#failures - 1)));
      }
    }
    this.#due = false;
    this.#parts.clock.cancel(this.#timer);
    this.#timer = undefined;
  }

  /** @returns {Msg | undefined} */
  #next() {
    const leap = this.#leap;
    this.#leap = null;
    if (leap) this.#due = true; // whatever becomes of it, the server has these rows
    return leap && isFar(this.#have, leap.seq) ? leap : this.#held.get(this.#have + 1);
  }

  /** @param {Msg} row */
  async #applyOne(row) {
    await this.#parts.apply(row);
    const jumped = row.seq > this.#have + 1;
    this.#have = row.seq;
    this.#held.delete(row.seq);
    if (jumped) for (const seq of this.#held.keys()) if (seq < row.seq) this.#held.delete(seq);
  }

  async #fetch() {
    const rows = await this.#parts.fetch(this.#have);
    for (const row of rows) if (row.seq > this.#have) this.#held.set(row.seq, row);
    if (!this.#held.has(this.#have + 1)) throw new Error("the server has no row after this one");
  }

  /** @param {number} ms */
  #later(ms) {
    this.#timer ??= this.#parts.clock.after(ms, () => {
      this.#timer = undefined;
      this.#due = true;
      void this.#kick();
    });
  }
}
