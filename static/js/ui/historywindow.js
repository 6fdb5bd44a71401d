// The part of a conversation that a thread holds: neighbours without a gap, and never more of
// them than a page can carry. It is moved along the history, not grown.

import { deletes, emptied } from "../chat/deleted.js";
import { isEmoji } from "../chat/reactions.js";
import { PAGE_MAX } from "../protocol.js";

/** @typedef {import("../sync/decrypt.js").Message} Message */
/** @typedef {import("../sync/onlyhere.js").OnlyHere} OnlyHere */
/** @typedef {{messages: Message[], more: boolean, have: number, only?: OnlyHere[]}} Page `only`: of the whole conversation */

export const PAGE = PAGE_MAX; // messages a request: more than a tall screen holds
export const HELD_MAX = 5 * PAGE; // three screens of the tallest window on either side of it

export class HistoryWindow {
  /** @type {Map<number, Message>} */ #messages = new Map();
  #head = 0; // the newest seq that this browser has
  /** @type {OnlyHere[]} */ #only = [];
  /** Older ones are there, and not here. */
  more = false;

  get size() {
    return this.#messages.size;
  }

  /** @returns {number} seq of the oldest; 0: there is none */
  get first() {
    return this.#messages.size ? Math.min(...this.#messages.keys()) : 0;
  }

  /** @returns {number} seq of the newest; 0: there is none */
  get last() {
    return this.#messages.size ? Math.max(...this.#messages.keys()) : 0;
  }

  /** Newer ones are there, and not here. */
  get later() {
    return this.size > 0 && this.last < this.#head;
  }

  /** @returns {Message[]} oldest first */
  get messages() {
    return [...this.#messages.values()].sort((a, b) => a.seq - b.seq);
  }

  /** Those on this device alone that have their place here. */
  get only() {
    return this.#only.filter(({ after }) => (!this.more || after >= this.first) && (!this.later || after < this.last));
  }

  /** @param {number} seq */
  get(seq) {
    return this.#messages.get(seq);
  }

  /** Whether it holds messages that are cleared now, or lacks some that are not any more. @param {number} before @param {number} cleared */
  turnedBy(before, cleared) {
    return cleared < before || (cleared > before && this.first <= cleared);
  }

  clear() {
    this.#messages.clear();
    this.#only = [];
    this.#head = 0;
    this.more = false;
  }

  /** Another place of the same conversation. @param {Page} page */
  replace(page) {
    this.#messages.clear();
    this.#put(page);
    this.more = page.more;
  }

  /** What lies before it; as much is let go at the other end. @param {Page} page */
  older(page) {
    this.#put(page);
    this.more = page.more;
    this.#drop(this.messages.slice(HELD_MAX));
  }

  /** What lies behind it; as much is let go at the other end. @param {Page} page */
  newer(page) {
    this.#put(page);
    this.#dropOldest();
  }

  /**
   * One message that is new, or changed.
   * @param {Message} message
   * @param {boolean} following the reader is at the end, and goes along
   * @returns {boolean} false: it lies beyond a gap, and the reader waits for it
   */
  came(message, following) {
    this.#said(message);
    const next = message.seq === this.last + 1;
    const behind = this.later;
    this.#head = Math.max(this.#head, message.seq);
    if (this.#messages.has(message.seq) || (next && !behind && (following || this.size < HELD_MAX))) {
      this.#messages.set(message.seq, message);
      if (following) this.#dropOldest();
      return true;
    }
    return message.seq <= this.last || !following;
  }

  /** Of what is held, and not kept in this browser, nobody else tells what is said of it. @param {Message} message */
  #said(message) {
    const { t, ref = "" } = message.content ?? {};
    const target = t === "del" || t === "react" ? this.messages.find(({ mid }) => mid === ref) : undefined;
    if (!target) return;
    if (deletes(message, target)) this.#messages.set(target.seq, emptied(target, "deleted"));
    else if (t === "react") this.#messages.set(target.seq, reacted(target, message));
  }

  /** @param {Page} page */
  #put({ messages, have, only = [] }) {
    this.#only = only;
    for (const message of messages) this.#messages.set(message.seq, message);
    this.#head = Math.max(this.#head, have);
  }

  #dropOldest() {
    const over = this.size - HELD_MAX;
    if (over <= 0) return;
    this.#drop(this.messages.slice(0, over));
    this.more = true;
  }

  /** @param {Message[]} messages */
  #drop(messages) {
    for (const { seq } of messages) this.#messages.delete(seq);
  }
}

/**
 * Of the page that has a row in its middle.
 * @param {number | undefined} seq 0: before the first one
 * @returns {number | undefined} below which it begins; undefined: the newest page
 */
export function around(seq) {
  return seq === undefined ? undefined : seq + PAGE / 2;
}

/** With what one person says of it now, in place of what they said before. @param {Message} target @param {Message} said @returns {Message} */
function reacted(target, { conv, seq, mid = "", mine, time, content: { body = "" } = { t: "react" } }) {
  if (target.gone || (body !== "" && !isEmoji(body))) return target;
  const others = (target.relations ?? []).filter((one) => one.t !== "react" || one.mine !== mine || one.seq > seq);
  return { ...target, relations: [...others, { conv, seq, mid, mine, time, t: "react", body }] };
}
