// What was written and could not be kept comes back to where it was written: in its order, by chat.

/** @typedef {import("../chat/content.js").Draft} Draft */

export class GivenBack {
  /** @type {Map<string, Draft[]>} by chat */ #drafts = new Map();

  /** @param {string} conv @param {Draft} draft */
  add(conv, draft) {
    if (draft.text || draft.ref) this.#drafts.set(conv, [...(this.#drafts.get(conv) ?? []), draft]);
  }

  /** All of a chat, as one. @param {string} conv @returns {Draft} */
  take(conv) {
    const drafts = this.#drafts.get(conv) ?? [];
    this.#drafts.delete(conv);
    const text = drafts.flatMap((draft) => draft.text || []).join("\n");
    return { text, ref: drafts.find(({ ref }) => ref)?.ref };
  }
}
