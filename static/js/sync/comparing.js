// While it is open up to where the server's log is the one that is here (rollback.js): what the server
// says meanwhile is said of its row, too, which may take the place of this browser's.

const ALL = Number.MAX_SAFE_INTEGER;

export class Comparing {
  /** @type {(() => void)[] | null} null: it is not open */ #heard = null;
  #upto = ALL; // as far as is known so far
  /** @type {Promise<number>} */ #agreed = Promise.resolve(ALL);
  /** @type {(seq: number) => void} */ #agree = () => {};

  get open() {
    return this.#heard !== null;
  }

  /** Resolves when it is not open any more: above this seq nothing of what was here by now is in the server's log. */
  get agreed() {
    return this.#agreed;
  }

  begin() {
    if (!this.open) {
      this.#upto = ALL;
      this.#agreed = new Promise((resolve) => {
        this.#agree = resolve;
      });
    }
    this.#heard = []; // the vector of a newer connect tells what came before it
  }

  /** @param {() => void} take */
  hear(take) {
    this.#heard?.push(take);
    take();
  }

  /** The row is the server's now; both logs agree up to `seq`, of what is here. @param {number} seq */
  parted(seq) {
    for (const take of this.#heard ?? []) take();
    this.#upto = Math.min(this.#upto, seq);
  }

  /** Who waits hears how far both agreed. Who asks from now on asks about what is here now. */
  end() {
    this.#heard = null;
    this.#agree(this.#upto);
    this.#agreed = Promise.resolve(ALL);
  }
}
