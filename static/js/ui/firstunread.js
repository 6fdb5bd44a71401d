// Where reading begins in a chat that was opened: at the first message that was unread then. It is
// taken once: what is read from then on does not move it.

import { holdsFirst } from "./threadlayout.js";

/** @typedef {import("../stretch.js").Stretch} Stretch */

const AHEAD = 30; // of a page: shown behind the last message that was read

export class FirstUnread {
  /** @type {number | undefined} its place among the peer's messages; undefined: nothing is unread */ ord;
  #after = 0; // seq of the last one that was read

  forget() {
    this.ord = undefined;
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

  /** Whether its place is among these, and not before or behind a gap. @param {Stretch} stretch */
  knownIn(stretch) {
    return !stretch.more || holdsFirst(stretch.letters, this.ord);
  }

  /** Further up than everything that is here. @param {Stretch} stretch */
  isAbove(stretch) {
    return this.ord !== undefined && stretch.first > this.#after;
  }
}
