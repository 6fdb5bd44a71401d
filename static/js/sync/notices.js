// Lines in a chat that are no messages: a device list grew, an identity changed, a key was renewed,
// somebody came by a link or accepted a request.

import { unlessFull } from "../storage/quota.js";

/**
 * `devices`, `verified`: a list, an identity, of somebody who was verified
 * @typedef {"list" | "devices" | "identity" | "verified" | "epoch" | "joined" | "accepted"} Kind
 */
/** @typedef {{seq: number, time: number, kind: Kind}} Notice `seq`: it stands after this row */

const PREFIX = "notices "; // and the conversation

export class Notices {
  /** @type {Map<string, Notice[]>} */ #notices = new Map();
  #stores;
  #clock;
  #tell;

  /**
   * @param {Pick<import("../storage/stores.js").Stores, "all" | "write">} stores
   * @param {import("../clock.js").Clock} clock
   * @param {import("./events.js").Tell} tell
   */
  constructor(stores, clock, tell) {
    this.#stores = stores;
    this.#clock = clock;
    this.#tell = tell;
  }

  /** All in one question: there may be a thousand conversations. */
  async load() {
    const kept = await this.#stores.all("meta", PREFIX, `${PREFIX}\uffff`);
    for (const [key, notices] of kept) this.#notices.set(key.slice(PREFIX.length), notices);
  }

  /** @param {string} conv @returns {Notice[]} */
  of(conv) {
    return this.#notices.get(conv) ?? [];
  }

  /** @param {string} conv @param {number} seq @param {Kind} kind @param {number} [time] now, without */
  async add(conv, seq, kind, time = this.#clock.now()) {
    const notice = { seq, time, kind };
    const all = [...this.of(conv), notice];
    this.#notices.set(conv, all);
    await this.#stores.write([{ store: "meta", key: PREFIX + conv, value: all }]).catch(unlessFull); // shown, at least
    this.#tell("notice", { conv, notice });
  }
}
