// What is written and not yet in the log: kept in the order it was written, sealed when its turn
// comes, sent byte-identical until the server gives a definite answer (docs/protocol.md,
// docs/encryption.md 4.13). One message of a conversation is in flight at a time. What is kept when
// is in queue.js; when a page says that something waits, in retry.js.
//
// Policy: `#failed` (what is definite; only that gives the counter back), `stale` (a new name only
// if the old one is nowhere in the log), `#transmit` (when the same bytes go again).

import { Queue } from "./queue.js";
import { Patience } from "./retry.js";

/** @typedef {import("./queue.js").Entry} Entry */
/** @typedef {import("./queue.js").Sealed} Sealed */
/** @typedef {import("./queue.js").Turn} Turn */
/** @typedef {import("./queue.js").OutboxStore} OutboxStore */
/** @typedef {import("../clock.js").Clock} Clock */
/** @typedef {import("../protocol.js").SendFrame} Send */
/** @typedef {import("../protocol.js").ServerFrame} ServerFrame */

/**
 * @typedef {object} OutboxParts
 * @property {OutboxStore} store
 * @property {Clock} clock
 * @property {(entry: Entry, turn: Turn) => Promise<Sealed>} seal throws what `#failed` judges
 * @property {(frame: Send) => boolean} transmit false: not connected
 * @property {(conv: string) => Promise<void>} sync brings the conversation up to date; own
 *   messages seen on the way come back as `seen`
 * @property {(conv: string) => Promise<void>} renew a newer epoch than the last is needed
 * @property {(entry: Entry, gone: boolean) => void} changed
 */

export const ANSWER_MS = 15_000; // the connection is open and silent: the same bytes again
const DEFINITE = new Set(["unknown", "not_connected", "too_big", "bad_seq", "blob", "reused", "unsupported"]);

export class Outbox {
  /** @type {OutboxParts} */ #parts;
  /** @type {Map<string, string>} */ #inFlight = new Map(); // conv → client_id
  /** @type {Set<string>} */ #working = new Set(); // conversations being sealed or sent
  /** @type {Map<string, number>} */ #timers = new Map();
  #queue;
  #patience;
  #open = false; // the vector has come: resending is safe

  /** @param {OutboxParts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#queue = new Queue(parts.store, parts.clock);
    this.#patience = new Patience(parts.clock, (conv) => this.#tellAll(conv));
  }

  async load() {
    await this.#queue.load();
    for (const conv of this.#queue.convs()) this.#patience.begin(conv);
  }

  /** As pages show them. @param {string} conv @returns {Entry[]} */
  of(conv) {
    return this.all()
      .filter((entry) => entry.conv === conv)
      .map((entry) => this.#patience.shown(entry, this.#open));
  }

  /** @returns {Entry[]} */
  all() {
    return this.#queue.all();
  }

  /**
   * Kept before it is acknowledged to the page; throws where it could not be.
   * @param {import("./queue.js").Message} message
   */
  async add(message) {
    this.#waits(await this.#queue.add(message));
  }

  /** After a definite failure: to the end of the queue, under a new name. @param {string} id */
  async retry(id) {
    const entry = this.#queue.find(id);
    if (entry?.failed) this.#waits(await this.#queue.again(entry));
  }

  /** Only what failed or never left may be taken back; it is returned. @param {string} id */
  async discard(id) {
    const entry = this.#queue.find(id);
    if (!entry || entry.sealed) return;
    try {
      await this.#queue.drop(entry);
    } catch (error) {
      this.#queue.restore(entry);
      throw error;
    }
    this.#gone(entry);
    return entry;
  }

  /** The live connection is open and every conversation's newest rows were seen. */
  opened() {
    this.#open = true;
    this.#patience.forgive();
    for (const conv of this.#queue.convs()) {
      this.#patience.look(conv);
      void this.pump(conv);
    }
  }

  /** What was in the way may be gone: do not wait for a timer. */
  wake() {
    if (this.#open) this.opened();
  }

  closed() {
    this.#open = false;
    this.#inFlight.clear();
    for (const timer of this.#timers.values()) this.#parts.clock.cancel(timer);
    this.#timers.clear();
    for (const conv of this.#queue.convs()) this.#patience.look(conv);
  }

  /**
   * Sends the first waiting message of the conversation, if none is under way.
   * @param {string} conv
   */
  async pump(conv) {
    if (!this.#open || this.#inFlight.has(conv) || this.#working.has(conv)) return;
    const entry = this.#queue.first(conv);
    if (!entry) return;
    await this.#alone(conv, async () => {
      try {
        // Under this name its row comes back: pages show one of the two.
        if (await this.#queue.seal(entry, this.#parts.seal)) this.#tell(entry);
        this.#transmit(entry);
      } catch (error) {
        await this.#failed(entry, error);
      }
    });
    if (entry !== this.#queue.first(conv)) void this.pump(conv);
  }

  /**
   * @param {Extract<ServerFrame, {t: "sent"}>} frame
   * @param {boolean} [applied] its row is kept here; else the message stays until `seen`, or it
   *   would be nowhere on the page meanwhile
   */
  async sent({ conv, client_id }, applied = true) {
    const entry = this.#queue.named(client_id);
    if (applied || !entry) return this.seen(conv, client_id);
    entry.there = true;
    this.#landed(conv);
    this.#moved(conv);
    void this.pump(conv);
  }

  /**
   * The log holds it: by `sent`, or by its own row in a sync.
   * @param {string} conv
   * @param {string} clientId
   */
  async seen(conv, clientId) {
    const entry = this.#queue.named(clientId);
    if (this.#inFlight.get(conv) === clientId) this.#landed(conv);
    if (!entry) return void this.pump(conv);
    // If it stays on the disk, a restart sends the same bytes once more, to the same answer.
    await this.#queue.drop(entry).catch(() => {});
    this.#gone(entry);
  }

  /** @param {Extract<ServerFrame, {t: "busy" | "error"}>} frame */
  async refused(frame) {
    const entry = frame.client_id && this.#queue.named(frame.client_id);
    if (!entry) return;
    const { conv } = entry;
    this.#landed(conv);
    if (frame.t === "busy" || !DEFINITE.has(frame.code)) return this.#later(conv, "busy", frame.retry_ms);
    await this.#alone(conv, () => this.#failed(entry, frame));
    if (entry.failed) void this.pump(conv);
  }

  /**
   * Not appended under this epoch. Seal again, but only if the log does not hold it already.
   * @param {Extract<ServerFrame, {t: "stale_epoch"}>} frame
   */
  async stale({ client_id, conv }) {
    if (!this.#queue.named(client_id)) return;
    this.#landed(conv);
    const sealAgain = async () => {
      await this.#parts.sync(conv);
      const entry = this.#queue.named(client_id);
      if (entry) await this.#queue.unseal(entry);
      await this.#parts.renew(conv);
    };
    try {
      await this.#alone(conv, sealAgain);
    } catch (error) {
      return this.#later(conv, codeOf(error)); // at once it would be stale again, and again
    }
    void this.pump(conv);
  }

  /** @param {Entry | null} entry */
  #waits(entry) {
    if (!entry) return;
    this.#patience.begin(entry.conv);
    this.#tell(entry);
    void this.pump(entry.conv);
  }

  /** @param {Entry} entry */
  #transmit(entry) {
    const { conv, sealed } = entry;
    if (!sealed || !this.#open || !this.#queue.holds(entry)) return;
    if (!this.#parts.transmit({ t: "send", ...sealed.frame })) return;
    this.#inFlight.set(conv, sealed.frame.client_id);
    this.#again(conv, ANSWER_MS);
  }

  /**
   * Marked where it is definite: the server says so, or the keys do not stand. Anything else is
   * tried again: the network, the server or the disk failed for now.
   * @param {Entry} entry
   * @param {unknown} error
   */
  async #failed(entry, error) {
    const { conv } = entry;
    const code = codeOf(error);
    if (!DEFINITE.has(code) && /** @type {Error} */ (error).name !== "M1Error") {
      if (code === "stale_list") await this.#parts.renew(conv).catch(() => {});
      return this.#later(conv, code);
    }
    try {
      await this.#queue.unseal(entry, code);
    } catch (unkept) {
      return this.#later(conv, codeOf(unkept)); // the same bytes will get the same answer
    }
    this.#moved(conv);
    this.#tell(entry);
  }

  /** @param {Entry} entry */
  #gone(entry) {
    this.#moved(entry.conv);
    this.#parts.changed(entry, true);
    void this.pump(entry.conv);
  }

  /** One has gone or has failed: patience with the next starts again. @param {string} conv */
  #moved(conv) {
    this.#patience.end(conv);
    if (this.#queue.first(conv)) this.#patience.begin(conv);
  }

  /** @param {string} conv */
  #landed(conv) {
    this.#inFlight.delete(conv);
    this.#parts.clock.cancel(this.#timers.get(conv));
    this.#timers.delete(conv);
  }

  /** @param {string} conv @param {string} why @param {number} [ms] */
  #later(conv, why, ms) {
    const patiently = this.#patience.again(conv, why);
    this.#again(conv, ms ?? patiently);
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

  /** @param {string} conv */
  #tellAll(conv) {
    for (const entry of this.all()) if (entry.conv === conv && !entry.failed) this.#tell(entry);
  }

  /** @param {Entry} entry */
  #tell(entry) {
    this.#parts.changed(this.#patience.shown(entry, this.#open), false);
  }

  /** Nothing else is sealed or sent there meanwhile. @param {string} conv @param {() => Promise<void>} work */
  async #alone(conv, work) {
    this.#working.add(conv);
    try {
      await work();
    } finally {
      this.#working.delete(conv);
    }
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return /** @type {{code?: string}} */ (error).code ?? "later";
}
