// Who is here: which tabs look at which chat, whose presence is watched for them, who types.

import { TYPING_EVERY_SECONDS, TYPING_LASTS_SECONDS, WATCH_MAX } from "../protocol.js";

/** @typedef {import("../protocol.js").Seen} Seen */
/** @typedef {import("../protocol.js").ClientFrame} ClientFrame */
/** @typedef {{tab: string, focus: boolean, conv: string | null}} Look */

const GONE_MS = 5 * 60 * 1000; // a tab that closed without a word looks at nothing any more

export class Presence {
  /** @type {Map<string, Look & {at: number}>} */ #looks = new Map();
  /** @type {Map<string, Seen>} */ #seen = new Map();
  /** @type {Map<string, number>} */ #typing = new Map(); // conv → timer
  /** @type {Map<string, number>} */ #typed = new Map(); // conv → when we said so
  #parts;
  #last = "";

  /**
   * @param {object} parts
   * @param {import("../clock.js").Clock} parts.clock
   * @param {(frame: ClientFrame) => boolean} parts.send
   * @param {() => string[]} parts.watched uids, the most recent conversation first
   * @param {import("./events.js").Tell} parts.tell
   */
  constructor(parts) {
    this.#parts = parts;
  }

  get focus() {
    const since = this.#parts.clock.now() - GONE_MS;
    return [...this.#looks.values()].some(({ focus, at }) => focus && at > since);
  }

  /** @param {Look} look */
  look(look) {
    this.#looks.set(look.tab, { ...look, at: this.#parts.clock.now() });
    this.watch();
  }

  /** Says who to watch, where that changed. */
  watch() {
    const users = this.#parts.watched().slice(0, WATCH_MAX);
    const frame = /** @type {const} */ ({ t: "watch" });
    const text = JSON.stringify([users, this.focus]);
    if (text === this.#last) return;
    if (this.#parts.send({ ...frame, users, focus: this.focus })) this.#last = text;
  }

  /** The live connection is new: the server knows nothing of us. */
  opened() {
    this.#last = "";
    this.watch();
  }

  /** Without a live connection nobody's presence is known. */
  closed() {
    for (const [user] of this.#seen) this.#show({ user, state: "unknown" });
  }

  /** @param {string} uid @returns {Seen | undefined} */
  of(uid) {
    return this.#seen.get(uid);
  }

  /** @param {Seen[]} users */
  learn(users) {
    for (const seen of users) this.#show(seen);
  }

  /** The peer writes, until said otherwise. @param {string} conv */
  peerTypes(conv) {
    this.#parts.clock.cancel(this.#typing.get(conv));
    if (!this.#typing.has(conv)) this.#parts.tell("typing", { conv, typing: true });
    this.#typing.set(
      conv,
      this.#parts.clock.after(TYPING_LASTS_SECONDS * 1000, () => this.peerRests(conv)),
    );
  }

  /** @param {string} conv */
  peerRests(conv) {
    if (!this.#typing.has(conv)) return;
    this.#parts.clock.cancel(this.#typing.get(conv));
    this.#typing.delete(conv);
    this.#parts.tell("typing", { conv, typing: false });
  }

  /** @param {string} conv */
  iType(conv) {
    const now = this.#parts.clock.now();
    if (now - (this.#typed.get(conv) ?? 0) < TYPING_EVERY_SECONDS * 1000) return;
    if (this.#parts.send({ t: "typing", conv })) this.#typed.set(conv, now);
  }

  /** @param {Seen} seen */
  #show(seen) {
    this.#seen.set(seen.user, seen);
    this.#parts.tell("presence", seen);
  }
}
