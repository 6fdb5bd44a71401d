// What is written and not yet in the log, in the order it was written: in memory as on the disk.
// The disk comes first: what could not be kept does not exist, and nothing leaves that is not kept.
//
// Policy: `add` (nothing overtakes what failed), `seal` and `unseal` (the counter, docs/encryption.md 4.13).

/** @typedef {import("../protocol.js").SendFrame} Send */
/** @typedef {import("../chat/content.js").Content} Content */
/** @typedef {{id: string, conv: string, content: Content, erases?: number | undefined, again?: boolean}} Message `again`: it was discarded, and is taken back */

/**
 * @typedef {object} Entry
 * @property {string} id names it for the page; stays when the message is sealed again
 * @property {string} conv
 * @property {number} order
 * @property {Content} content
 * @property {number} [erases] seq of the row that a deletion empties at the server, too
 * @property {number} written ms, this device's clock
 * @property {Sealed} [sealed] from its first transmission on
 * @property {string} [failed] the definite refusal
 * @property {boolean} [whole] its files are at the server, as far as is known
 * @property {number} [paused] by the person, who had so many bytes of its files at the server
 * @property {boolean} [there] in the log, while its row could not be kept here; in memory alone
 * @property {string} [waits] for pages alone: why it is not sent yet, where that takes long
 */

/**
 * @typedef {object} Sealed
 * @property {Omit<Send, "t">} frame the bytes, for every repeat
 * @property {number} ctr
 * @property {string} commitment C, which the next message of this device names
 * @property {number | undefined} [log] for which log of the server's
 */

/**
 * @typedef {object} Turn this device's place in a conversation
 * @property {number} ctr of the last message sealed
 * @property {string[]} commitments C of the last ones, newest last; one goes when ctr is given back
 * @property {number | undefined} [log] how often the server's became another one (ADR 15); undefined: never
 */

/**
 * Everything below is one atomic write each.
 * @typedef {object} OutboxStore
 * @property {() => Promise<Entry[]>} entries
 * @property {(conv: string) => Promise<Turn>} turn
 * @property {(entry: Entry, again?: boolean) => Promise<void>} add and end the draft that it was; again: it was none
 * @property {(entry: Entry, turn?: Turn) => Promise<void>} keep
 * @property {(entry: Entry, turn?: Turn) => Promise<void>} drop
 */

const ENDED_MAX = 1000; // newest ids of what left the queue

export class Queue {
  /** @type {Entry[]} */ #entries = [];
  /** @type {Map<string, Promise<unknown>>} */ #adding = new Map(); // conv → the last one under way
  /** @type {Set<string>} ids: who asks again after a change of the lead may ask late */ #ended = new Set();
  /** @type {WeakMap<Sealed, number>} how often it went, as far as is known */ #went = new WeakMap();
  #order = 0;
  #store;
  #clock;

  /** @param {OutboxStore} store @param {import("../clock.js").Clock} clock */
  constructor(store, clock) {
    this.#store = store;
    this.#clock = clock;
  }

  async load() {
    this.#entries = (await this.#store.entries()).sort(inOrder);
    this.#order = this.#entries.at(-1)?.order ?? 0;
    for (const { sealed } of this.#entries) if (sealed) this.went(sealed);
  }

  /** @returns {Entry[]} */
  all() {
    return this.#entries;
  }

  /**
   * The entry to send next: one that is sealed has the lower counter, and may be in the log by now. What was written
   * before it may have waited for its files.
   * @param {string} conv
   * @returns {Entry | undefined}
   */
  first(conv) {
    const waiting = this.#entries.filter((entry) => entry.conv === conv && waits(entry));
    return waiting.find(({ sealed }) => sealed) ?? waiting[0];
  }

  /** The conversations in which something waits. @returns {Set<string>} */
  convs() {
    return new Set(this.#entries.filter(waits).map(({ conv }) => conv));
  }

  /** @param {string} id @returns {Entry | undefined} */
  find(id) {
    return this.#entries.find((entry) => entry.id === id);
  }

  /** @param {string} clientId @returns {Entry | undefined} */
  named(clientId) {
    return this.#entries.find(({ sealed }) => sealed?.frame.client_id === clientId);
  }

  /** @param {Entry} entry */
  holds(entry) {
    return this.#entries.includes(entry);
  }

  /**
   * Throws where it could not be kept; then what was written after it is not kept either. The same
   * id again is the same message.
   * @param {Message} message
   * @returns {Promise<Entry | null>} null: it is there already
   */
  add(message) {
    const { conv } = message;
    const adding = (this.#adding.get(conv) ?? Promise.resolve()).then(() => this.#add(message));
    this.#adding.set(conv, adding);
    return adding.finally(() => this.#adding.get(conv) === adding && this.#adding.delete(conv));
  }

  /** What failed, at the end of the queue. @param {Entry} old @returns {Promise<Entry | null>} null: asked twice */
  async again(old) {
    const { failed: _, ...rest } = old;
    const entry = { ...rest, order: ++this.#order };
    await this.#store.keep(entry);
    if (!this.holds(old)) return null;
    this.#entries = [...this.#entries.filter((other) => other !== old), entry];
    return entry;
  }

  /** From memory at once, so that nothing seals it now. @param {Entry} entry */
  async drop(entry) {
    this.#entries = this.#entries.filter((other) => other !== entry);
    this.#ended.add(entry.id);
    const [oldest = ""] = this.#ended;
    if (this.#ended.size > ENDED_MAX) this.#ended.delete(oldest);
    await this.#store.drop(entry);
  }

  /** @param {Sealed} sealed */
  went(sealed) {
    this.#went.set(sealed, (this.#went.get(sealed) ?? 0) + 1);
  }

  /** The log may hold it, whatever the server says to the last try. @param {Entry} entry */
  wentTwice({ sealed }) {
    return sealed !== undefined && (this.#went.get(sealed) ?? 0) > 1;
  }

  /** @param {Entry} entry @param {number} [done] bytes of its files at the server; none: it goes on */
  async pause(entry, done) {
    if (done === undefined) delete entry.paused;
    else entry.paused = done;
    await this.#store.keep({ ...entry });
    if (!this.holds(entry)) await this.#store.drop(entry); // taken back meanwhile
  }

  /** It could not be dropped. @param {Entry} entry */
  restore(entry) {
    this.#entries = [...this.#entries, entry].sort(inOrder);
  }

  /**
   * @param {Entry} entry
   * @param {(entry: Entry, turn: Turn) => Promise<Sealed>} seal
   * @returns {Promise<boolean>} whether it was not, and is now
   */
  async seal(entry, seal) {
    if (entry.sealed) return false;
    const turn = await this.#store.turn(entry.conv);
    const sealed = { ...(await seal(entry, turn)), log: turn.log };
    if (!this.holds(entry)) return false; // taken back meanwhile
    const commitments = [...turn.commitments, sealed.commitment].slice(-2);
    await this.#store.keep({ ...entry, sealed }, { ctr: sealed.ctr, commitments });
    if (this.holds(entry)) entry.sealed = sealed;
    else await this.#store.drop(entry, turn);
    return this.holds(entry);
  }

  /**
   * It is not in the log and will not be under this name: the counter goes to the next one, unless a log that is
   * no more may have it.
   * @param {Entry} entry
   * @param {string} [failed]
   */
  async unseal(entry, failed) {
    const { sealed, ...rest } = entry;
    const kept = failed ? { ...rest, failed } : rest;
    await this.#store.keep(kept, sealed && (await this.#givenBack(entry.conv, sealed)));
    delete entry.sealed;
    if (failed) entry.failed = failed;
  }

  /** @param {Message} message */
  async #add({ id, conv, content, erases, again }) {
    if (this.find(id) || this.#ended.has(id)) return null;
    /** @type {Entry} */
    const entry = { id, conv, content, order: ++this.#order, written: this.#clock.now(), ...(erases && { erases }) };
    await this.#store.add(entry, again);
    this.#entries.push(entry);
    return entry;
  }

  /** @param {string} conv @param {Sealed} sealed @returns {Promise<Turn>} */
  async #givenBack(conv, { ctr, log }) {
    const turn = await this.#store.turn(conv);
    if (turn.ctr !== ctr || turn.log !== log) return turn;
    return { ctr: ctr - 1, commitments: turn.commitments.slice(0, -1) };
  }
}

/** @param {Entry} entry */
function waits(entry) {
  return !entry.failed && !entry.there && !uploads(entry);
}

/** Its files are on their way. @param {Entry} entry */
export function uploads({ content, sealed, whole, failed }) {
  return Boolean(content.att) && !sealed && !whole && !failed;
}

/** @param {Entry} a @param {Entry} b */
function inOrder(a, b) {
  return a.order - b.order;
}
