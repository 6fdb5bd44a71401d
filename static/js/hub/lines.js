// The list of chats changes as a whole when names and device lists do. Its lines are told one by
// one, each only where it differs, and not again for a moment: with a thousand people whose lists
// arrive one after the other, telling all of them each time would be a million words.

/** @typedef {ReturnType<import("./hub.js").Hub["summary"]>} Summary */

const REST_MS = 100;

export class Lines {
  /** @type {Map<string, string>} */ #told = new Map(); // by conversation
  /** @type {number | undefined} */ #timer;
  #again = false;
  #parts;

  /**
   * @param {object} parts
   * @param {import("../clock.js").Clock} parts.clock
   * @param {() => Summary[]} parts.all
   * @param {() => unknown} parts.people
   * @param {(event: string, detail: unknown) => void} parts.tell
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
    const { all, people, tell } = this.#parts;
    tell("contacts", people());
    for (const summary of all()) if (this.#differs(summary)) tell("chat", summary);
  }

  /** @param {Summary} summary */
  #differs({ row, contact, identity, trust }) {
    const said = JSON.stringify([contact, identity, trust]);
    if (this.#told.get(row.conv) === said) return false;
    this.#told.set(row.conv, said);
    return true;
  }
}
