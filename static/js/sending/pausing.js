// What a person has paused stays so, also after a reload or in another tab: the outbox keeps it with the message.

export class Pausing {
  #queue;
  #files;

  /** @param {import("./queue.js").Queue} queue @param {import("./outboxparts.js").OutboxFiles} files */
  constructor(queue, files) {
    this.#queue = queue;
    this.#files = files;
  }

  /** Throws where it could not be kept; until a reload it is paused all the same. @param {string} id of an entry */
  async pause(id) {
    const entry = this.#queue.find(id);
    const done = this.#files.pause(id);
    if (entry && done !== undefined) await this.#queue.pause(entry, done);
  }

  /** Also on a full disk, where it is paused again after a reload. @param {string} id of an entry */
  async resume(id) {
    const entry = this.#queue.find(id);
    if (entry?.paused !== undefined) await this.#queue.pause(entry).catch(() => {});
    this.#files.resume(id);
  }
}
