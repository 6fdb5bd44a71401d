// The stores, and whether there is room in them. A browser whose storage is full refuses each write by
// itself; a person wants to hear of it once, and that it goes on when there is room again.

/** @typedef {import("./stores.js").Stores} Stores */
/** @typedef {import("./stores.js").Store} Store */
/** @typedef {import("./stores.js").Key} Key */
/** @typedef {import("./stores.js").Change} Change */

export const PROBE_MS = 3000;
const PROBE_BYTES = 128 * 1024; // more than any one write: room for this is room to go on

export class Quota {
  full = false;
  #stores;
  #clock;
  #changed;

  /**
   * @param {Stores} stores
   * @param {import("../clock.js").Clock} clock
   * @param {(full: boolean) => void} changed
   */
  constructor(stores, clock, changed) {
    this.#stores = stores;
    this.#clock = clock;
    this.#changed = changed;
  }

  /** @param {Store} store @param {Key} key */
  get(store, key) {
    return this.#stores.get(store, key);
  }

  /** @param {Store} store @param {Key} [lower] @param {Key} [upper] */
  all(store, lower, upper) {
    return this.#stores.all(store, lower, upper);
  }

  /** @param {Store} store @param {Key[]} names */
  named(store, names) {
    return this.#stores.named(store, names);
  }

  /** @param {Change[]} changes */
  async write(changes) {
    try {
      await this.#stores.write(changes);
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
      await this.#stores.write([
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
