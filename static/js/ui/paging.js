// The part of a conversation that a thread holds, brought page by page. One page is on its way at
// a time, and an answer for another conversation is dropped. Knows no page's nodes.

import { HistoryWindow, PAGE } from "./historywindow.js";

/** @typedef {Awaited<ReturnType<import("../tabs/requests.js").Requests["messages"]>>} MessagesPage */
/** @typedef {"replace" | "older" | "newer"} How */

export class Paging {
  window = new HistoryWindow();
  #turn = 0; // number of the conversation
  /** @type {Promise<boolean> | null} */ #loading = null;
  #parts;

  /**
   * @param {object} parts
   * @param {(before?: number) => Promise<MessagesPage>} parts.ask messages below a seq, else the newest
   * @param {(how: How) => void} parts.begins
   * @param {(page: MessagesPage | null) => void} parts.ends null: not connected
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /** Another conversation. */
  forget() {
    this.#turn += 1;
    this.#loading = null;
    this.window.clear();
  }

  /**
   * Another place, once what is on its way has come: that may be out of date.
   * @param {number} [before] a seq; else the newest page
   * @returns {Promise<boolean>} false: not connected, or another conversation by now
   */
  async replace(before) {
    const turn = this.#turn;
    while (this.#loading) await this.#loading;
    return turn === this.#turn && this.#load("replace", before);
  }

  async older() {
    const { first, more } = this.window;
    return first > 0 && more && !this.#loading && this.#load("older", first);
  }

  async newer() {
    const { last, later } = this.window;
    return later && !this.#loading && this.#load("newer", last + 1 + PAGE);
  }

  /** @param {How} how @param {number} [before] @returns {Promise<boolean>} */
  #load(how, before) {
    this.#parts.begins(how);
    const loading = this.#fetch(how, before);
    this.#loading = loading;
    return loading;
  }

  /** @param {How} how @param {number} [before] */
  async #fetch(how, before) {
    const turn = this.#turn;
    const page = await this.#parts.ask(before).catch(() => null);
    if (turn !== this.#turn) return false;
    if (page) this.window[how](page);
    else if (how !== "newer") this.window.more = true; // scrolling on tries again
    this.#loading = null;
    this.#parts.ends(page);
    return page !== null;
  }
}
