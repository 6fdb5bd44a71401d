// Which message of each conversation is on its way, where one is being sealed, and when a conversation is looked at again.

export class InFlight {
  /** @type {Map<string, string>} */ #sent = new Map(); // conv → client_id
  /** @type {Map<string, Promise<void>>} */ #working = new Map(); // conv → the last work that was begun there
  /** @type {Map<string, number>} */ #timers = new Map();
  #clock;
  #due;

  /** @param {import("../clock.js").Clock} clock @param {(conv: string) => void} due */
  constructor(clock, due) {
    this.#clock = clock;
    this.#due = due;
  }

  /** @param {string} conv */
  has(conv) {
    return this.#sent.has(conv) || this.#working.has(conv);
  }

  /**
   * Nothing else is sealed or sent there meanwhile: it begins when what was begun before has ended.
   * @param {string} conv
   * @param {() => Promise<void>} work
   */
  async alone(conv, work) {
    const before = this.#working.get(conv) ?? Promise.resolve();
    const own = before.catch(() => {}).then(work);
    this.#working.set(conv, own);
    try {
      await own;
    } finally {
      if (this.#working.get(conv) === own) this.#working.delete(conv);
    }
  }

  /** @param {string} conv @param {string} clientId */
  is(conv, clientId) {
    return this.#sent.get(conv) === clientId;
  }

  /** @param {string} conv @param {string} clientId @param {number} ms without an answer, until it is due again */
  begin(conv, clientId, ms) {
    this.#sent.set(conv, clientId);
    this.again(conv, ms);
  }

  /** @param {string} conv */
  end(conv) {
    this.#sent.delete(conv);
    this.#clock.cancel(this.#timers.get(conv));
    this.#timers.delete(conv);
  }

  /** @param {string} conv @param {number} ms */
  again(conv, ms) {
    this.#clock.cancel(this.#timers.get(conv));
    const timer = this.#clock.after(ms, () => {
      this.end(conv);
      this.#due(conv);
    });
    this.#timers.set(conv, timer);
  }

  /** The live connection closed. */
  clear() {
    this.#sent.clear();
    for (const timer of this.#timers.values()) this.#clock.cancel(timer);
    this.#timers.clear();
  }
}
