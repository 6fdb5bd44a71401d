// Tabs of one browser: the one that holds the Web Lock has the live connection and works, the others
// ask it and hear what it tells (docs/adr/0016). When it goes, the next in the queue of the lock
// takes over, and what was asked of the old one is asked again: questions carry an id, and
// everything that a page asks may be asked twice.
//
// A leader may be suspended: it holds the lock and answers nothing. A follower that finds it so
// takes the lock away (`#watch`). A tab that wakes without the lock is a follower again (`#deposed`).

/** @typedef {{postMessage: (data: unknown) => void, close: () => void, onmessage: ((event: MessageEvent) => void) | null}} Channel */
/** @typedef {{request: (name: string, options: LockOptions, hold: () => Promise<void>) => Promise<unknown>}} Locks */
/** @typedef {{ask: (method: string, args: unknown[]) => Promise<unknown>, stop: () => void}} Leader */
/** @typedef {{stolen: boolean, deposed: () => void}} Lead `deposed`: another tab leads, as the work found out */
/** @typedef {{leader: Promise<Leader>, ends: Promise<void>, end: () => void}} Stint */

/**
 * @typedef {{kind: "ask", id: string, method: string, args: unknown[]}
 *   | {kind: "answer", id: string, value?: unknown, error?: {code: string, message: string}}
 *   | {kind: "tell", term: number, event: string, detail: unknown}
 *   | {kind: "lead"} | {kind: "ping"} | {kind: "pong"}} Word
 */
/** @typedef {{word: Extract<Word, {kind: "ask"}>, done: (value: any) => void, failed: (error: Error) => void}} Asked */

/**
 * @typedef {object} TabsParts
 * @property {Channel} channel
 * @property {Locks} locks
 * @property {string} name of the lock: one for each account
 * @property {import("../clock.js").Clock} clock
 * @property {() => boolean} visible
 * @property {(lead: Lead) => Promise<Leader>} lead this tab holds the lock: start the work
 * @property {(event: string, detail: unknown) => void} heard
 */

export const SILENCE_MS = 5000; // a question waits, and nothing is heard of the leader
export const PING_MS = 1500;
const PINGS = 2;
const LATE_MS = 1000; // own timers later than this: the machine slept, and silence proves nothing

export class Tabs {
  /** @type {TabsParts} */ #parts;
  /** @type {Stint | null} */ #stint = null;
  /** @type {Map<string, Asked>} */ #asked = new Map();
  #id = crypto.randomUUID();
  #count = 0;
  #queued = new AbortController();
  #watching = false;
  #heardLeader = false;
  #stopped = false;
  #term = 0; // the latest that was heard of

  /** @param {TabsParts} parts */
  constructor(parts) {
    this.#parts = parts;
    parts.channel.onmessage = ({ data }) => this.#hear(/** @type {Word} */ (data));
  }

  get leading() {
    return this.#stint !== null;
  }

  start() {
    this.#queued = new AbortController();
    void this.#request({ signal: this.#queued.signal });
  }

  stop() {
    this.#stopped = true;
    this.#queued.abort();
    if (this.#stint) end(this.#stint);
    this.#parts.channel.close();
  }

  /**
   * @param {string} method
   * @param {unknown[]} args
   * @returns {Promise<any>}
   */
  ask(method, ...args) {
    const id = `${this.#id} ${++this.#count}`;
    return new Promise((done, failed) => {
      /** @type {Asked} */
      const asked = { word: { kind: "ask", id, method, args }, done, failed };
      this.#asked.set(id, asked);
      this.#put(asked);
    });
  }

  /**
   * From the leader to every tab, its own included. A leader that wakes after its lead was taken
   * away tells of an older term: nobody hears that.
   * @param {number} term of the leader, higher than of all that led before
   * @param {string} event
   * @param {unknown} detail
   */
  tell(term, event, detail) {
    this.#say({ kind: "tell", term, event, detail });
    this.#told(term, event, detail);
  }

  /** @param {number} term @param {string} event @param {unknown} detail */
  #told(term, event, detail) {
    if (term < this.#term) return;
    this.#term = term;
    this.#parts.heard(event, detail);
  }

  /** To this tab's own work, or to the tab that leads. @param {Asked} asked */
  #put({ word, done, failed }) {
    const stint = this.#stint;
    if (!stint) {
      this.#say(word);
      void this.#watch();
      return;
    }
    const settle = (/** @type {() => void} */ how) => {
      if (stint === this.#stint && this.#asked.delete(word.id)) how(); // else it was asked again
    };
    stint.leader
      .then((leader) => leader.ask(word.method, word.args))
      .then(
        (value) => settle(() => done(value)),
        (error) => settle(() => failed(error)),
      );
  }

  #putAll() {
    for (const asked of [...this.#asked.values()]) this.#put(asked);
  }

  /** @param {LockOptions} options */
  async #request(options) {
    /** @type {Stint | undefined} */ let stint;
    try {
      await this.#parts.locks.request(this.#parts.name, options, () => {
        stint = this.#lead(Boolean(options.steal));
        return stint.ends;
      });
    } catch {
      // Given up for a steal of this tab's own, or taken away by another's.
      if (stint) this.#depose(stint);
      else if (options.steal) this.start();
    }
  }

  /** @param {boolean} stolen @returns {Stint} as long as this tab leads */
  #lead(stolen) {
    const { promise: ends, resolve: end } = withResolvers();
    const deposed = () => this.#depose(stint);
    /** @type {Stint} */
    const stint = { leader: this.#parts.lead({ stolen, deposed }), ends, end };
    this.#stint = stint;
    this.#say({ kind: "lead" });
    this.#putAll();
    this.#parts.heard("lead", null);
    return stint;
  }

  /** Another tab has the lock. @param {Stint} stint */
  #depose(stint) {
    if (stint !== this.#stint) return;
    this.#stint = null;
    end(stint);
    if (this.#stopped) return;
    this.start();
    this.#putAll();
    for (const event of ["lead", "deposed"]) this.#parts.heard(event, null);
  }

  /** @param {Word} word */
  #hear(word) {
    if (word.kind === "ping") return void (this.#stint && this.#say({ kind: "pong" })); // before all its work
    if (word.kind === "ask") return void (this.#stint && this.#answer(this.#stint, word));
    this.#heardLeader = true;
    if (word.kind === "tell") this.#told(word.term, word.event, word.detail);
    else if (word.kind === "answer") this.#settled(word);
    else if (word.kind === "lead" && !this.#stint) {
      this.#putAll();
      this.#parts.heard("lead", null);
    }
  }

  /** @param {Stint} stint @param {Extract<Word, {kind: "ask"}>} word */
  async #answer(stint, word) {
    const answer = await answerOf(stint.leader, word);
    if (stint === this.#stint) this.#say(answer);
  }

  /** @param {Extract<Word, {kind: "answer"}>} word */
  #settled({ id, value, error }) {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (error) asked?.failed(Object.assign(new Error(error.message), { code: error.code }));
    else asked?.done(value);
  }

  /** As long as a question waits: its answer may take long, a sign of life may not. */
  async #watch() {
    if (this.#watching) return;
    this.#watching = true;
    while (this.#waits()) if ((await this.#silence(SILENCE_MS)) && (await this.#dead())) this.#takeOver();
    this.#watching = false;
  }

  #waits() {
    return !this.#stint && !this.#stopped && this.#asked.size > 0;
  }

  async #dead() {
    for (let ping = 0; ping < PINGS; ping++) {
      this.#say({ kind: "ping" });
      if (!(await this.#silence(PING_MS))) return false;
    }
    return this.#waits();
  }

  /** Nothing was heard of the leader, by a tab that was awake and seen. @param {number} ms */
  async #silence(ms) {
    const { clock, visible } = this.#parts;
    const due = clock.now() + ms;
    this.#heardLeader = false;
    await new Promise((pass) => clock.after(ms, () => pass(null)));
    return !this.#heardLeader && visible() && clock.now() - due <= LATE_MS;
  }

  #takeOver() {
    this.#parts.heard("takeover", null);
    this.#queued.abort();
    void this.#request({ steal: true });
  }

  /** @param {Word} word */
  #say(word) {
    if (!this.#stopped) this.#parts.channel.postMessage(word);
  }
}

/** @param {Stint} stint */
function end(stint) {
  void stint.leader.then((leader) => leader.stop()).catch(() => {}); // one that never began
  stint.end();
}

/**
 * @param {Promise<Leader>} leader
 * @param {Extract<Word, {kind: "ask"}>} word
 * @returns {Promise<Word>}
 */
async function answerOf(leader, { id, method, args }) {
  try {
    return { kind: "answer", id, value: await (await leader).ask(method, args) };
  } catch (error) {
    const { code = "failed", message = "" } = /** @type {{code?: string, message?: string}} */ (error);
    return { kind: "answer", id, error: { code, message } };
  }
}

/** @returns {{promise: Promise<void>, resolve: () => void}} */
function withResolvers() {
  let resolve = () => {};
  /** @type {Promise<void>} */
  const promise = new Promise((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
