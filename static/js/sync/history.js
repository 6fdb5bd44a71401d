// The older pages of a conversation: from this browser where it has them, else from the server.

import { STATE } from "../chat/contactstate.js";
import { PAGE_MAX } from "../protocol.js";
import { unlessFull } from "../storage/quota.js";
import { stored } from "../storage/stores.js";
import { decrypt } from "./decrypt.js";
import { deletedBy, withoutDeleted } from "./deleting.js";
import { related, relating, targets } from "./relations.js";
import { CLOSED, paged, whole } from "./timeline.js";

/** @typedef {import("./decrypt.js").Message} Message */
/** @typedef {import("./conversation.js").Conversation} Conversation */
/** @typedef {import("./conversation.js").ConversationParts} Parts */
/** @typedef {import("../storage/stores.js").Change} Change */

export const KEEP = 1000; // newest messages of a conversation that stay in this browser; the log has them all

const PRUNE_EVERY = 100; // messages
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
    if (first <= (this.#conversation.passed?.to ?? 0)) void this.#lookAbove(first);
    const shown = (await related(this.#parts.stores, messages)).map(this.#parts.hides);
    return paged(shown, cleared);
  }

  /**
   * What leaves this browser with a new row. Relations stay as long as somebody may ask: below them rows come from
   * the server, and those above them were fetched before, which say it again.
   * @param {number} seq the newest
   * @param {boolean} jumped
   * @returns {Change[]}
   */
  pruned(seq, jumped) {
    const { conv } = this.#conversation.row;
    if ((seq % PRUNE_EVERY && !jumped) || seq <= KEEP) return [];
    const below = Math.min(seq - RELATED, this.#lowest - 1);
    /** @type {Change[]} */
    const gone = [{ store: "messages", key: [conv, 0], upto: [conv, seq - KEEP], remove: true }];
    if (below > 0) gone.push({ store: "relations", key: [conv, 0], upto: [conv, below], remove: true });
    return gone;
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
    const { stores, desk, ask, retold, hides, evict } = this.#parts;
    const { row } = this.#conversation;
    this.#lowest = Math.min(this.#lowest, before - limit);
    const { rows } = await ask({ before }, Math.min(limit, PAGE_MAX));
    const theirs = rows.filter(({ seq }) => seq > row.cleared);
    const shown = whole(row.conv, theirs, Math.min(before - 1, ...theirs.map(({ seq }) => seq)), before - 1);
    const opened = await Promise.all(shown.map((one) => decrypt(one, desk)));
    const messages = opened.map(({ message }) => hides(message));
    const { targets: emptied, changes } = await deletedBy(stores, messages);
    await evict(emptied);
    await stores.write([...messages.flatMap(relating), ...changes]).catch(unlessFull);
    const kept = (await withoutDeleted(stores, messages)).filter(({ seq }) => seq > row.last_seq - KEEP);
    await stores.write(kept.map(stored)).catch(unlessFull);
    for (const message of await targets(stores, messages)) retold(message);
    if (messages[0]) await this.#conversation.saw(messages[0].seq, before - 1);
    return messages;
  }

  /** Somebody looks below rows that a jump passed over: what those say may have changed it. @param {number} seq */
  async #lookAbove(seq) {
    if (this.#looking || this.#conversation.row.state === STATE.FORGOTTEN) return;
    this.#looking = true;
    try {
      let left = this.#conversation.passed;
      while (left && left.to >= seq) {
        await this.#older(left.to + 1, left.to - Math.max(left.from, seq) + 1);
        const { passed } = this.#conversation;
        if (passed?.to === left.to) break; // the server has nothing there
        left = passed;
      }
    } catch {} // the next look asks again
    this.#looking = false;
  }
}
