// Tabs of one browser: the one that holds the Web Lock has the line and does the work, the others
// ask it and hear what it tells (storage.md 2.2). When it goes, the next in the queue of the lock
// takes over, and what was asked of the old one is asked again: questions carry an id, and
// everything that a page asks may be asked twice.

/** @typedef {{postMessage: (data: unknown) => void, close: () => void, onmessage: ((event: MessageEvent) => void) | null}} Channel */
/** @typedef {{request: (name: string, hold: () => Promise<void>) => Promise<unknown>}} Locks */
/** @typedef {{ask: (method: string, args: unknown[]) => Promise<unknown>}} Leader */

/**
 * @typedef {{kind: "ask", id: string, method: string, args: unknown[]}
 *   | {kind: "answer", id: string, value?: unknown, error?: {code: string, message: string}}
 *   | {kind: "tell", event: string, detail: unknown}
 *   | {kind: "lead"}} Word
 */

/**
 * @typedef {object} TabsParts
 * @property {Channel} channel
 * @property {Locks} locks
 * @property {string} name of the lock: one for each account
 * @property {() => Promise<Leader>} lead this tab holds the lock: start the work
 * @property {(event: string, detail: unknown) => void} heard
 */

export class Tabs {
  /** @type {TabsParts} */ #parts;
  /** @type {Promise<Leader> | null} */ #leader = null;
  /** @type {Map<string, {word: Word, done: (value: any) => void, failed: (error: Error) => void}>} */
  #asked = new Map();
  #id = crypto.randomUUID();
  #count = 0;
  #release = () => {};

  /** @param {TabsParts} parts */
  constructor(parts) {
    this.#parts = parts;
    parts.channel.onmessage = ({ data }) => void this.#hear(/** @type {Word} */ (data));
  }

  get leading() {
    return this.#leader !== null;
  }

  start() {
    void this.#parts.locks.request(this.#parts.name, () => this.#lead());
  }

  stop() {
    this.#release();
    this.#parts.channel.close();
  }

  /**
   * @param {string} method
   * @param {unknown[]} args
   * @returns {Promise<any>}
   */
  ask(method, ...args) {
    if (this.#leader) return this.#leader.then((leader) => leader.ask(method, args));
    const id = `${this.#id} ${++this.#count}`;
    /** @type {Word} */
    const word = { kind: "ask", id, method, args };
    return new Promise((done, failed) => {
      this.#asked.set(id, { word, done, failed });
      this.#parts.channel.postMessage(word);
    });
  }

  /** From the leader to every tab, its own included. @param {string} event @param {unknown} detail */
  tell(event, detail) {
    this.#parts.channel.postMessage({ kind: "tell", event, detail });
    this.#parts.heard(event, detail);
  }

  /** @returns {Promise<void>} as long as this tab leads */
  #lead() {
    this.#leader = this.#parts.lead();
    this.#parts.channel.postMessage({ kind: "lead" });
    for (const [id, { word, done, failed }] of this.#asked) {
      this.#asked.delete(id);
      if (word.kind === "ask") this.ask(word.method, ...word.args).then(done, failed);
    }
    return new Promise((release) => {
      this.#release = release;
    });
  }

  /** @param {Word} word */
  async #hear(word) {
    if (word.kind === "tell") this.#parts.heard(word.event, word.detail);
    else if (word.kind === "ask" && this.#leader) {
      this.#parts.channel.postMessage(await answer(this.#leader, word));
    } else if (word.kind === "answer") {
      const asked = this.#asked.get(word.id);
      this.#asked.delete(word.id);
      if (word.error) asked?.failed(Object.assign(new Error(word.error.message), { code: word.error.code }));
      else asked?.done(word.value);
    } else if (word.kind === "lead") {
      for (const asked of this.#asked.values()) this.#parts.channel.postMessage(asked.word);
      this.#parts.heard("lead", null);
    }
  }
}

/**
 * @param {Promise<Leader>} leader
 * @param {Extract<Word, {kind: "ask"}>} word
 * @returns {Promise<Word>}
 */
async function answer(leader, { id, method, args }) {
  try {
    return { kind: "answer", id, value: await (await leader).ask(method, args) };
  } catch (error) {
    const { code = "failed", message = "" } = /** @type {{code?: string, message?: string}} */ (error);
    return { kind: "answer", id, error: { code, message } };
  }
}
