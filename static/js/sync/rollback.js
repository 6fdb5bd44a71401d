// An older backup was put back: the server knows less than this browser (ADR 15). Positions follow the
// server; keys and pins, which are kept elsewhere, do not.
//
// Policy: `#suspects` (which conversations are looked at), `agreement` (down to where both agree).

import { newestFirst } from "../chat/order.js";
import { PAGE_MAX } from "../protocol.js";
import { all, SCREEN } from "./catchup.js";

/** @typedef {import("../protocol.js").VectorRow} VectorRow */
/** @typedef {import("../protocol.js").MsgFrame} Row */
/** @typedef {import("./conversation.js").Conversation} Conversation */
/** @typedef {import("./historyrequests.js").HistoryRequests["ask"]} Ask */

const NAME = { store: /** @type {const} */ ("meta"), key: "data" };

export class Rollback {
  /** @type {string | undefined} what the server's data was called when all was last in agreement */ #data;
  /** @type {Promise<unknown>} */ #tail = Promise.resolve();
  #newest = 0; // number of the last `follow`
  #parts;

  /**
   * @param {object} parts
   * @param {import("../storage/stores.js").Stores} parts.stores
   * @param {Ask} parts.ask
   * @param {import("./receipts.js").Receipts} parts.receipts
   * @param {Pick<import("./clearing.js").Clearing, "rewind">} parts.clearing
   * @param {import("../keys/epochstore.js").EpochStore} parts.epochs
   * @param {import("./events.js").Tell} parts.tell
   */
  constructor(parts) {
    this.#parts = parts;
  }

  async load() {
    this.#data = await this.#parts.stores.get(NAME.store, NAME.key);
  }

  /**
   * After a connect, before anything is applied or sent. Throws without a live connection: then nothing
   * that was not looked at is applied, and the next connect starts again.
   * @param {VectorRow[] | null} rows null: what is kept here is what the server has
   * @param {string} data
   * @param {Iterable<Conversation>} conversations
   * @returns {Promise<boolean>} false: a newer connect came meanwhile, and looks at all of it again
   */
  follow(rows, data, conversations) {
    const own = ++this.#newest;
    const suspects = this.#suspects(rows, data, conversations);
    const paused = Promise.all(suspects.map(({ conversation }) => conversation.pause()));
    const following = this.#tail.then(() => paused).then(() => this.#follow(suspects, data, own));
    this.#tail = following.catch(() => {});
    return following.catch((error) => {
      if (own === this.#newest) throw error;
      return false;
    });
  }

  /**
   * @param {VectorRow[] | null} rows @param {string} data @param {Iterable<Conversation>} conversations
   * @returns {{conversation: Conversation, theirs: VectorRow}[]} newest first
   */
  #suspects(rows, data, conversations) {
    const said = new Map(rows?.map((row) => [row.conv, row]));
    const other = this.#data !== undefined && this.#data !== data;
    const found = [];
    for (const conversation of conversations) {
      const theirs = rows ? said.get(conversation.row.conv) : conversation.row;
      if (!theirs) continue;
      const suspect = other || theirs.last_seq < conversation.have; // of an empty one something may be on its way
      if (suspect || conversation.paused) found.push({ conversation, theirs });
    }
    return found.sort((a, b) => newestFirst(a.conversation.row, b.conversation.row));
  }

  /** @param {{conversation: Conversation, theirs: VectorRow}[]} suspects @param {string} data @param {number} own */
  async #follow(suspects, data, own) {
    for (let at = 0; at < suspects.length; at += at ? PAGE_MAX : SCREEN) {
      await this.#some(suspects.slice(at, at + (at ? PAGE_MAX : SCREEN)), data, own);
    }
    if (own !== this.#newest) return false;
    if (data === this.#data) return true;
    await this.#parts.stores.write([{ ...NAME, value: data }]);
    this.#data = data;
    return own === this.#newest;
  }

  /**
   * @param {{conversation: Conversation, theirs: VectorRow}[]} some one question's worth
   * @param {string} data
   * @param {number} own
   */
  async #some(some, data, own) {
    const { stores, ask } = this.#parts;
    const { rows } = await ask({ last: some.map(({ theirs }) => theirs.conv) });
    const newest = new Map(rows.map((row) => [row.conv, row]));
    await all(some, async ({ conversation, theirs }) => {
      const row = newest.get(theirs.conv);
      const same = data === this.#data;
      const lags = same && (row?.seq ?? 0) < conversation.have; // or the server has less: its log tells
      const seq = await agreement(stores, conversation, lags ? undefined : row, ask);
      if (own !== this.#newest) return; // it stays paused for the newer one
      if (!same || seq !== conversation.have) {
        await this.#parts.clearing.rewind(theirs.conv, seq);
        await conversation.rewind(seq, theirs);
        this.#tell(conversation, theirs);
      }
      if (own === this.#newest) conversation.goOn();
    });
  }

  /** @param {Conversation} conversation @param {VectorRow} theirs */
  #tell(conversation, theirs) {
    const { receipts, epochs, tell } = this.#parts;
    receipts.rewind(theirs);
    epochs.renew(theirs.conv);
    conversation.tell();
    tell("rewound", { conv: theirs.conv });
  }
}

/**
 * The newest row at which both logs agree: below it they are one. The log is asked for it, up to what is here: a
 * vector may lag behind it by a row.
 * @param {Pick<import("../storage/stores.js").Stores, "all">} stores
 * @param {Pick<Conversation, "row" | "have">} conversation
 * @param {Row | undefined} newest of the server, where it was asked for already
 * @param {Ask} ask
 * @returns {Promise<number>} 0: none
 */
export async function agreement(stores, conversation, newest, ask) {
  const top = conversation.have;
  const { conv } = conversation.row;
  const kept = await stores.all("messages", [conv, 0], [conv, top]);
  const mids = new Map(kept.map(([, { seq, mid }]) => [seq, mid]));
  if (newest?.client_id && mids.get(newest.seq) === newest.client_id) return newest.seq;
  const lowest = Math.min(...mids.keys());
  for (let before = top + 1; before > 1; ) {
    const { rows } = await ask({ conv, before, limit: PAGE_MAX });
    for (const row of rows.sort((a, b) => b.seq - a.seq)) {
      // Below what is kept here there is nothing that could disagree.
      if (row.seq < lowest || (row.client_id && mids.get(row.seq) === row.client_id)) return row.seq;
    }
    before = rows.at(-1)?.seq ?? 0;
  }
  return 0;
}
