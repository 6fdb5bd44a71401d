// Where reading begins in a chat that was opened: at the first message that was unread then. It is
// taken once: what is read from then on does not move it.

import { holdsFirst } from "./threadlayout.js";

/** @typedef {import("./historywindow.js").HistoryWindow} HistoryWindow */

const AHEAD = 30; // of a page: shown behind the last message that was read

export class FirstUnread {
  /** @type {number | undefined} its place among the peer's messages; undefined: nothing is unread */ ord;
  #after = 0; // seq of the last one that was read
  #leapt = false; // the reader jumped over some of what was unread, and has not been back

  forget() {
    this.ord = undefined;
    this.#leapt = false;
  }

  /** From further up to the newest message, with something unread between. */
  leap() {
    this.#leapt = true;
  }

  /**
   * Whether the way back is worth a button: who came down by reading needs none.
   * @param {boolean} above it is further up than the window
   */
  offered(above) {
    this.#leapt &&= above;
    return this.#leapt;
  }

  /**
   * @param {{unread: number, row: {my_read: number, my_read_ord: number}} | undefined} chat
   * @returns {boolean} now it is known
   */
  take(chat) {
    if (this.ord !== undefined || !chat?.unread) return false;
    this.ord = chat.row.my_read_ord + 1;
    this.#after = chat.row.my_read;
    return true;
  }

  /** @returns {number | undefined} the page below this seq shows it, and what was read before it */
  get before() {
    return this.ord && this.#after + 1 + AHEAD;
  }

  /** Whether its place is among these, and not before or behind a gap. @param {HistoryWindow} held */
  knownIn(held) {
    return !held.more || holdsFirst(held.messages, this.ord);
  }

  /** Whether it is further up than everything here. @param {HistoryWindow} held */
  isAbove(held) {
    return this.ord !== undefined && held.first > this.#after;
  }
}
