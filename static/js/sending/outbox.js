// What is written and not yet in the log: kept in the order it was written, sealed when its turn
// comes, sent byte-identical until the server gives a definite answer (docs/protocol.md,
// docs/encryption.md 4.13). One message of a conversation is in flight at a time (inflight.js), and none before its files
// are whole at the server (uploads.js). What is kept when is in queue.js; when a page says that it waits, in retry.js.
//
// Policy: `#failed` (what is definite; only that gives the counter back), `#sealAgain` (a new name only
// if the old one is nowhere in the log), `#transmit` (when the same bytes go again).

import { codeOf } from "./codes.js";
import { InFlight } from "./inflight.js";
import { Pausing } from "./pausing.js";
import { Queue, uploads } from "./queue.js";
import { Patience } from "./retry.js";

/** @typedef {import("./queue.js").Entry} Entry */
/** @typedef {import("../protocol.js").SendFrame} Send */
/** @typedef {import("../protocol.js").ServerFrame} ServerFrame */
/** @typedef {import("./outboxparts.js").OutboxParts} OutboxParts */
/** @typedef {(entry: Entry | undefined) => Promise<unknown>} Then undefined: the log has it, and it was dropped */

export const ANSWER_MS = 15_000; // the connection is open and silent: the same bytes again
const DEFINITE = new Set(["unknown", "not_connected", "too_big", "bad_seq", "blob", "reused", "unsupported"]);

export class Outbox {
  /** @type {OutboxParts} */ #parts;
  #inFlight;
  #queue;
  #patience;
  #open = false; // the vector has come: resending is safe

  /** @param {OutboxParts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#queue = new Queue(parts.store, parts.clock);
    this.#inFlight = new InFlight(parts.clock, (conv) => void this.pump(conv));
    this.#patience = new Patience(parts.clock, (conv) => this.#tellAll(conv));
    this.pausing = new Pausing(this.#queue, parts.files);
  }

  async load() {
    await this.#queue.load();
    for (const conv of this.#queue.convs()) this.#patience.begin(conv);
    for (const entry of this.all()) if (uploads(entry)) this.#parts.files.begin(entry);
  }

  /** As pages show them. @param {string} conv @returns {Entry[]} */
  of(conv) {
    return this.all()
      .filter((entry) => entry.conv === conv)
      .map((entry) => this.#shown(entry));
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
      if (uploads(entry)) this.#parts.files.begin(entry); // which may have ended meanwhile
      throw error;
    }
    this.#parts.files.discarded(entry);
    this.#gone(entry);
    return entry;
  }

  /** Its files are at the server: it has its turn. @param {string} id */
  whole(id) {
    const entry = this.#queue.find(id);
    if (!entry || entry.failed) return;
    entry.whole = true;
    this.#waits(entry);
  }

  /** Its files will never be there. @param {string} id @param {string} code */
  async fail(id, code) {
    const entry = this.#queue.find(id);
    if (entry && !entry.sealed) await this.#failed(entry, { code, definite: true });
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
    for (const entry of this.all()) delete entry.there; // an older backup may be put back: the server says it again
    this.#inFlight.clear();
    for (const conv of this.#queue.convs()) this.#patience.look(conv);
  }

  /** Sends the first waiting message of the conversation, if none is under way. @param {string} conv */
  async pump(conv) {
    if (!this.#open || this.#inFlight.has(conv)) return;
    const entry = this.#queue.first(conv);
    if (!entry) return;
    await this.#inFlight.alone(conv, async () => {
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
    this.#inFlight.end(conv);
    this.#moved(conv);
    void this.pump(conv);
  }

  /** The log holds it: by `sent`, or by its own row in a sync. @param {string} conv @param {string} clientId */
  async seen(conv, clientId) {
    const entry = this.#queue.named(clientId);
    if (this.#inFlight.is(conv, clientId)) this.#inFlight.end(conv);
    if (!entry) return void this.pump(conv);
    // If it stays on the disk, a restart sends the same bytes once more, to the same answer.
    await this.#queue.drop(entry).catch(() => {});
    this.#parts.files.sent(entry);
    this.#gone(entry);
  }

  /** @param {Extract<ServerFrame, {t: "busy" | "error"}>} frame */
  async refused(frame) {
    const entry = frame.client_id && this.#queue.named(frame.client_id);
    if (!entry) return;
    const { conv } = entry;
    this.#inFlight.end(conv);
    if (frame.t === "busy" || !DEFINITE.has(frame.code)) return this.#later(conv, "busy", frame.retry_ms);
    if (frame.code === "blob" && entry.content.att) return this.#unwhole(conv, frame.client_id);
    const fail = async () => {
      if (this.#queue.holds(entry)) await this.#failed(entry, frame);
    };
    if (this.#queue.wentTwice(entry)) await this.#onceSynced(conv, frame.client_id, fail);
    else await this.#inFlight.alone(conv, fail);
    if (entry.failed) void this.pump(conv);
  }

  /** Not appended under this epoch. @param {Extract<ServerFrame, {t: "stale_epoch"}>} frame */
  async stale({ client_id, conv }) {
    if (!this.#queue.named(client_id)) return;
    this.#inFlight.end(conv);
    await this.#sealAgain(conv, client_id, () => this.#parts.renew(conv));
  }

  /** A file of it is not there, or no more. @param {string} conv @param {string | undefined} clientId */
  #unwhole(conv, clientId) {
    return this.#sealAgain(conv, clientId, async (entry) => {
      if (!entry) return;
      delete entry.whole;
      this.#parts.files.begin(entry, true);
    });
  }

  /** @param {string} conv @param {string | undefined} clientId @param {Then} then */
  async #sealAgain(conv, clientId, then) {
    const work = async (/** @type {Entry | undefined} */ entry) => {
      if (entry) await this.#queue.unseal(entry);
      await then(entry);
    };
    if (await this.#onceSynced(conv, clientId, work)) void this.pump(conv);
  }

  /**
   * What must not be done to a message that the log holds already. False: not now.
   * @param {string} conv @param {string | undefined} clientId @param {Then} then
   */
  async #onceSynced(conv, clientId, then) {
    const work = async () => {
      await this.#parts.sync(conv);
      await then(this.#queue.named(clientId ?? ""));
    };
    try {
      await this.#inFlight.alone(conv, work);
      return true;
    } catch (error) {
      this.#later(conv, codeOf(error)); // at once it would be the same again, and again
      return false;
    }
  }

  /** @param {Entry | null} entry */
  #waits(entry) {
    if (!entry) return;
    if (uploads(entry)) this.#parts.files.begin(entry);
    else this.#patience.begin(entry.conv);
    this.#tell(entry);
    void this.pump(entry.conv);
  }

  /** @param {Entry} entry */
  #transmit(entry) {
    const { conv, sealed } = entry;
    if (!sealed || !this.#open || !this.#queue.holds(entry)) return;
    if (!this.#parts.transmit({ t: "send", ...sealed.frame })) return;
    this.#queue.went(sealed);
    this.#inFlight.begin(conv, sealed.frame.client_id, ANSWER_MS);
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
    const { definite, name } = /** @type {{definite?: boolean, name?: string}} */ (error);
    if (!definite && !DEFINITE.has(code) && name !== "M1Error") {
      if (code === "stale_list") await this.#parts.renew(conv).catch(() => {});
      return this.#later(conv, code);
    }
    try {
      await this.#queue.unseal(entry, code);
    } catch (unkept) {
      if (entry.sealed) return this.#later(conv, codeOf(unkept)); // the same bytes will get the same answer
      entry.failed = code; // after a restart it is tried again
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

  /** @param {string} conv @param {string} why @param {number} [ms] */
  #later(conv, why, ms) {
    const patiently = this.#patience.again(conv, why);
    this.#inFlight.again(conv, ms ?? patiently);
  }

  /** @param {string} conv */
  #tellAll(conv) {
    for (const entry of this.all()) if (entry.conv === conv && !entry.failed) this.#tell(entry);
  }

  /** @param {Entry} entry */
  #tell(entry) {
    this.#parts.changed(this.#shown(entry), false);
  }

  /** What is uploaded says by itself how far it is. @param {Entry} entry */
  #shown(entry) {
    return uploads(entry) ? { ...entry } : this.#patience.shown(entry, this.#open);
  }
}
