// The shelf, and whether there is room on it. A browser whose storage is full refuses each write by
// itself; a person wants to hear of it once, and that it goes on when there is room again.

/** @typedef {import("./hub/shelf.js").Shelf} Shelf */
/** @typedef {import("./hub/shelf.js").Store} Store */
/** @typedef {import("./hub/shelf.js").Key} Key */
/** @typedef {import("./hub/shelf.js").Change} Change */

export const PROBE_MS = 3000;
const PROBE_BYTES = 128 * 1024; // more than any one write: room for this is room to go on

export class Room {
  full = false;
  #shelf;
  #clock;
  #changed;

  /**
   * @param {Shelf} shelf
   * @param {import("./clock.js").Clock} clock
   * @param {(full: boolean) => void} changed
   */
  constructor(shelf, clock, changed) {
    this.#shelf = shelf;
    this.#clock = clock;
    this.#changed = changed;
  }

  /** @param {Store} store @param {Key} key */
  get(store, key) {
    return this.#shelf.get(store, key);
  }

  /** @param {Store} store @param {Key} [lower] @param {Key} [upper] */
  all(store, lower, upper) {
    return this.#shelf.all(store, lower, upper);
  }

  /** @param {Change[]} changes */
  async write(changes) {
    try {
      await this.#shelf.write(changes);
    } catch (error) {
      if (isFull(error) && !this.full) this.#become(true);
      throw error;
    }
  }

  /** @param {boolean} full */
  #become(full) {
    this.full = full;
    this.#changed(full);
    if (full) this.#clock.after(PROBE_MS, () => void this.#probe());
  }

  /** In and out again in one transaction: nothing of it stays. */
  async #probe() {
    const place = { store: /** @type {const} */ ("meta"), key: "probe" };
    try {
      await this.#shelf.write([
        { ...place, value: "0".repeat(PROBE_BYTES) },
        { ...place, remove: true },
      ]);
      this.#become(false);
    } catch {
      this.#clock.after(PROBE_MS, () => void this.#probe());
    }
  }
}

/** Of the keystore: there is no room. @param {unknown} error */
export function isFull(error) {
  return /** @type {{code?: string} | undefined} */ (error)?.code === "quota";
}

/** For what the server tells again anyway: without room, memory goes on alone. @param {unknown} error */
export function unlessFull(error) {
  if (!isFull(error)) throw error;
}
