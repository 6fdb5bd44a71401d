// What is written and not yet in the log: kept in the order it was written, sealed when its turn
// comes, sent byte-identical until the server gives a definite answer (storage.md 2.2, 2.4;
// encryption.md 4.13). One message of a conversation is in flight at a time.
//
// Policy: `#refused` (what gives the counter back), `stale` (a new name only if the old one is
// nowhere in the log), `#transmit` (when the same bytes go again).

/** @typedef {import("./clock.js").Clock} Clock */
/** @typedef {import("./protocol.js").SendFrame} Send */
/** @typedef {import("./protocol.js").ServerFrame} ServerFrame */

/**
 * @typedef {object} Entry
 * @property {string} id names it for the page; stays when the message is sealed anew
 * @property {string} conv
 * @property {number} order
 * @property {string} text
 * @property {number} written ms, this device's clock
 * @property {Sealed} [sealed] from its first transmission on
 * @property {string} [failed] the definite refusal
 */

/**
 * @typedef {object} Sealed
 * @property {Omit<Send, "t">} frame the bytes, for every repeat
 * @property {number} ctr
 * @property {string} commitment C, which the next message of this device names
 */

/**
 * @typedef {object} Turn this device's place in a conversation
 * @property {number} ctr of the last message sealed
 * @property {string[]} commitments C of the last ones, newest last; one goes when ctr is given back
 */

/**
 * Everything below is one atomic write each.
 * @typedef {object} OutboxStore
 * @property {() => Promise<Entry[]>} entries
 * @property {(conv: string) => Promise<Turn>} turn
 * @property {(entry: Entry, turn?: Turn) => Promise<void>} keep
 * @property {(entry: Entry, turn?: Turn) => Promise<void>} drop
 */

/**
 * @typedef {object} OutboxParts
 * @property {OutboxStore} store
 * @property {Clock} clock
 * @property {(entry: Entry, turn: Turn) => Promise<Sealed>} seal throws {code: "later"} where it
 *   cannot be sealed yet, anything else with a code is a definite failure
 * @property {(frame: Send) => boolean} transmit false: not connected
 * @property {(conv: string) => Promise<void>} sync brings the conversation up to date; own
 *   messages seen on the way come back as `seen`
 * @property {(conv: string) => Promise<void>} renew a newer epoch than the last is needed
 * @property {(entry: Entry, gone: boolean) => void} changed
 */

export const ANSWER_MS = 15_000; // the line is up and says nothing: the same bytes again
const LATER_MS = 2000;
const DEFINITE = new Set(["unknown", "not_connected", "too_big", "bad_seq", "blob", "reused", "unsupported"]);

export class Outbox {
  /** @type {OutboxParts} */ #parts;
  /** @type {Entry[]} */ #entries = [];
  /** @type {Map<string, string>} */ #inFlight = new Map(); // conv → client_id
  /** @type {Set<string>} */ #working = new Set(); // conversations being sealed or sent
  /** @type {Map<string, number>} */ #timers = new Map();
  #order = 0;
  #open = false; // the vector has come: resending is safe

  /** @param {OutboxParts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  async load() {
    this.#entries = (await this.#parts.store.entries()).sort((a, b) => a.order - b.order);
    this.#order = this.#entries.at(-1)?.order ?? 0;
  }

  /** @param {string} conv @returns {Entry[]} */
  of(conv) {
    return this.#entries.filter((entry) => entry.conv === conv);
  }

  /** @returns {Entry[]} */
  all() {
    return this.#entries;
  }

  /**
   * Kept before it is acknowledged to the page. The same id again is the same message.
   * @param {{id: string, conv: string, text: string}} message
   */
  async add({ id, conv, text }) {
    if (this.#entries.some((entry) => entry.id === id)) return;
    /** @type {Entry} */
    const entry = { id, conv, text, order: ++this.#order, written: this.#parts.clock.now() };
    this.#entries.push(entry);
    await this.#parts.store.keep(entry);
    this.#parts.changed(entry, false);
    void this.pump(conv);
  }

  /** After a definite failure: to the end of the line, under a new name. @param {string} id */
  async retry(id) {
    const old = this.#entries.find((entry) => entry.id === id);
    if (!old?.failed) return;
    const { failed: _, sealed: __, ...rest } = old;
    const entry = { ...rest, order: ++this.#order };
    this.#entries = [...this.#entries.filter((other) => other !== old), entry];
    await this.#parts.store.keep(entry);
    this.#parts.changed(entry, false);
    void this.pump(entry.conv);
  }

  /** Only what failed or never left may be taken back. @param {string} id */
  async discard(id) {
    const entry = this.#entries.find((other) => other.id === id);
    if (entry && (entry.failed || !entry.sealed)) await this.#remove(entry);
  }

  /** The line is up and every conversation's newest rows were seen. */
  opened() {
    this.#open = true;
    for (const conv of new Set(this.#entries.map((entry) => entry.conv))) void this.pump(conv);
  }

  closed() {
    this.#open = false;
    this.#inFlight.clear();
    for (const timer of this.#timers.values()) this.#parts.clock.cancel(timer);
    this.#timers.clear();
  }

  /**
   * Sends the first waiting message of the conversation, if none is under way.
   * @param {string} conv
   */
  async pump(conv) {
    if (!this.#open || this.#inFlight.has(conv) || this.#working.has(conv)) return;
    const entry = this.#entries.find((other) => other.conv === conv && !other.failed);
    if (!entry) return;
    this.#working.add(conv);
    try {
      await this.#seal(entry);
      this.#transmit(entry);
    } catch (error) {
      const { code = "later" } = /** @type {{code?: string}} */ (error);
      if (code === "later") this.#again(conv, LATER_MS);
      else await this.#fail(entry, code);
    } finally {
      this.#working.delete(conv);
    }
    if (entry.failed) void this.pump(conv);
  }

  /** @param {Extract<ServerFrame, {t: "sent"}>} frame */
  sent(frame) {
    return this.seen(frame.conv, frame.client_id);
  }

  /**
   * The log holds it: by `sent`, or by its own row in a sync.
   * @param {string} conv
   * @param {string} clientId
   */
  async seen(conv, clientId) {
    const entry = this.#named(clientId);
    if (this.#inFlight.get(conv) === clientId) this.#landed(conv);
    if (entry) await this.#remove(entry);
    void this.pump(conv);
  }

  /** @param {Extract<ServerFrame, {t: "busy" | "error"}>} frame */
  async refused(frame) {
    const entry = frame.client_id && this.#named(frame.client_id);
    if (!entry) return;
    this.#landed(entry.conv);
    if (frame.t === "error" && DEFINITE.has(frame.code)) {
      await this.#fail(entry, frame.code);
      return this.pump(entry.conv);
    }
    this.#again(entry.conv, frame.retry_ms ?? LATER_MS);
  }

  /**
   * Not appended under this epoch. Seal anew, but only if the log does not hold it already.
   * @param {Extract<ServerFrame, {t: "stale_epoch"}>} frame
   */
  async stale({ client_id, conv }) {
    if (!this.#named(client_id)) return;
    this.#landed(conv);
    this.#working.add(conv);
    try {
      await this.#parts.sync(conv);
      const entry = this.#named(client_id);
      if (entry) await this.#unseal(entry);
      await this.#parts.renew(conv);
    } catch {
      return this.#again(conv, LATER_MS); // at once it would be stale again, and again
    } finally {
      this.#working.delete(conv);
    }
    void this.pump(conv);
  }

  /** @param {Entry} entry */
  async #seal(entry) {
    if (entry.sealed) return;
    const turn = await this.#parts.store.turn(entry.conv);
    const sealed = await this.#parts.seal(entry, turn);
    const commitments = [...turn.commitments, sealed.commitment].slice(-2);
    entry.sealed = sealed;
    await this.#parts.store.keep(entry, { ctr: sealed.ctr, commitments });
  }

  /** @param {Entry} entry */
  #transmit(entry) {
    const { conv, sealed } = entry;
    if (!sealed || !this.#open || !this.#entries.includes(entry)) return;
    if (!this.#parts.transmit({ t: "send", ...sealed.frame })) return;
    this.#inFlight.set(conv, sealed.frame.client_id);
    this.#again(conv, ANSWER_MS);
  }

  /** @param {Entry} entry @param {string} code */
  async #fail(entry, code) {
    await this.#unseal(entry);
    entry.failed = code;
    await this.#parts.store.keep(entry);
    this.#parts.changed(entry, false);
  }

  /** It is not in the log and will not be: the counter goes to the next one. @param {Entry} entry */
  async #unseal(entry) {
    const { sealed } = entry;
    if (!sealed) return;
    const turn = await this.#parts.store.turn(entry.conv);
    delete entry.sealed;
    const given = turn.ctr === sealed.ctr;
    const back = { ctr: turn.ctr - 1, commitments: turn.commitments.slice(0, -1) };
    await this.#parts.store.keep(entry, given ? back : turn);
  }

  /** @param {Entry} entry */
  async #remove(entry) {
    this.#entries = this.#entries.filter((other) => other !== entry);
    await this.#parts.store.drop(entry);
    this.#parts.changed(entry, true);
  }

  /** @param {string} clientId */
  #named(clientId) {
    return this.#entries.find((entry) => entry.sealed?.frame.client_id === clientId);
  }

  /** @param {string} conv */
  #landed(conv) {
    this.#inFlight.delete(conv);
    this.#parts.clock.cancel(this.#timers.get(conv));
    this.#timers.delete(conv);
  }

  /** @param {string} conv @param {number} ms */
  #again(conv, ms) {
    this.#parts.clock.cancel(this.#timers.get(conv));
    const timer = this.#parts.clock.after(ms, () => {
      this.#landed(conv);
      void this.pump(conv);
    });
    this.#timers.set(conv, timer);
  }
}
