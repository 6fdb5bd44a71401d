// One conversation of this browser: its rows applied in order and kept, its older pages, its line
// in the list of chats. Knows no page and no socket.

import { stepped } from "../marktimes.js";
import { PAGE_MAX } from "../protocol.js";
import { unlessFull } from "../room.js";
import { same } from "../same.js";
import { openLetter } from "./letters.js";
import { follow } from "./sequence.js";
import { Timeline } from "./timeline.js";
import { afterMessage, afterReceipt, afterState, unread } from "./vector.js";

/** @typedef {import("../protocol.js").VectorRow} VectorRow */
/** @typedef {import("../protocol.js").MsgFrame} Row */
/** @typedef {import("../protocol.js").ReceiptFrame} Receipt */
/** @typedef {import("./letters.js").Letter} Letter */
/** @typedef {import("../marktimes.js").Steps} Steps */
/** @typedef {import("./shelf.js").Shelf} Shelf */

/**
 * @typedef {object} Kept what survives a restart, one write with the row it belongs to
 * @property {VectorRow} row
 * @property {number} have
 * @property {import("./sequence.js").Lasts} lasts
 * @property {Letter | null} newest shown in the list of chats
 * @property {Steps} [steps] when the peer received and read
 * @property {{n: number, seq: number}} epoch the newest epoch seen, and its first row
 */

/**
 * @typedef {object} ConversationParts
 * @property {Shelf} shelf
 * @property {import("../clock.js").Clock} clock
 * @property {import("./letters.js").Desk} desk
 * @property {(what: {before: number} | {after: number}, limit: number) => Promise<{rows: Row[], more: boolean}>} ask
 * @property {(n: number) => Promise<() => Promise<unknown>>} ahead what opening a message under epoch n asks for
 * @property {(letter: Letter, fresh: boolean) => Promise<void>} applied
 * @property {() => void} changed the line in the list
 */

const KEEP = 1000; // newest letters of a conversation that stay in this browser; the log has them all
const PRUNE_EVERY = 100; // letters
const CLOSED = "before_reset"; // so is everything older

export class Conversation {
  /** @type {Kept} */ #kept;
  #written; // this browser's store knows it
  #parts;
  #timeline;

  /** @param {Kept} kept @param {ConversationParts} parts */
  constructor(kept, parts) {
    this.#kept = kept;
    this.#written = kept.have > 0;
    this.#parts = parts;
    this.#timeline = new Timeline(kept.have, {
      clock: parts.clock,
      apply: (row) => this.#apply(row),
      fetch: async (after) => (await parts.ask({ after }, PAGE_MAX)).rows,
    });
  }

  /** @param {VectorRow} row @returns {Kept} */
  static blank(row) {
    return { row, have: 0, lasts: {}, newest: null, epoch: { n: -1, seq: 0 } };
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

  get steps() {
    return this.#kept.steps ?? { got: [], read: [] };
  }

  get unread() {
    return unread(this.row);
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
   * What the server says of this conversation, among many: whoever calls keeps and tells it, now or later.
   * @param {VectorRow} row
   * @returns {import("./shelf.js").Change[]} empty: it was known
   */
  learned(row) {
    const { row: before, steps: stepsBefore } = this;
    this.#kept.row = afterState(before, row);
    const { peer_got: got, peer_read: read, times } = row;
    this.#step({ got, read, got_time: times?.got, read_time: times?.read }, false);
    const news = !this.#written || !same([before, stepsBefore], [this.row, this.steps]);
    this.#written = true;
    return news ? [this.#present()] : [];
  }

  tell() {
    this.#parts.changed();
  }

  /** @param {VectorRow} row */
  async learn(row) {
    const news = this.learned(row);
    if (news.length) this.tell();
    await this.#parts.shelf.write(news).catch(unlessFull);
  }

  /** @param {Receipt} receipt @param {boolean} mine */
  async receipt(receipt, mine) {
    this.#kept.row = afterReceipt(this.row, receipt, mine);
    if (!mine) this.#step(receipt, true);
    await this.#keep();
    this.#parts.changed();
  }

  /**
   * Letters below `before`, oldest first: from this browser where it has them all, else from the
   * server, which are then kept.
   * @param {number} before
   * @param {number} limit
   * @returns {Promise<{letters: Letter[], more: boolean}>}
   */
  async page(before, limit) {
    const { conv, cleared } = this.row;
    const first = Math.max(cleared + 1, before - limit);
    const last = before - 1;
    if (last < first) return { letters: [], more: false };
    const kept = await this.#parts.shelf.all("messages", [conv, first], [conv, last]);
    const whole = kept.length === last - first + 1;
    // What could not be opened once may open by now: a newer version, a key that came later.
    if (whole && !kept.some(([, letter]) => letter.broken && letter.broken !== CLOSED)) {
      return this.#paged(kept.map(([, letter]) => letter));
    }
    const letters = await this.#older(before, last - first + 1);
    // A page of the server ends early where its rows are long.
    while (letters[0] && letters[0].seq > first) {
      const below = await this.#older(letters[0].seq, letters[0].seq - first);
      if (!below.length) break;
      letters.unshift(...below);
    }
    return this.#paged(letters);
  }

  /** @param {Letter[]} letters */
  #paged(letters) {
    const [oldest] = letters;
    const more = (oldest?.seq ?? 0) > this.row.cleared + 1;
    return { letters, more: more && oldest?.broken !== CLOSED };
  }

  close() {
    this.#timeline.close();
  }

  /** @param {number} before @param {number} limit @returns {Promise<Letter[]>} */
  async #older(before, limit) {
    const { rows } = await this.#parts.ask({ before }, Math.min(limit, PAGE_MAX));
    const shown = rows.filter((row) => row.seq > this.row.cleared).sort((a, b) => a.seq - b.seq);
    const opened = await Promise.all(shown.map((row) => openLetter(row, this.#parts.desk)));
    const letters = opened.map(({ letter }) => letter);
    const kept = letters.filter(({ seq }) => seq > this.row.last_seq - KEEP);
    await this.#parts.shelf.write(kept.map((letter) => this.#stored(letter))).catch(unlessFull);
    return letters;
  }

  /**
   * The letter and the place it moves this browser to are one write; repeated, it changes nothing.
   * @param {Row} row
   */
  async #apply(row) {
    const { letter, step } = await openLetter(row, this.#parts.desk);
    const before = row.seq === this.have + 1 ? this.#kept.lasts : {}; // after a jump there is nothing to compare with
    const { lasts, alarm } = step ? follow(before, step) : { lasts: {}, alarm: null };
    if (alarm) letter.warnings.push(alarm);
    const kept = { ...this.#kept, lasts, have: row.seq, row: afterMessage(this.row, row, letter.mine) };
    if (letter.kind === 1 || letter.gone) kept.newest = letter;
    const n = row.epoch ?? -1;
    if (n > kept.epoch.n) kept.epoch = { n, seq: row.seq };
    const fresh = row.seq > this.#kept.have;
    await this.#parts.shelf.write([this.#stored(letter), this.#place(kept), ...this.#pruned(row.seq)]);
    this.#kept = { ...kept, steps: this.steps, row: afterMessage(this.row, row, letter.mine) }; // a receipt may have come
    await this.#parts.applied(letter, fresh);
    this.#parts.changed();
  }

  /** @param {Letter} letter @returns {import("./shelf.js").Change} */
  #stored(letter) {
    return { store: "messages", key: [letter.conv, letter.seq], value: letter };
  }

  /** @param {number} seq the newest @returns {import("./shelf.js").Change[]} */
  #pruned(seq) {
    const { conv } = this.row;
    if (seq % PRUNE_EVERY || seq <= KEEP) return [];
    return [{ store: "messages", key: [conv, 0], upto: [conv, seq - KEEP], remove: true }];
  }

  /** @param {Kept} kept @returns {import("./shelf.js").Change} */
  #place(kept) {
    return { store: "chats", key: this.row.conv, value: kept };
  }

  /** As it is when it is written: what came meanwhile was kept by then. @returns {import("./shelf.js").Change} */
  #present() {
    const kept = () => this.#kept;
    return {
      ...this.#place(kept()),
      get value() {
        return kept();
      },
    };
  }

  /**
   * @param {{[name in "got" | "got_time" | "read" | "read_time"]?: number | undefined}} marks of the peer
   * @param {boolean} heard as it happened
   */
  #step({ got, got_time, read, read_time }, heard) {
    const { steps } = this;
    this.#kept.steps = {
      got: stepped(steps.got, got, got_time, heard),
      read: stepped(steps.read, read, read_time, heard),
    };
  }

  #keep() {
    return this.#parts.shelf.write([this.#place(this.#kept)]).catch(unlessFull); // the next connect tells it again
  }
}
