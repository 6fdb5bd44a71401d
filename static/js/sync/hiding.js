// Messages that the person wants to see no more on this device. For some seconds that can be taken back: until then
// the words are kept, and not shown. Then they leave this browser; of the message, its name stays, or the server's
// pages would bring it again. Other devices are not told: there is no sealed place that grows with such a list
// (docs/adr/0065-deleting-a-message.md).

import { emptied } from "../chat/deleted.js";
import { remaining } from "../clock.js";
import { keptAs } from "./deleting.js";
import { evict } from "./evicting.js";

/** @typedef {import("./decrypt.js").Message} Message */
/** @typedef {{conv: string, mid: string, at: number}} Hidden `at`: ms, since when; 0: its words are gone */

export const UNDO_MS = 5000;
const GRACE_MS = 500; // for the button that was pressed in time
const AGAIN_MS = 30_000; // after a disk that failed
const PREFIX = "hidden "; // conversation and mid

/** @param {Pick<Hidden, "conv" | "mid">} one */
const nameOf = ({ conv, mid }) => `${PREFIX}${conv} ${mid}`;

export class Hiding {
  /** @type {Map<string, Hidden>} */ #hidden = new Map();
  /** @type {Map<string, number>} */ #timers = new Map();
  #parts;

  /**
   * @param {object} parts
   * @param {import("../storage/stores.js").Stores} parts.stores
   * @param {import("../clock.js").Clock} parts.clock
   * @param {import("./evicting.js").Files} parts.files
   * @param {import("./events.js").Tell} parts.tell
   * @param {Map<string, Pick<import("./conversation.js").Conversation, "lookAgain">>} parts.conversations
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /** What an earlier page left behind, too. */
  async load() {
    const kept = await this.#parts.stores.all("meta", PREFIX, `${PREFIX}\uffff`);
    for (const [name, one] of kept) {
      this.#hidden.set(name, one);
      if (one.at) this.#in(one, remaining(this.#parts.clock, one.at, UNDO_MS + GRACE_MS));
    }
  }

  /** As pages may have it. @template {Message} T @param {T} message @returns {T} */
  shown = (message) => {
    const { conv, mid } = message;
    return mid && this.#hidden.has(nameOf({ conv, mid })) ? emptied(message, "hidden") : message;
  };

  /**
   * Kept before it shows; throws where it could not be.
   * @param {string} conv
   * @param {string} mid
   * @returns {Promise<number>} for so many ms it can be taken back
   */
  async begin(conv, mid) {
    const one = { conv, mid, at: this.#parts.clock.now() };
    if (this.#hidden.has(nameOf(one))) return UNDO_MS; // asked twice
    await this.#keep(one);
    this.#in(one, UNDO_MS + GRACE_MS);
    await this.#tell(one);
    return UNDO_MS;
  }

  /** @param {string} conv @param {string} mid @returns {Promise<boolean>} false: too late */
  async undo(conv, mid) {
    const name = nameOf({ conv, mid });
    const one = this.#hidden.get(name);
    if (!one) return true; // asked twice
    if (!one.at) return false;
    this.#cancel(name);
    this.#hidden.delete(name);
    await this.#parts.stores.write([{ store: "meta", key: name, remove: true }]);
    await this.#tell(one);
    return true;
  }

  /** Its words and files leave this browser. @param {Hidden} one */
  async #forget(one) {
    const { conv, mid } = one;
    const { stores, files, conversations } = this.#parts;
    this.#hidden.set(nameOf(one), { ...one, at: 0 }); // from here on it is too late
    try {
      const kept = await this.#messages(one);
      const only = await stores.get("only", [conv, mid]);
      await evict(files, only ? [...kept, only] : kept);
      const changes = kept.flatMap((message) => keptAs(emptied(message, "hidden")));
      if (only) changes.push({ store: "only", key: [conv, mid], value: emptied(only, "hidden") });
      await this.#keep({ ...one, at: 0 }, changes);
      await conversations.get(conv)?.lookAgain(); // a row that came while it was hidden may have kept its words
    } catch {
      this.#in(one, AGAIN_MS);
    }
  }

  /** @param {Hidden} one @param {import("../storage/stores.js").Change[]} [changes] */
  async #keep(one, changes = []) {
    await this.#parts.stores.write([...changes, { store: "meta", key: nameOf(one), value: one }]);
    this.#hidden.set(nameOf(one), one);
  }

  /** @param {Hidden} one @returns {Promise<Message[]>} */
  async #messages({ conv, mid }) {
    return (await this.#parts.stores.named("messages", [[conv, mid]]))[0] ?? [];
  }

  /** @param {Hidden} one */
  async #tell(one) {
    const [message] = await this.#messages(one);
    if (message) this.#parts.tell("retold", this.shown(message));
    else this.#parts.tell("rewound", { conv: one.conv }); // of the server, or on this device alone: pages ask again
    await this.#parts.conversations.get(one.conv)?.lookAgain();
  }

  /** @param {Hidden} one @param {number} ms */
  #in(one, ms) {
    const name = nameOf(one);
    this.#cancel(name);
    this.#timers.set(
      name,
      this.#parts.clock.after(ms, () => void this.#forget(one)),
    );
  }

  /** @param {string} name */
  #cancel(name) {
    this.#parts.clock.cancel(this.#timers.get(name));
    this.#timers.delete(name);
  }
}
