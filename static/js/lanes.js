// So much at a time, and no more: what comes later waits for its turn.

export class Lanes {
  #free;
  /** @type {(() => void)[]} */ #waiting = [];

  /** @param {number} count */
  constructor(count) {
    this.#free = count;
  }

  /** @template T @param {() => Promise<T>} work @returns {Promise<T>} */
  async run(work) {
    if (this.#free) this.#free -= 1;
    else await /** @type {Promise<void>} */ (new Promise((turn) => this.#waiting.push(turn)));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}
