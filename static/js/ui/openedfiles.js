// Attachments that are open: decrypted, checked, with an address for <img>, <video> and <audio>. Each is
// opened once however many places show it. What no place shows any more is kept while there is room,
// then its address is revoked and its memory is free.
//
// Policy: `checked` (what may be given to a decoder), `KEPT_BYTES`.

import { kindOf } from "../chat/attachmentkinds.js";
import { fits, HEAD_BYTES, sniff, THUMB_PIXELS_MAX } from "../chat/filetypes.js";

/** @typedef {import("../chat/content.js").Attachment} Attachment */
/** @typedef {"file" | "thumb"} Role */
/** @typedef {(done: number, total: number) => void} Progress bytes */
/** @typedef {{blob: Blob, file: Blob, url: string, type: import("../chat/filetypes.js").FileType}} Open */
/**
 * @typedef {object} Held what somebody shows, or is about to
 * @property {Promise<Open>} open rejects with a `code`, as whyNotLoaded() has them
 * @property {Open} [now] once it is there
 * @property {() => void} release
 */
/**
 * @typedef {object} Parts
 * @property {(attachment: Attachment, role: Role, how: {onProgress: Progress, signal: AbortSignal}) => Promise<Blob>} fetch
 * @property {(file: Blob) => void} close as it was fetched
 * @property {(blob: Blob) => string} makeUrl
 * @property {(url: string) => void} revokeUrl
 */

const KEPT_BYTES = 48_000_000; // of what nobody shows right now

/** Why an attachment is not shown. */
class NotShown extends Error {
  /** @param {string} code */
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** One of them: how many show it, and its progress. */
class OpenedFile {
  users = 0;
  deleted = false; // it is not kept for another time
  /** @type {Set<Progress>} */ listeners = new Set();
  /** @type {Open | undefined} */ now;
  abort = new AbortController();
  /** @type {Promise<Open>} */ open;

  /** @param {Parts} parts @param {Attachment} attachment @param {Role} role */
  constructor(parts, attachment, role) {
    const onProgress = (/** @type {number} */ done, /** @type {number} */ total) => {
      for (const listener of this.listeners) listener(done, total);
    };
    this.open = parts.fetch(attachment, role, { onProgress, signal: this.abort.signal }).then(async (file) => {
      try {
        const { blob, type } = await checked(file, attachment, role);
        this.abort.signal.throwIfAborted(); // else its address would never be revoked
        this.now = { blob, file, type, url: parts.makeUrl(blob) };
        return this.now;
      } catch (error) {
        parts.close(file);
        throw error;
      }
    });
  }
}

export class OpenedFiles {
  /** @type {Map<string, OpenedFile>} the one used last is the last */ #files = new Map();
  #parts;
  #most;

  /** @param {Parts} parts @param {number} [most] bytes kept of what nobody shows */
  constructor(parts, most = KEPT_BYTES) {
    this.#parts = parts;
    this.#most = most;
  }

  /**
   * @param {Attachment} attachment
   * @param {Role} role
   * @param {Progress} [onProgress]
   * @returns {Held}
   */
  hold(attachment, role, onProgress) {
    const key = `${role} ${attachment.blob}`;
    const file = this.#files.get(key) ?? this.#opened(key, attachment, role);
    this.#files.delete(key);
    this.#files.set(key, file);
    file.users += 1;
    if (onProgress) file.listeners.add(onProgress);
    let held = true;
    const release = () => {
      if (!held) return;
      held = false;
      if (onProgress) file.listeners.delete(onProgress);
      file.users -= 1;
      this.#spare(key, file);
    };
    return { open: file.open, ...(file.now && { now: file.now }), release };
  }

  /** Its message was deleted: it stays in memory as long as it is shown. @param {string} blob of the attachment */
  forget(blob) {
    for (const key of [`file ${blob}`, `thumb ${blob}`]) {
      const file = this.#files.get(key);
      if (!file) continue;
      file.deleted = true;
      this.#spare(key, file);
    }
  }

  /** @param {string} key @param {Attachment} attachment @param {Role} role */
  #opened(key, attachment, role) {
    const file = new OpenedFile(this.#parts, attachment, role);
    file.open.catch(() => this.#files.get(key) === file && this.#files.delete(key)); // another try is a new one
    return file;
  }

  /** @param {string} key @param {OpenedFile} file */
  #spare(key, file) {
    if (file.users) return;
    if (!file.now) {
      file.abort.abort();
      if (this.#files.get(key) === file) this.#files.delete(key);
      return;
    }
    if (file.deleted) return this.#drop(key, file.now);
    const unused = [...this.#files].filter(([, { users, now }]) => !users && now);
    let bytes = unused.reduce((sum, [, { now }]) => sum + (now?.blob.size ?? 0), 0);
    for (const [old, { now }] of unused) {
      if (bytes <= this.#most || !now) break;
      bytes -= now.blob.size;
      this.#drop(old, now);
    }
  }

  /** @param {string} key @param {Open} open */
  #drop(key, open) {
    this.#parts.revokeUrl(open.url);
    this.#parts.close(open.file);
    this.#files.delete(key);
  }
}

/**
 * By its bytes, not by what its sender says of it.
 * @param {Blob} blob
 * @param {Attachment} attachment
 * @param {Role} role
 */
async function checked(blob, attachment, role) {
  const type = sniff(new Uint8Array(await blob.slice(0, HEAD_BYTES).arrayBuffer()));
  const kind = role === "thumb" ? "picture" : kindOf(attachment);
  if (!type || !mayBe(kind, type.family)) throw new NotShown("disguised");
  const most = role === "thumb" ? THUMB_PIXELS_MAX : undefined;
  if (type.family === "picture" && !fits(type, most)) throw new NotShown("too_large_to_show");
  return { blob: blob.slice(0, blob.size, type.mime), type };
}

/** @param {import("../chat/attachmentkinds.js").Kind} kind @param {string} family */
function mayBe(kind, family) {
  if (kind === "picture" || kind === "video") return family === kind;
  return kind !== "file" && family !== "picture"; // one container holds sound alone, or a film
}
