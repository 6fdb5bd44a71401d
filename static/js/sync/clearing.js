// Chats that the person cleared, for as long as that can be taken back. The store cannot undo a
// clear, so the call waits; what is to be cleared is on the disk, so that the next page makes the
// call where this one goes before it is due. Until then the chat is empty in this browser alone.

import { remaining } from "../clock.js";
import { without } from "./passedover.js";

/** @typedef {{upto: number, at: number}} Waiting everything up to a seq, since when */

export const UNDO_MS = 5000;
const GRACE_MS = 500; // for the button that was pressed in time
const AGAIN_MS = 30_000; // after a failure that means nothing
const PREFIX = "clearing "; // and the conversation
const DEFINITE = new Set([400, 404, 409]); // the chat is not there any more

export class Clearing {
  /** @type {Map<string, Waiting>} */ #waiting = new Map();
  /** @type {Set<string>} */ #calling = new Set();
  /** @type {Map<string, number>} */ #timers = new Map();
  #parts;

  /**
   * @param {object} parts
   * @param {Pick<import("../storage/stores.js").Stores, "all" | "write">} parts.stores
   * @param {import("../clock.js").Clock} parts.clock
   * @param {(conv: string, upto: number) => Promise<void>} parts.call
   * @param {(conv: string) => void} parts.changed what the chat shows is another thing
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /** What an earlier page left behind. */
  async load() {
    const kept = await this.#parts.stores.all("meta", PREFIX, `${PREFIX}\uffff`);
    for (const [key, waiting] of kept) {
      const conv = key.slice(PREFIX.length);
      this.#waiting.set(conv, waiting);
      this.#in(conv, remaining(this.#parts.clock, waiting.at, UNDO_MS + GRACE_MS));
    }
  }

  /** @param {string} conv @returns {Waiting | undefined} */
  of(conv) {
    return this.#waiting.get(conv);
  }

  /**
   * Kept before it shows; throws where it could not be.
   * @param {string} conv
   * @param {number} upto
   * @returns {Promise<number>} for so many ms it can be taken back
   */
  async begin(conv, upto) {
    const waiting = { upto, at: this.#parts.clock.now() };
    await this.#parts.stores.write([{ store: "meta", key: PREFIX + conv, value: waiting }]);
    this.#waiting.set(conv, waiting);
    this.#in(conv, UNDO_MS + GRACE_MS);
    this.#parts.changed(conv);
    return UNDO_MS;
  }

  /** @param {string} conv @returns {Promise<boolean>} false: the call is made already */
  async undo(conv) {
    if (!this.#waiting.has(conv) || this.#calling.has(conv)) return false;
    this.#cancel(conv);
    await this.#forget(conv);
    return true;
  }

  /**
   * Above `seq` the server's log is another one, of which nobody asked to clear anything.
   * @param {string} conv
   * @param {number} seq
   */
  async rewind(conv, seq) {
    const waiting = this.#waiting.get(conv);
    if (!waiting || waiting.upto <= seq) return;
    const lowered = { ...waiting, upto: seq };
    this.#waiting.set(conv, lowered);
    await this.#parts.stores.write([{ store: "meta", key: PREFIX + conv, value: lowered }]);
  }

  /** Nobody can take it back any more, as when the keys of this browser go. */
  async settle() {
    await Promise.all([...this.#waiting.keys()].map((conv) => this.#call(conv)));
  }

  /** The live connection is back: what is due need not wait. */
  opened() {
    const due = this.#parts.clock.now() - UNDO_MS - GRACE_MS;
    for (const [conv, { at }] of this.#waiting) if (at <= due) void this.#call(conv);
  }

  /** @param {string} conv */
  async #call(conv) {
    const waiting = this.#waiting.get(conv);
    if (!waiting || this.#calling.has(conv)) return;
    this.#cancel(conv);
    this.#calling.add(conv);
    try {
      await this.#parts.call(conv, waiting.upto);
      await this.#forget(conv);
    } catch (error) {
      const { status = 0 } = /** @type {{status?: number}} */ (error);
      if (DEFINITE.has(status)) await this.#forget(conv);
      else this.#in(conv, AGAIN_MS);
    } finally {
      this.#calling.delete(conv);
    }
  }

  /** @param {string} conv */
  async #forget(conv) {
    this.#waiting.delete(conv);
    this.#parts.changed(conv);
    await this.#parts.stores.write([{ store: "meta", key: PREFIX + conv, remove: true }]);
  }

  /** @param {string} conv @param {number} ms */
  #in(conv, ms) {
    this.#cancel(conv);
    this.#timers.set(
      conv,
      this.#parts.clock.after(ms, () => void this.#call(conv)),
    );
  }

  /** @param {string} conv */
  #cancel(conv) {
    this.#parts.clock.cancel(this.#timers.get(conv));
    this.#timers.delete(conv);
  }
}

/**
 * What a conversation keeps where its row says that more was cleared, and what leaves the browser.
 * @param {import("./conversation.js").Kept} kept
 * @param {number} before up to where it was cleared before
 * @param {number} time
 * @returns {{kept: import("./conversation.js").Kept, gone: import("../storage/stores.js").Change[]}}
 */
export function afterClear(kept, before, time) {
  const { conv, cleared, last_seq, peer_ord } = kept.row;
  if (cleared <= before) return { kept, gone: [] };
  const ord = cleared < last_seq ? (kept.cleared?.ord ?? 0) : peer_ord;
  const { passed, ...known } = kept;
  const range = { key: [conv, 0], upto: [conv, cleared], remove: /** @type {const} */ (true) };
  return {
    kept: { ...known, ...without(passed, 0, cleared), newest: left(kept.newest, kept.row), cleared: { ord, time } },
    gone: [
      { store: "messages", ...range },
      { store: "relations", ...range },
    ],
  };
}

/** @param {import("./decrypt.js").Message | null} message @param {{cleared: number}} row */
export function left(message, { cleared }) {
  return message && message.seq > cleared ? message : null;
}
