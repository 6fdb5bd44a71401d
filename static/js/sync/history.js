// The older pages of a conversation: from this browser where it has them, else from the server.

import { STATE } from "../chat/contactstate.js";
import { PAGE_MAX } from "../protocol.js";
import { unlessFull } from "../storage/quota.js";
import { stored } from "../storage/stores.js";
import { decrypt } from "./decrypt.js";
import { related, relating, targets } from "./relations.js";
import { CLOSED, paged, whole } from "./timeline.js";

/** @typedef {import("./decrypt.js").Message} Message */
/** @typedef {import("./conversation.js").Conversation} Conversation */
/** @typedef {import("./conversation.js").ConversationParts} Parts */

export const KEEP = 1000; // newest messages of a conversation that stay in this browser; the log has them all

const RELATED = 10_000; // newest rows of a conversation of which it is kept what they say of others

export class History {
  /** @type {Pick<Conversation, "row" | "passed" | "saw">} */ #conversation;
  #parts;
  #looking = false;
  #lowest = Number.POSITIVE_INFINITY; // that the server was asked for: somebody looks there

  /** @param {Pick<Conversation, "row" | "passed" | "saw">} conversation @param {Parts} parts */
  constructor(conversation, parts) {
    this.#conversation = conversation;
    this.#parts = parts;
  }

  /**
   * Messages below `before`, oldest first; those of the server are then kept.
   * @param {number} before
   * @param {number} limit
   * @param {number} cleared up to where nothing is shown
   * @returns {Promise<{messages: Message[], more: boolean}>}
   */
  async page(before, limit, cleared) {
    const first = Math.max(cleared + 1, before - limit);
    const last = before - 1;
    if (last < first) return { messages: [], more: false };
    const messages = (await this.#here(first, last)) ?? (await this.#fetched(first, last));
    if (first < (this.#conversation.passed?.from ?? 0)) void this.#lookBetween();
    return paged(await related(this.#parts.stores, messages), cleared);
  }

  /**
   * Up to where nobody asks any more what a row says of others: below it rows come from the server, and
   * those above them were fetched before, which say it again.
   * @param {number} newest
   */
  unrelated(newest) {
    return Math.min(newest - RELATED, this.#lowest - 1);
  }

  /** @param {number} first @param {number} last @returns {Promise<Message[] | null>} null: the server is to be asked */
  async #here(first, last) {
    const { conv, state } = this.#conversation.row;
    const rows = await this.#parts.stores.all("messages", [conv, first], [conv, last]);
    const kept = rows.map(([, message]) => /** @type {Message} */ (message));
    if (state === STATE.FORGOTTEN) return kept; // nobody else has it
    const all = kept.length === last - first + 1;
    // What could not be opened once may open by now: a newer version, a key that came later.
    return all && !kept.some(({ broken }) => broken && broken !== CLOSED) ? kept : null;
  }

  /** @param {number} first @param {number} last */
  async #fetched(first, last) {
    const messages = await this.#older(last + 1, last - first + 1);
    // A page of the server ends early where its rows are long.
    while (messages[0] && messages[0].seq > first) {
      const below = await this.#older(messages[0].seq, messages[0].seq - first);
      if (!below.length) break;
      messages.unshift(...below);
    }
    return messages;
  }

  /** @param {number} before @param {number} limit @returns {Promise<Message[]>} */
  async #older(before, limit) {
    const { stores, desk, ask, retold } = this.#parts;
    const { row } = this.#conversation;
    this.#lowest = Math.min(this.#lowest, before - limit);
    const { rows } = await ask({ before }, Math.min(limit, PAGE_MAX));
    const theirs = rows.filter(({ seq }) => seq > row.cleared);
    const shown = whole(row.conv, theirs, Math.min(before - 1, ...theirs.map(({ seq }) => seq)), before - 1);
    const opened = await Promise.all(shown.map((one) => decrypt(one, desk)));
    const messages = opened.map(({ message }) => message);
    const kept = messages.filter(({ seq }) => seq > row.last_seq - KEEP);
    await stores.write([...kept.map(stored), ...messages.flatMap(relating)]).catch(unlessFull);
    for (const message of await targets(stores, messages)) retold(message);
    if (messages[0]) await this.#conversation.saw(messages[0].seq, before - 1);
    return messages;
  }

  /** Somebody looks at what lies below a jump: what was passed over may have changed it. */
  async #lookBetween() {
    if (this.#looking || this.#conversation.row.state === STATE.FORGOTTEN) return;
    this.#looking = true;
    try {
      let left = this.#conversation.passed;
      while (left) {
        await this.#older(left.to + 1, left.to - left.from + 1);
        const { passed } = this.#conversation;
        if (passed?.to === left.to) break; // the server has nothing there
        left = passed;
      }
    } catch {} // the next look asks again
    this.#looking = false;
  }
}
