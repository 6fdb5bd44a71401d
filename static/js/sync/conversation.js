// One conversation of this browser: its rows applied in order and kept, its older pages, its
// summary in the list of chats. Knows no page and no socket.

import { PAGE_MAX } from "../protocol.js";
import { same } from "../same.js";
import { unlessFull } from "../storage/quota.js";
import { stored } from "../storage/stores.js";
import { afterClear, left } from "./clearing.js";
import { Comparing } from "./comparing.js";
import { decrypt } from "./decrypt.js";
import { deletedBy } from "./deleting.js";
import { History, KEEP } from "./history.js";
import { stepsAfter } from "./kept.js";
import { leads, newestAfter, newestKept } from "./newest.js";
import { judge, rewound } from "./onlyhere.js";
import { passing, without } from "./passedover.js";
import { relating, targets } from "./relations.js";
import { Timeline, whole } from "./timeline.js";
import { afterMessage, afterReceipt, afterState, unread } from "./vector.js";

/** @typedef {import("../protocol.js").VectorRow} VectorRow */
/** @typedef {import("./kept.js").Kept} Kept */
/** @typedef {import("../protocol.js").MsgFrame} Row */
/** @typedef {import("../protocol.js").ReceiptFrame} Receipt */
/** @typedef {import("./decrypt.js").Message} Message */
/** @typedef {import("../storage/stores.js").Stores} Stores */

/**
 * @typedef {object} ConversationParts
 * @property {Stores} stores
 * @property {import("../clock.js").Clock} clock
 * @property {import("./decrypt.js").Desk} desk
 * @property {(what: {before: number} | {after: number}, limit: number) => Promise<{rows: Row[], more: boolean}>} ask
 * @property {(n: number) => Promise<() => Promise<unknown>>} ahead what opening a message under epoch n asks for
 * @property {(message: Message, fresh: boolean) => Promise<void>} applied
 * @property {(message: Message) => Message} hides what the person deleted on this device is emptied
 * @property {(messages: Message[]) => Promise<void>} evict their files
 * @property {(message: Message) => void} retold others say something else of it
 * @property {() => void} changed the line in the list
 */

export class Conversation {
  /** @type {Kept} */ #kept;
  #written; // this browser's store knows it
  #comparing = new Comparing();
  #parts;
  #timeline;
  #history;

  /** @param {Kept} kept @param {ConversationParts} parts */
  constructor(kept, parts) {
    this.#kept = kept;
    this.#history = new History(this, parts);
    this.#written = kept.have > 0;
    this.#parts = parts;
    this.#timeline = new Timeline(kept.have, {
      clock: parts.clock,
      apply: (row) => this.#apply(row),
      fetch: async (after) => {
        const { rows } = await parts.ask({ after }, PAGE_MAX);
        return whole(kept.row.conv, rows, after + 1, Math.max(...rows.map(({ seq }) => seq)));
      },
    });
  }

  get row() {
    return this.#kept.row;
  }

  get have() {
    return this.#timeline.have;
  }

  get behind() {
    return this.row.last_seq - this.have;
  }

  get newest() {
    return this.#kept.newest;
  }

  get passed() {
    return this.#kept.passed;
  }

  get steps() {
    return this.#kept.steps ?? { got: [], read: [] };
  }

  get unread() {
    return unread(this.row, this.#kept.cleared?.ord);
  }

  /** When it was cleared, ms; 0: never, or before this browser. */
  get clearedAt() {
    return this.#kept.cleared?.time ?? 0;
  }

  /** Messages under epoch n, as far as this browser saw. @param {number} n */
  sentUnder(n) {
    const { epoch } = this.#kept;
    return epoch.n === n ? this.have - epoch.seq + 1 : 0;
  }

  /** @param {Row} row a frame of the server */
  push(row) {
    return this.#timeline.push(row);
  }

  /**
   * What opening the row will ask for, after a look into the store of this browser: done for many
   * conversations in the same turn, it is one question.
   * @param {Row} row
   * @returns {Promise<() => Promise<unknown>>}
   */
  async ahead({ epoch }) {
    const ask = epoch === undefined ? async () => {} : await this.#parts.ahead(epoch);
    return () => ask().catch(() => {}); // opening it says what is amiss
  }

  /** The rows that the vector names. */
  catchUp() {
    return this.#timeline.learn(this.row.last_seq);
  }

  /** What could not be opened may open now: an identity was accepted. */
  retry() {
    return this.#timeline.retry();
  }

  /** Far behind: the newest row now, what lies between when somebody looks. @param {Row} newest */
  jump(newest) {
    return this.#timeline.jump(newest);
  }

  /**
   * What the server says of this conversation, among many: the caller keeps and tells it, now or later.
   * @param {VectorRow} row
   * @returns {import("../storage/stores.js").Change[]} empty: it was known
   */
  learned(row) {
    const { row: before, steps: stepsBefore } = this;
    this.#kept.row = afterState(before, row);
    const { peer_got: got, peer_read: read, times } = row;
    this.#kept.steps = stepsAfter(this.steps, { got, read, got_time: times?.got, read_time: times?.read }, false);
    const news = !this.#written || !same([before, stepsBefore], [this.row, this.steps]);
    this.#written = true;
    const { kept, gone } = afterClear(this.#kept, before.cleared, this.#parts.clock.now());
    this.#kept = kept;
    return news ? [this.#present(), ...gone] : [];
  }

  tell() {
    this.#parts.changed();
  }

  /** @param {Partial<VectorRow>} news of the server */
  async learn(news) {
    /** @type {import("../storage/stores.js").Change[]} */
    let changes = [];
    this.#comparing.hear(() => {
      changes = this.learned({ ...this.row, ...news });
    });
    if (changes.length) this.tell();
    await this.#parts.stores.write(changes).catch(unlessFull);
  }

  /** Whether it is open up to where the server's log is this one. */
  get paused() {
    return this.#comparing.open;
  }

  get agreed() {
    return this.#comparing.agreed;
  }

  /** The server's log may be another one: nothing is applied until `goOn`. */
  pause() {
    this.#comparing.begin();
    return this.#timeline.pause();
  }

  /** What is here is the server's log. */
  goOn() {
    this.#comparing.end();
    void this.#timeline.resume();
  }

  /**
   * Both logs agree up to `seq`: above it the server's is the truth, in every number of its row, and
   * what was here stays on this device alone. Only here a register falls. It stays paused.
   * @param {number} seq
   * @param {VectorRow} row the server's
   */
  async rewind(seq, row) {
    const { changes, kept } = await rewound(this.#parts.stores, this.#kept, seq, row);
    await this.#parts.stores.write([...changes, this.#place(kept)]);
    this.#kept = kept;
    this.#comparing.parted(seq);
    this.#timeline.rewind(seq);
  }

  /** @param {Receipt} receipt @param {boolean} mine */
  async receipt(receipt, mine) {
    this.#comparing.hear(() => {
      this.#kept.row = afterReceipt(this.row, receipt, mine);
      if (!mine) this.#kept.steps = stepsAfter(this.steps, receipt, true);
    });
    await this.#keep();
    this.#parts.changed();
  }

  /**
   * Messages below `before`, oldest first, with what others say of them.
   * @param {number} before
   * @param {number} limit
   * @param {number} [cleared] up to where nothing is shown
   */
  page(before, limit, cleared = this.row.cleared) {
    return this.#history.page(before, limit, cleared);
  }

  /**
   * What stands in the list of chats: something was hidden here or shown again, or a jump led to a silent row.
   * @returns {Promise<void>}
   */
  async lookAgain() {
    const { have } = this.#kept;
    const newest = await newestKept(this.#parts.stores, this.row, this.#parts.hides);
    if (have !== this.#kept.have) return this.lookAgain();
    this.#kept = { ...this.#kept, newest };
    await this.#keep();
    this.#parts.changed();
  }

  /** Of what a jump passed over, these were looked at. @param {number} first @param {number} last */
  async saw(first, last) {
    const { passed, ...kept } = this.#kept;
    if (!passed) return;
    this.#kept = { ...kept, ...without(passed, first, last) };
    await this.#keep();
  }

  close() {
    this.#timeline.close();
  }

  /**
   * The message and the place it moves this browser to are one write; repeated, it changes nothing.
   * @param {Row} row
   */
  async #apply(row) {
    const { stores, desk, hides, evict } = this.#parts;
    const { message: opened, step } = await decrypt(row, desk);
    const message = hides(opened);
    const { changes, ...judged } = await judge(stores, this.#kept, message, step);
    const { have, passed } = this.#kept;
    const kept = { ...this.#kept, ...judged, have: row.seq, row: afterMessage(this.row, row, message.mine) };
    Object.assign(kept, passing(passed, have, row.seq, KEEP));
    kept.newest = newestAfter(kept.newest, message, this.row);
    const n = row.epoch ?? -1;
    if (n > kept.epoch.n) kept.epoch = { n, seq: row.seq };
    const shown = left(message, this.row) ? [stored(message), ...relating(message)] : [];
    const jumped = row.seq > have + 1;
    const deleted = await deletedBy(stores, [message]);
    await evict(deleted.targets);
    const gone = [...deleted.changes, ...this.#history.pruned(row.seq, jumped)];
    await stores.write([...shown, this.#place(kept), ...changes, ...gone]);
    this.#kept = { ...kept, steps: this.steps, row: afterMessage(this.row, row, message.mine) }; // a receipt may have come
    await this.#parts.applied(message, row.seq > have);
    for (const target of await targets(stores, [message])) this.#parts.retold(target);
    this.#parts.changed();
    if (jumped && !leads(message))
      void this.page(row.seq, PAGE_MAX).then(
        () => this.lookAgain(),
        () => {},
      );
  }

  /** @param {Kept} kept @returns {import("../storage/stores.js").Change} */
  #place(kept) {
    return { store: "chats", key: this.row.conv, value: kept };
  }

  /** As it is when it is written: what came meanwhile was kept by then. @returns {import("../storage/stores.js").Change} */
  #present() {
    const kept = () => this.#kept;
    return {
      ...this.#place(kept()),
      get value() {
        return kept();
      },
    };
  }

  #keep() {
    return this.#parts.stores.write([this.#place(this.#kept)]).catch(unlessFull); // the next connect tells it again
  }
}
