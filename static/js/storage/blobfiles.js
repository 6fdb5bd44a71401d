// Files of an account in files of the browser's own (OPFS): but for open/ ciphertext alone, under the hex of the blob's id.
//
// out/   sealed here, until the message is in the log or was given up
// in/    fetched, or sent from here: a cache with a limit; the least recently used goes first
// used/  an empty twin of each file of in/, written when that is used: its time is what `in/` is ordered by
// limit  of in/, in bytes, where the person chose one
// open/  decrypted here, too large for memory: as long as its page shows or saves it, or is not swept
//
// Writing takes a worker (Safari writes by a handle that workers alone may have); reading, moving and removing do not.

/** @typedef {"out" | "in" | "open"} Place */
/** @typedef {{folder: FileSystemDirectoryHandle, name: string}} OpenedPlace of a file in open/ */
/** @typedef {{name: string, size: number, used: number}} Cached `used`: ms */

export const CACHE_LIMIT = 512 * 1024 * 1024;
const RESERVE = 32 * 1024 * 1024; // left to the database: words are more important than pictures
const NEW = ".new"; // a file of in/ that is not whole yet
const FOLDER = "m1-";
const PAGE = "m1-page "; // the lock of a page that has files in open/

export class BlobFiles {
  #root;

  /** @param {FileSystemDirectoryHandle} root */
  constructor(root) {
    this.#root = root;
  }

  /** @param {string} uid in hex @returns {Promise<BlobFiles | undefined>} undefined: this browser has no such files */
  static async open(uid) {
    try {
      const top = await navigator.storage.getDirectory();
      return new BlobFiles(await top.getDirectoryHandle(FOLDER + uid, { create: true }));
    } catch {
      return undefined; // an old browser, or a private window of some
    }
  }

  /** Everything of an account. @param {string} uid in hex */
  static async wipe(uid) {
    const top = await globalThis.navigator?.storage?.getDirectory?.();
    const account = await top?.getDirectoryHandle(FOLDER + uid).catch(() => undefined); // it has none
    if (!top || !account) return;
    const files = new BlobFiles(account);
    for (const name of ["open", "out", "in", "used"]) await files.#empty(name);
    await top.removeEntry(FOLDER + uid, { recursive: true });
  }

  /** @param {Place} place @param {string} id @returns {Promise<File | undefined>} */
  async file(place, id) {
    try {
      return await (await (await this.#folder(place)).getFileHandle(id)).getFile();
    } catch {
      return undefined; // not there, or no room for the folder of it
    }
  }

  /**
   * A new file, for a worker. One that is there already is begun again.
   * @param {Place} place
   * @param {string} id
   * @returns {Promise<{write: (bytes: Uint8Array) => void, close: () => Promise<void>, drop: () => Promise<void>}>}
   *   throws where another tab writes it, or there is no room
   */
  async create(place, id) {
    const folder = await this.#folder(place);
    const name = place === "in" ? id + NEW : id;
    const handle = /** @type {any} */ (await folder.getFileHandle(name, { create: true }));
    const access = await handle.createSyncAccessHandle();
    access.truncate(0);
    let at = 0;
    return {
      write: (bytes) => {
        while (bytes.length) {
          const written = access.write(bytes, { at });
          if (!written) throw new DOMException("nothing was written", "QuotaExceededError");
          at += written;
          bytes = bytes.subarray(written);
        }
      },
      close: async () => {
        access.flush();
        access.close();
        if (place === "in") await handle.move(folder, id);
      },
      drop: async () => {
        try {
          access.truncate(0);
        } finally {
          access.close();
        }
        await folder.removeEntry(name).catch(() => {});
      },
    };
  }

  /** Never throws: what stays is ciphertext, and is trimmed or swept. @param {Place} place @param {string} id */
  async remove(place, id) {
    for (const name of place === "in" ? [place, "used"] : [place]) {
      const folder = await this.#folder(name).catch(() => undefined); // a full disk has no room for it
      await folder?.removeEntry(id).catch(() => {}); // not there, or being written
    }
  }

  /** It is in the log: from now on a copy of what the server has. Never throws. @param {string} id */
  async settle(id) {
    try {
      const handle = /** @type {any} */ (await (await this.#folder("out")).getFileHandle(id));
      await handle.move(await this.#folder("in"), id);
    } catch {
      await this.remove("out", id);
    }
  }

  /** What waits in out/. @returns {Promise<{name: string, modified: number}[]>} */
  async waiting() {
    const found = [];
    for (const [name, file] of await this.#files("out")) found.push({ name, modified: file.lastModified });
    return found;
  }

  /** For a worker. @param {string} id */
  async touch(id) {
    try {
      const handle = /** @type {any} */ (await (await this.#folder("used")).getFileHandle(id, { create: true }));
      const access = await handle.createSyncAccessHandle();
      access.write(new Uint8Array(1), { at: 0 });
      access.close();
    } catch {
      // Another tab does the same, or there is no room: its place in the order is older.
    }
  }

  /** Where a page has what was opened: it is found before the page goes, and then cannot wait. @param {string} name @returns {Promise<OpenedPlace>} */
  async placeOf(name) {
    return { folder: await this.#folder("open"), name };
  }

  /** Opened files whose page is gone, of every account: one that was signed out while a page wrote them, too. */
  static async sweepAll() {
    const top = /** @type {any} */ (await globalThis.navigator?.storage?.getDirectory?.());
    for await (const [name, root] of top?.entries() ?? [])
      if (name.startsWith(FOLDER)) await new BlobFiles(root).sweep();
  }

  /** Opened files whose page is gone. */
  async sweep() {
    for (const [name] of await this.#files("open")) {
      const [page = ""] = name.split("-");
      const left = async (/** @type {Lock | null} */ lock) => lock && this.remove("open", name);
      await navigator.locks.request(PAGE + page, { ifAvailable: true }, left);
    }
  }

  /** Bytes of in/. */
  async used() {
    let sum = 0;
    for (const [, file] of await this.#files("in")) sum += file.size;
    return sum;
  }

  async limit() {
    try {
      const text = await (await (await this.#root.getFileHandle("limit")).getFile()).text();
      const limit = Number(text);
      return text && Number.isSafeInteger(limit) && limit >= 0 ? limit : CACHE_LIMIT;
    } catch {
      return CACHE_LIMIT;
    }
  }

  /** For a worker. @param {number} bytes */
  async setLimit(bytes) {
    const handle = /** @type {any} */ (await this.#root.getFileHandle("limit", { create: true }));
    const access = await handle.createSyncAccessHandle();
    access.truncate(0);
    access.write(new TextEncoder().encode(String(bytes)), { at: 0 });
    access.close();
    await this.trim(bytes);
  }

  async clear() {
    for (const name of ["in", "used"]) await this.#empty(name);
  }

  /** Until in/ has so many bytes at most, the least recently used first. @param {number} bytes @param {string} [spared] its id */
  async trim(bytes, spared) {
    const cached = (await this.#cached()).filter(({ name }) => name !== spared);
    let sum = cached.reduce((all, { size }) => all + size, 0);
    for (const { name, size } of cached.sort((a, b) => a.used - b.used)) {
      if (sum <= bytes) return;
      await this.remove("in", name);
      sum -= size;
    }
  }

  /**
   * Whether so many bytes can be written; where not, the cache gives way.
   * @param {number} bytes
   * @param {string} [spared] id of the one that is read
   */
  async room(bytes, spared) {
    const there = await free();
    if (there >= bytes) return true;
    if (there + (await this.used()) < bytes) return false; // as a partner may claim of a file, who wants the cache to go
    await this.trim(0, spared);
    return (await free()) >= bytes;
  }

  /** @returns {Promise<Cached[]>} */
  async #cached() {
    const times = new Map((await this.#files("used")).map(([name, { lastModified }]) => [name, lastModified]));
    return (await this.#files("in")).map(([name, { size, lastModified }]) => {
      return { name, size, used: Math.max(lastModified, times.get(name) ?? 0) };
    });
  }

  /** @param {string} place @returns {Promise<[string, File][]>} */
  async #files(place) {
    /** @type {[string, File][]} */
    const found = [];
    const folder = /** @type {any} */ (await this.#folder(place).catch(() => undefined)); // no room: it is not there
    for await (const [name, handle] of folder?.entries() ?? []) {
      const file = await handle.getFile().catch(() => undefined); // gone meanwhile
      if (file) found.push([name, file]);
    }
    return found;
  }

  /**
   * All at once, or one by one: while a tab writes a file, the folder itself cannot go.
   * @param {string} name
   */
  async #empty(name) {
    try {
      await this.#root.removeEntry(name, { recursive: true });
    } catch {
      const folder = /** @type {any} */ (await this.#root.getDirectoryHandle(name).catch(() => undefined));
      const names = [];
      for await (const one of folder?.keys() ?? []) names.push(one);
      for (const one of names) await folder.removeEntry(one).catch(() => {});
    }
  }

  /** @param {string} name */
  #folder(name) {
    return this.#root.getDirectoryHandle(name, { create: true });
  }
}

/** For a worker: as long as it lives nobody sweeps what its page has opened. @param {string} page @returns {Promise<void>} */
export function holding(page) {
  return new Promise((held, failed) => {
    const ever = () => {
      held();
      return new Promise(() => {});
    };
    navigator.locks.request(PAGE + page, { mode: "shared" }, ever).catch(failed);
  });
}

/** Bytes that this browser still gives the site, less what is kept for its database. */
async function free() {
  const { quota = 0, usage = 0 } = await navigator.storage.estimate();
  return quota - usage - RESERVE;
}
