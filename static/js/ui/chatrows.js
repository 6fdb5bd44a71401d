// The rows of the list of chats, brought into their order a few per frame: the first ones are there
// at once, and a thousand of them never keep the page from answering.

import { cloned } from "./bubbles.js";
import { chatAddress } from "./person.js";

const SLICE_MS = 8; // of a frame, spent on rows
const LEAST = 30; // rows a frame all the same: where the page is busy, frames are few

export class ChatRows {
  /** @type {string | null} */ current = null; // the conversation that is open
  #list;
  /** @type {Map<string, HTMLElement>} */ #rows = new Map(); // by conversation
  /** @type {Map<string, HTMLElement>} */ #served = new Map(); // came with the page, with a name alone

  /** @param {HTMLElement} list as the server wrote it */
  constructor(list) {
    this.#list = list;
    for (const row of list.children) {
      const conv = row.querySelector("a")?.dataset.conv;
      if (conv) this.#served.set(conv, /** @type {HTMLElement} */ (row));
    }
  }

  /**
   * What is not in the list yet goes before what only changed.
   * @param {string[]} order conversations
   * @param {Set<string>} stale what is to be filled; what was, is taken out
   * @param {(row: HTMLElement, conv: string) => void} fill
   * @returns {boolean} false: go on in the next frame
   */
  place(order, stale, fill) {
    const until = performance.now() + SLICE_MS;
    let filled = 0;
    const put = (/** @type {HTMLElement} */ row, /** @type {string} */ conv) => {
      filled += 1;
      stale.delete(conv);
      fill(row, conv);
    };
    const spent = () => filled >= LEAST && performance.now() > until;
    if (!this.#arrange(order, spent, put)) return false;
    for (const conv of order) {
      const row = stale.has(conv) && this.#rows.get(conv);
      if (row && spent()) return false;
      if (row) put(row, conv);
    }
    return true;
  }

  /** @param {string[]} order @param {() => boolean} spent @param {(row: HTMLElement, conv: string) => void} put */
  #arrange(order, spent, put) {
    let at = this.#list.firstElementChild;
    for (const conv of order) {
      const served = this.#served.get(conv);
      if (served && served === at) at = at.nextElementSibling;
      let row = this.#rows.get(conv);
      if (!row) {
        if (spent()) return false;
        row = this.#newRow(conv);
        put(row, conv);
      }
      if (row === at) at = at.nextElementSibling;
      else this.#list.insertBefore(row, at);
    }
    this.#removeFrom(at);
    return true;
  }

  /** @param {(conv: string) => boolean} matches */
  filter(matches) {
    for (const [conv, row] of this.#rows) {
      const hidden = !matches(conv);
      if (row.hidden !== hidden) row.hidden = hidden;
    }
  }

  /** @param {string} conv @returns {HTMLElement} in the place of the one that was served */
  #newRow(conv) {
    const row = cloned("chat-row");
    row.dataset.row = conv;
    const link = /** @type {HTMLAnchorElement} */ (row.querySelector("a"));
    link.href = chatAddress(conv);
    link.dataset.conv = conv;
    const served = this.#served.get(conv);
    if (conv === this.current || served?.querySelector("[aria-current]")) link.setAttribute("aria-current", "page");
    served?.remove();
    this.#served.delete(conv);
    this.#rows.set(conv, row);
    return row;
  }

  /** @param {Element | null} at */
  #removeFrom(at) {
    for (let gone = at; gone; ) {
      const next = gone.nextElementSibling;
      this.#rows.delete(/** @type {HTMLElement} */ (gone).dataset.row ?? "");
      gone.remove();
      gone = next;
    }
  }
}
