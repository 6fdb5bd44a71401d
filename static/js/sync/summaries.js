// The list of chats changes as a whole when names and device lists do. Its summaries are told one by
// one, each only where it differs, and not again for a moment: with a thousand people whose lists
// arrive one after the other, telling all of them each time would be a million summaries.

/** @typedef {ReturnType<import("./client.js").Client["summary"]>} Summary */

const REST_MS = 100;

export class ChatSummaries {
  /** @type {Map<string, string>} */ #told = new Map(); // by conversation
  /** @type {number | undefined} */ #timer;
  #again = false;
  #parts;

  /**
   * @param {object} parts
   * @param {import("../clock.js").Clock} parts.clock
   * @param {import("./client.js").Client} parts.client
   * @param {import("./events.js").Tell} parts.tell
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /** At once, then at most every REST_MS. */
  changed() {
    if (this.#timer !== undefined) {
      this.#again = true;
      return;
    }
    this.#tell();
    this.#timer = this.#parts.clock.after(REST_MS, () => {
      this.#timer = undefined;
      if (this.#again) this.changed();
    });
  }

  #tell() {
    this.#again = false;
    const { client, tell } = this.#parts;
    tell("contacts", client.verification.people());
    for (const summary of client.summaries()) if (this.#differs(summary)) tell("chat", summary);
  }

  /** @param {Summary} summary */
  #differs({ row, contact, identity, standing }) {
    const said = JSON.stringify([contact, identity, standing]);
    if (this.#told.get(row.conv) === said) return false;
    this.#told.set(row.conv, said);
    return true;
  }
}
