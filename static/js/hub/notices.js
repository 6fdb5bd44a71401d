// Lines in a chat that are no messages: a device list grew, an identity changed, a key was renewed.

import { unlessFull } from "../room.js";

/** @typedef {"list" | "identity" | "verified" | "epoch"} Kind `verified`: the identity, of somebody verified */
/** @typedef {{seq: number, time: number, kind: Kind}} Notice `seq`: it stands after this row */

const PREFIX = "notices "; // and the conversation

export class Notices {
  /** @type {Map<string, Notice[]>} */ #notices = new Map();
  #shelf;
  #clock;
  #tell;

  /**
   * @param {Pick<import("./shelf.js").Shelf, "all" | "write">} shelf
   * @param {import("../clock.js").Clock} clock
   * @param {(event: string, detail: unknown) => void} tell
   */
  constructor(shelf, clock, tell) {
    this.#shelf = shelf;
    this.#clock = clock;
    this.#tell = tell;
  }

  /** All in one question: there may be a thousand conversations. */
  async load() {
    const kept = await this.#shelf.all("meta", PREFIX, `${PREFIX}\uffff`);
    for (const [key, notices] of kept) this.#notices.set(key.slice(PREFIX.length), notices);
  }

  /** @param {string} conv @returns {Notice[]} */
  of(conv) {
    return this.#notices.get(conv) ?? [];
  }

  /** @param {string} conv @param {number} seq @param {Kind} kind */
  async add(conv, seq, kind) {
    const notice = { seq, time: this.#clock.now(), kind };
    const all = [...this.of(conv), notice];
    this.#notices.set(conv, all);
    await this.#shelf.write([{ store: "meta", key: PREFIX + conv, value: all }]).catch(unlessFull); // shown, at least
    this.#tell("notice", { conv, notice });
  }
}
