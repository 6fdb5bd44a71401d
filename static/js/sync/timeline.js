// The order of one conversation (docs/protocol.md): the next seq is applied, an older
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
const WALK = 50; // rows, a page of the server; further behind, the newest is taken and the rest is paged back when looked at

/** A browser that has nothing is far from everything but the first row. @param {number} have @param {number} seq */
export function isFar(have, seq) {
  return seq - have > WALK || (have === 0 && seq > 1);
}

/**
 * The log is dense: a row that a page leaves out between others did not even tell its place.
 * @param {string} conv
 * @param {Msg[]} rows
 * @param {number} first
 * @param {number} last
 * @returns {Msg[]} in order
 */
export function whole(conv, rows, first, last) {
  const there = new Map(rows.map((row) => [row.seq, row]));
  const length = Math.min(last - first + 1, WALK);
  if (!(length > 0)) return [];
  return Array.from({ length }, (_, at) => there.get(first + at) ?? { t: "msg", conv, seq: first + at });
}

export const CLOSED = "before_reset"; // a message is, and so is everything older

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
  #paused = false; // what is applied may be another log's: rows wait
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
    if ((row.seq > this.#have || this.#paused) && this.#held.size < HELD_MAX) this.#held.set(row.seq, row);
    this.#head = Math.max(this.#head, row.seq);
    return this.#kick();
  }

  /**
   * The server says how far the conversation goes: no late frame is to be waited for, and what was
   * in the way before the connection came back no longer counts.
   * @param {number} seq
   */
  learn(seq) {
    if (this.#paused) return Promise.resolve(); // of an earlier connect
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
    if (this.#paused) return Promise.resolve();
    this.#head = Math.max(this.#head, row.seq);
    this.#leap = row;
    return this.#kick();
  }

  /** Nothing is applied any more. Resolves when what was under way is. */
  async pause() {
    this.#paused = true;
    this.#leap = null;
    this.#held.clear();
    this.#head = 0; // heard since
    while (this.#running) await this.#running;
  }

  /** While it is paused: both logs agree up to here. @param {number} seq */
  rewind(seq) {
    this.#have = seq;
  }

  /** What is here is the server's log, and so is what came meanwhile. */
  resume() {
    this.#paused = false;
    for (const held of this.#held.keys()) if (held <= this.#have) this.#held.delete(held);
    this.#head = Math.max(this.#head, this.#have);
    this.#failures = 0;
    return this.retry();
  }

  close() {
    this.#parts.clock.cancel(this.#timer);
    this.#timer = undefined;
    this.#held.clear();
    this.#head = this.#have;
  }

  /** @returns {Promise<void>} */
  #kick() {
    if (this.#paused || (this.#failures && this.#timer !== undefined)) return Promise.resolve();
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
    while (!this.complete && !this.#paused) {
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
    if (this.#paused) return; // they may be another log's
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

/**
 * A page as threads take it.
 * @param {import("./decrypt.js").Message[]} messages oldest first
 * @param {number} cleared up to where nothing is shown
 */
export function paged(messages, cleared) {
  const [oldest] = messages;
  const more = (oldest?.seq ?? 0) > cleared + 1;
  return { messages, more: more && oldest?.broken !== CLOSED };
}
