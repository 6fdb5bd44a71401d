// The keystore as the leading tab writes to it. A tab that was suspended may wake when another one
// leads: its next write fails, and its work ends there. So it can never seal a second message under
// one counter, nor put an older state over a newer one (docs/adr/0016).

import { isFull } from "./quota.js";

/** @typedef {import("./keystore.js").Keystore} Keystore */
/** @typedef {import("./stores.js").Store} Store */
/** @typedef {import("./stores.js").Key} Key */
/** @typedef {import("./stores.js").Change} Change */

export class Fence {
  #keystore;
  #deposed;
  #ended = false;

  /** @param {Keystore} keystore @param {number} term @param {() => void} deposed */
  constructor(keystore, term, deposed) {
    this.#keystore = keystore;
    this.term = term;
    this.#deposed = deposed;
  }

  /**
   * Before anything else is read: from here on, the tab that led before can write nothing.
   * @param {Keystore} keystore
   * @param {{stolen: boolean, deposed: () => void}} lead
   */
  static async raise(keystore, { stolen, deposed }) {
    const raised = keystore.raiseTerm(stolen).catch((error) => {
      // Without room there is no new term. The tab that gave up the lock writes no more, so the old one will do.
      if (stolen || !isFull(error)) throw error;
      return keystore.term();
    });
    return new Fence(keystore, await raised, deposed);
  }

  /** @param {Store} store @param {Key} key */
  async get(store, key) {
    return this.#leading(this.#keystore.get(store, key));
  }

  /** @param {Store} store @param {Key} [lower] @param {Key} [upper] */
  async all(store, lower, upper) {
    return this.#leading(this.#keystore.all(store, lower, upper));
  }

  /** @param {Store} store @param {Key[]} names */
  async named(store, names) {
    return this.#leading(this.#keystore.named(store, names));
  }

  /** @param {Change[]} changes */
  async write(changes) {
    try {
      return await this.#leading(this.#keystore.write(changes, this.term));
    } catch (error) {
      if (/** @type {{code?: string}} */ (error).code !== "deposed") throw error;
      this.#deposed();
      return ended();
    }
  }

  /** The tab no longer leads. */
  end() {
    this.#ended = true;
  }

  /** @template T @param {Promise<T>} work @returns {Promise<T>} */
  async #leading(work) {
    const outcome = await work.catch((error) => {
      // The browser deleted it: the page is told (`onClosed`), and no work can go on.
      if (/** @type {{code?: string}} */ (error).code !== "closed") throw error;
      return ended();
    });
    return this.#ended ? ended() : outcome;
  }
}

/** What waits for it goes no further, and is collected. @returns {Promise<never>} */
function ended() {
  return new Promise(() => {});
}
