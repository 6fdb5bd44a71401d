// The messages that the answers on a page are of: looked for once, and kept up to date from then on. Knows no nodes.

import { deletes, emptied } from "../chat/deleted.js";

/** @typedef {import("../sync/decrypt.js").Message} Message */
/** @typedef {import("../sync/onlyhere.js").OnlyHere} OnlyHere */

export class Quotes {
  /** @type {Map<string, Message | OnlyHere | null>} by mid; null: it is not here, or being looked for */ #known =
    new Map();
  #turn = 0; // an answer for another conversation is dropped
  #ask;
  #changed;

  /**
   * @param {(mids: string[]) => Promise<(Message | OnlyHere)[]>} ask
   * @param {() => void} changed
   */
  constructor(ask, changed) {
    this.#ask = ask;
    this.#changed = changed;
  }

  /** Another conversation, or another history of it. */
  forget() {
    this.#turn += 1;
    this.#known.clear();
  }

  /** @param {string} mid */
  get(mid) {
    return this.#known.get(mid) ?? undefined;
  }

  /**
   * What a page holds itself is the newest there is of it; the rest is asked for.
   * @param {Iterable<string>} mids
   * @param {(Message | OnlyHere)[]} [held]
   * @returns {Promise<void>} all that can be known is
   */
  async want(mids, held = []) {
    const here = new Map(held.toReversed().map((message) => [message.mid, message])); // a mid twice: the first of them
    const missing = [];
    for (const mid of new Set(mids)) {
      const message = here.get(mid);
      if (!message && !this.#known.has(mid)) missing.push(mid);
      if (message || !this.#known.has(mid)) this.#known.set(mid, message ?? null);
    }
    if (missing.length) await this.#look(missing);
  }

  /** @param {string[]} mids */
  async #look(mids) {
    const turn = this.#turn;
    const found = await this.#ask(mids).catch(() => null);
    if (turn !== this.#turn) return;
    if (!found) for (const mid of mids) this.#known.delete(mid); // the next look asks again
    for (const message of found ?? [])
      if (message.mid && !this.#known.get(message.mid)) this.#known.set(message.mid, message);
    if (found?.length) this.#changed();
  }

  /** Something new, or told again: one of them may be another by now. @param {Message} message */
  heard(message) {
    const { mid = "", content } = message;
    const target = content?.t === "del" ? this.#known.get(content.ref ?? "") : undefined;
    if (target && deletes(message, target)) this.#known.set(target.mid ?? "", emptied(target, "deleted"));
    else if (this.#known.get(mid)) this.#known.set(mid, message);
    else return;
    this.#changed();
  }
}
