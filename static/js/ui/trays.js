// What is picked and not sent yet, each chat for itself: whatever is opened meanwhile, a file stays with
// the chat where it was picked. Files are made ready one after the other, for each may fill the memory.

import { PictureError } from "../chat/drawing.js";
import { fileName, savedName } from "../chat/filenames.js";
import { TEXT_MAX } from "./composing.js";

/** @typedef {import("./preparing.js").Prepared} Prepared */
/** @typedef {import("./preparing.js").How} How */
/**
 * @typedef {object} Item
 * @property {string} id
 * @property {File} file as it was picked
 * @property {How} how
 * @property {"preparing" | "ready" | "asks" | "gone"} state asks: as a file, or not at all; gone: the disk has it no more
 * @property {"unreadable" | "bomb"} [why] it asks
 * @property {Prepared} [prepared]
 * @property {string} name
 * @property {string} ending of the name: it says what the file is, and stays. Empty: none
 * @property {string} alt what it shows, for who does not see it
 */
/** @typedef {{fileMax: number, left: number}} Room bytes of a file, and of all that may still be kept */

export const ATTACHMENTS_MAX = 10; // of a message (docs/encryption.md 4.8)
export const ALT_MAX = 1_000; // characters
// What is not written yet of an attachment and its thumbnail: ids, keys, hashes and sizes as JSON.
const SEALED_BYTES = 2 * 330;

export class Trays {
  /** @type {Map<string, Item[]>} by chat */ #items = new Map();
  /** @type {Promise<void>} */ #last = Promise.resolve();
  #prepare;
  #changed;
  #unnamed;

  /**
   * @param {object} parts
   * @param {(file: File, how: How) => Promise<Prepared>} parts.prepare
   * @param {(conv: string) => void} parts.changed
   * @param {() => string} parts.unnamed what a file is called whose name has no letter left
   */
  constructor({ prepare, changed, unnamed }) {
    this.#prepare = prepare;
    this.#changed = changed;
    this.#unnamed = unnamed;
  }

  /** @param {string} conv @returns {readonly Item[]} in the order in which they are sent */
  of(conv) {
    return this.#items.get(conv) ?? [];
  }

  get any() {
    return this.#items.size > 0;
  }

  /** @param {string} conv @param {readonly File[]} files @returns {number} how many found no place any more */
  add(conv, files) {
    const room = ATTACHMENTS_MAX - this.of(conv).length;
    const items = files.slice(0, room).map((file) => this.#item(file));
    this.#put(conv, [...this.of(conv), ...items]);
    for (const item of items) this.#queue(conv, item);
    return files.length - items.length;
  }

  /** @param {File} file @returns {Item} */
  #item(file) {
    const name = savedName(file.name, this.#unnamed());
    const { ending } = fileName(name);
    return { id: crypto.randomUUID(), file, how: "clean", state: "preparing", name, ending, alt: "" };
  }

  /** @param {string} conv @param {string} id @param {How} how */
  redo(conv, id, how) {
    const item = this.#find(conv, id);
    if (!item || item.how === how) return;
    Object.assign(item, { how, state: "preparing", prepared: undefined });
    this.#changed(conv);
    this.#queue(conv, item);
  }

  /** @param {string} conv @param {string} id */
  remove(conv, id) {
    this.#put(
      conv,
      this.of(conv).filter((item) => item.id !== id),
    );
  }

  /** @param {string} conv @param {string} id @param {number} by -1: earlier, 1: later */
  move(conv, id, by) {
    const items = [...this.of(conv)];
    const from = items.findIndex((item) => item.id === id);
    const [item] = items.splice(from, 1);
    if (from < 0 || !item) return;
    items.splice(Math.max(0, from + by), 0, item);
    this.#put(conv, items);
  }

  /** They leave, to be sent. @param {string} conv @returns {Item[]} */
  take(conv) {
    const items = [...this.of(conv)];
    this.#put(conv, []);
    return items;
  }

  /** They were not sent: before what was picked since. @param {string} conv @param {Item[]} items */
  giveBack(conv, items) {
    this.#put(conv, [...items, ...this.of(conv)]);
    for (const item of items) if (item.state === "preparing") this.#queue(conv, item); // given up meanwhile
  }

  /** @param {Item} item @param {string} base what somebody calls it, without its ending */
  rename(item, base) {
    item.name = savedName(base.trim() + item.ending, this.#unnamed());
  }

  /** @param {string} conv @param {string} id */
  #find(conv, id) {
    return this.of(conv).find((item) => item.id === id);
  }

  /** @param {string} conv @param {Item[]} items */
  #put(conv, items) {
    if (items.length) this.#items.set(conv, items);
    else this.#items.delete(conv);
    this.#changed(conv);
  }

  /** @param {string} conv @param {Item} item */
  #queue(conv, item) {
    const { how } = item;
    this.#last = this.#last.then(async () => {
      const wanted = () => this.#find(conv, item.id) === item && item.how === how && item.state === "preparing";
      if (!wanted()) return;
      const outcome = await this.#outcome(item, how);
      if (!wanted()) return;
      Object.assign(item, outcome);
      this.#changed(conv);
    });
  }

  /** @param {Item} item @param {How} how @returns {Promise<Partial<Item>>} */
  async #outcome(item, how) {
    try {
      const prepared = await this.#prepare(item.file, how);
      const ending = prepared.ending || fileName(item.file.name).ending;
      return { state: "ready", prepared, name: baseOf(item) + ending, ending };
    } catch (error) {
      if (error instanceof PictureError) return { state: "asks", why: error.code };
      return { state: "gone" }; // or changed on the disk since it was picked
    }
  }
}

/**
 * What could not be sent may have changed on the disk since it was made ready, or be gone from it.
 * @param {readonly Item[]} items those that cannot be read any more say so from now on
 * @returns {Promise<boolean>} whether there are such
 */
export async function lookAgain(items) {
  let gone = false;
  for (const item of items) {
    try {
      await item.prepared?.bytes.slice(0, 1).arrayBuffer();
    } catch {
      Object.assign(item, { state: "gone", prepared: undefined });
      gone = true;
    }
  }
  return gone;
}

/** @param {Pick<Item, "name" | "ending">} item what of its name somebody may change */
export function baseOf({ name, ending }) {
  return name.slice(0, name.length - ending.length);
}

/**
 * Which rule a message would break, before anything of it is sealed.
 * @param {readonly Item[]} items
 * @param {string} caption
 * @param {Room | null} room null: not known, as the server is away
 * @returns {{code: "file_too_large" | "quota" | "too_long" | "too_many", item?: Item} | null}
 */
export function tooMuch(items, caption, room) {
  if (items.length > ATTACHMENTS_MAX) return { code: "too_many" }; // given back to what was picked since
  const large = room && items.find(({ prepared }) => (prepared?.bytes.size ?? 0) > room.fileMax);
  if (large) return { code: "file_too_large", item: large };
  const all = items.reduce((sum, { prepared }) => sum + (prepared?.bytes.size ?? 0), 0);
  if (room && all > room.left) return { code: "quota" };
  const words = items.map(({ name, alt }) => ({ name, alt }));
  const bytes = new TextEncoder().encode(JSON.stringify([caption, words])).length + items.length * SEALED_BYTES;
  return bytes > TEXT_MAX ? { code: "too_long" } : null;
}
