// Messages with files that are being sealed, one after the other in the order in which they were sent.

import { blobsOf, textOf } from "../chat/content.js";
import { sealAll } from "./sealing.js";

/** @typedef {import("./trays.js").Item} Item */
/** @typedef {{conv: string, count: number, share: number, stop: AbortController}} Sealing */
/** @typedef {import("./sealing.js").Piece} Piece */

export class Sealings {
  /** @type {Set<Sealing>} */ #all = new Set();
  /** @type {Promise<unknown>} */ #last = Promise.resolve();
  #parts;

  /**
   * @param {object} parts
   * @param {import("./sealing.js").SealFile} parts.sealFile
   * @param {(blobs: string[]) => unknown} parts.forget
   * @param {(message: import("../sending/queue.js").Message) => Promise<unknown>} parts.send
   * @param {(conv: string) => void} parts.changed
   * @param {() => void} parts.inMemory a message is in the outbox, and this page has to stay until it is sent
   */
  constructor(parts) {
    this.#parts = parts;
  }

  get any() {
    return this.#all.size > 0;
  }

  /** @param {string} conv @returns {{count: number, share: number}} files, and how far they are */
  of(conv) {
    const here = [...this.#all].filter((sealing) => sealing.conv === conv);
    const count = here.reduce((sum, sealing) => sum + sealing.count, 0);
    const done = here.reduce((sum, sealing) => sum + sealing.count * sealing.share, 0);
    return { count, share: count ? done / count : 0 };
  }

  /** @param {string} conv */
  stop(conv) {
    for (const sealing of this.#all) if (sealing.conv === conv) sealing.stop.abort();
  }

  /**
   * @param {string} conv
   * @param {readonly (Item | Piece)[]} items all prepared
   * @param {string} caption
   * @param {string} [ref] mid of the message that it answers
   * @returns {Promise<void>} it is in the outbox. Throws what hindered that, and AbortError
   */
  send(conv, items, caption, ref) {
    const sealing = { conv, count: items.length, share: 0, stop: new AbortController() };
    this.#all.add(sealing);
    this.#parts.changed(conv);
    const sent = this.#last.then(() => this.#seal(sealing, /** @type {Piece[]} */ (items), textOf(caption, ref)));
    this.#last = sent.catch(() => {}); // told to whom it was sent for
    return sent;
  }

  /** @param {Sealing} sealing @param {Piece[]} pieces @param {import("../chat/content.js").Content} said */
  async #seal(sealing, pieces, said) {
    const { conv, stop } = sealing;
    const { sealFile, forget, send, changed } = this.#parts;
    const progress = (/** @type {number} */ share) => {
      sealing.share = share;
      changed(conv);
    };
    try {
      const { att, inMemory } = await sealAll(pieces, { sealFile, forget, progress, signal: stop.signal });
      const content = { ...said, att };
      try {
        await send({ id: crypto.randomUUID(), conv, content });
      } catch (error) {
        await forget(blobsOf(content).map(({ entry }) => entry.blob));
        throw error;
      }
      if (inMemory) this.#parts.inMemory();
    } finally {
      this.#all.delete(sealing);
      changed(conv);
    }
  }
}
