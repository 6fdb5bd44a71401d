// Epoch records as they are read (docs/encryption.md 4.7): from this browser, from the server, through
// the box of one of my own devices, or through the wrap, and then only after verifyEpoch.

import { b64, equal, fromB64, M1Error, require } from "../crypto/encoding.js";
import { openEpoch, openEsBox, parseEpoch, sealEsBox, side, verifyEpoch } from "../crypto/epochs.js";
import { endedByReset } from "../crypto/rotation.js";
import { gatheredBoxes, gatheredRecords } from "./epochquestions.js";

/** @typedef {import("../crypto/encoding.js").Bytes} Bytes */
/** @typedef {import("../crypto/epochs.js").Epoch} Epoch */
/** @typedef {import("../crypto/epochs.js").OpenEpoch} OpenEpoch */
/** @typedef {import("../protocol.js").EpochRow} EpochRow */
/** @typedef {{uid: Bytes, device: Bytes, dsk: CryptoKey, seeds: Map<number, Bytes>}} Me */

/**
 * @typedef {object} Kept what is known of one record
 * @property {Epoch} epoch
 * @property {{g: number, box: Bytes}} [box] sealed by one of my own devices
 * @property {OpenEpoch} [open]
 * @property {boolean} [bad] its creator wrapped two different secrets
 */

/**
 * @typedef {object} Book one conversation's
 * @property {string} peer
 * @property {number | null | undefined} head undefined: ask; null: there is none yet
 * @property {Map<number, Kept>} records
 * @property {Epoch[]} beyond known here, and not to the server (any more): oldest first (ADR 15)
 */

const PAGE = 20; // records a request: half a year of weekly ones

export class EpochStore {
  #stores;
  #records;
  #boxes;
  #deviceLists;
  #me;
  #renewMe;
  /** @type {Map<string, Book>} */ #books = new Map();
  /** @type {Map<string, Promise<OpenEpoch>>} */ #opening = new Map();

  /**
   * @param {object} parts
   * @param {Pick<import("../network/api.js").Api, "post" | "put">} parts.api
   * @param {Pick<import("../storage/stores.js").Stores, "get" | "all" | "write">} parts.stores
   * @param {import("../people/devicelists.js").DeviceLists} parts.deviceLists
   * @param {Me} parts.me
   * @param {() => Promise<void>} [parts.renewMe] fetches my own list, and keys of newer generations
   */
  constructor({ api, stores, deviceLists, me, renewMe = async () => {} }) {
    this.#records = gatheredRecords(api);
    this.#boxes = gatheredBoxes(api);
    this.#stores = stores;
    this.#deviceLists = deviceLists;
    this.#me = me;
    this.#renewMe = renewMe;
  }

  /**
   * The epoch that a message names.
   * @param {string} conv
   * @param {string} peer
   * @param {number} n
   * @returns {Promise<OpenEpoch>}
   */
  open(conv, peer, n) {
    const key = `${conv} ${n}`;
    const under = this.#opening.get(key);
    if (under) return under;
    const opening = this.#openRecord(conv, peer, n).finally(() => this.#opening.delete(key));
    this.#opening.set(key, opening);
    return opening;
  }

  /**
   * From the store of this browser, so that `ahead` asks at once or not at all.
   * @param {string} conv
   * @param {string} peer
   * @param {number} n
   */
  async recall(conv, peer, n) {
    const { records } = this.book(conv, peer);
    const stored = !records.get(n)?.open && (await this.#stores.get("epochs", [conv, n]));
    if (!stored) return;
    const epoch = await parseEpoch(stored.record);
    records.set(n, { epoch, open: { epoch, secret: stored.secret } });
  }

  /**
   * The record that a message names, so that opening it later asks nobody.
   * @param {string} conv
   * @param {string} peer
   * @param {number} n
   */
  async ahead(conv, peer, n) {
    const book = this.book(conv, peer);
    if (!book.records.has(n)) await this.#fetch(book, { conv, upto: n, limit: 1 });
  }

  /** null where its creator wrapped two secrets. @param {string} conv @param {string} peer @param {number} n */
  async openUnlessBad(conv, peer, n) {
    try {
      return await this.open(conv, peer, n);
    } catch (error) {
      if (/** @type {{code?: string}} */ (error).code === "bad_kcv") return null;
      throw error;
    }
  }

  /** @param {string} conv @param {string} peer */
  async lastGood(conv, peer) {
    const { head } = this.book(conv, peer);
    for (let n = (head ?? 0) - 1; n >= 0; n--) {
      const open = await this.openUnlessBad(conv, peer, n);
      if (open) return open;
    }
    return null;
  }

  /** The server has a newer one, or says so: ask before the next send. @param {string} conv */
  renew(conv) {
    const book = this.#books.get(conv);
    if (book) book.head = undefined;
  }

  /** @param {string} conv @param {string} peer @returns {Book} */
  book(conv, peer) {
    let book = this.#books.get(conv);
    if (!book) {
      book = { peer, head: undefined, records: new Map(), beyond: [] };
      this.#books.set(conv, book);
    }
    return book;
  }

  /** @param {string} conv @param {string} peer */
  async head(conv, peer) {
    const book = this.book(conv, peer);
    if (book.head === undefined) {
      const head = await this.#fetch(book, { conv, limit: 2 });
      book.beyond = await this.#beyond(book, conv, head);
      book.head = head;
    }
    return book.head;
  }

  /**
   * What this browser opened is never given up for another, nor for an older one.
   * @param {Book} book @param {string} conv @param {number | null} head
   */
  async #beyond({ records }, conv, head) {
    const kept = await this.#stores.all(
      "epochs",
      [conv, Math.max(0, (head ?? 0) - 1)],
      [conv, Number.MAX_SAFE_INTEGER],
    );
    const known = await Promise.all(kept.map(([, { record }]) => parseEpoch(record)));
    for (const { n, bytes } of known) {
      const theirs = n <= (head ?? -1) ? records.get(n)?.epoch : undefined;
      if (theirs) requireSame(theirs.bytes, bytes);
    }
    return known.filter(({ n }) => n > (head ?? -1));
  }

  /**
   * @param {Book} book
   * @param {import("../protocol.js").EpochsWanted & {limit: number}} wanted
   * @returns {Promise<number | null>} the head
   */
  async #fetch(book, wanted) {
    const answer = await this.#records.ask(wanted);
    for (const row of answer?.epochs ?? []) {
      const known = book.records.get(row.n);
      const epoch = await readRecord(row.record);
      if (known?.open) {
        requireSame(known.epoch.bytes, epoch?.bytes);
        continue;
      }
      if (!epoch) continue;
      const box = row.box && row.g ? { g: row.g, box: fromB64(row.box) } : undefined;
      book.records.set(row.n, { epoch, ...(box && { box }) });
    }
    return answer?.head ?? null;
  }

  /** @param {string} conv @param {string} peer @param {number} n @returns {Promise<OpenEpoch>} */
  async #openRecord(conv, peer, n) {
    const book = this.book(conv, peer);
    await this.#load(book, conv, n);
    const kept = book.records.get(n);
    if (!kept) throw Object.assign(new Error(`epoch ${n} is not there`), { code: "wrong_epoch" });
    if (kept.open) return kept.open;
    kept.open = (await this.#byBox(kept)) ?? (await this.#byWrap(conv, peer, kept));
    await this.keep(conv, kept);
    return kept.open;
  }

  /** From this browser's own store, else from the server. @param {Book} book @param {string} conv @param {number} n */
  async #load(book, conv, n) {
    await this.recall(conv, book.peer, n);
    if (!book.records.has(n)) await this.#fetch(book, { conv, upto: n, limit: PAGE });
  }

  /** @param {Kept} kept @returns {Promise<OpenEpoch | null>} null: not usable, take the wrap */
  async #byBox({ epoch, box }) {
    const seed = box && this.#me.seeds.get(box.g);
    if (!seed) return null;
    try {
      return await openEsBox(epoch, { uid: this.#me.uid, g: box.g, seed }, box.box);
    } catch {
      return null;
    }
  }

  /** @param {string} conv @param {string} peer @param {Kept} kept */
  async #byWrap(conv, peer, kept) {
    const { epoch } = kept;
    const { uid: me, seeds } = this.#me;
    if (this.#isClosed(epoch)) throw new M1Error("before_reset");
    await this.#verify(conv, peer, epoch);
    const parent = epoch.parent === null ? null : await this.open(conv, peer, epoch.parent);
    const { g } = side(epoch, me);
    if (!seeds.has(g)) await this.#renewMe(); // its frame passed while this device was away
    const seed = seeds.get(g);
    if (!seed) throw Object.assign(new Error("a user key is missing"), { code: "later" });
    try {
      const open = await openEpoch(epoch, { me, seed, parent });
      void this.putBox(conv, open);
      return open;
    } catch (error) {
      if (/** @type {{code?: string}} */ (error).code === "bad_kcv") kept.bad = true;
      throw error;
    }
  }

  /** Sealed to me before my account was reset: nobody holds that key any more. @param {Epoch} epoch */
  #isClosed(epoch) {
    const links = this.#deviceLists.kept(b64(this.#me.uid))?.links ?? [];
    const [first, head] = [links[0], links.at(-1)];
    if (!first || !head || !endedByReset(epoch, links)) return false;
    return side(epoch, this.#me.uid).k <= head.k || epoch.ms < first.ms;
  }

  /** @param {string} conv @param {string} peer @param {Epoch} epoch */
  async #verify(conv, peer, epoch) {
    const me = this.#me.uid;
    const { linkByHash, restarted } = this.#deviceLists;
    await this.#deviceLists.of(peer);
    const { records } = this.book(conv, peer);
    if (epoch.n && !records.has(epoch.n - 1)) await this.#load(this.book(conv, peer), conv, epoch.n - 1);
    const previous = records.get(epoch.n - 1)?.epoch;
    const expected = { conn: fromB64(conv, 16), me, peer: fromB64(peer, 16), linkByHash, restarted, previous };
    try {
      await verifyEpoch(epoch, expected);
    } catch (error) {
      if (/** @type {{code?: string}} */ (error).code !== "unknown_link") throw error;
      // It names a list of one of us that is newer than the one here.
      await Promise.all([this.#deviceLists.refresh(peer), this.#deviceLists.refresh(b64(me))]);
      await verifyEpoch(epoch, expected);
    }
  }

  /** @param {string} conv @param {Kept} kept */
  async keep(conv, { epoch, open }) {
    if (!open) return;
    const value = { record: epoch.bytes, secret: open.secret };
    await this.#stores.write([{ store: "epochs", key: [conv, epoch.n], value }]);
  }

  /** For my other devices; a box that is missing costs them only time. @param {string} conv @param {OpenEpoch} open */
  async putBox(conv, open) {
    const { uid, seeds } = this.#me;
    const g = Math.max(...seeds.keys());
    const seed = /** @type {Bytes} */ (seeds.get(g));
    try {
      const box = await sealEsBox(open, { uid, g, seed });
      await this.#boxes.ask({ conv, n: open.epoch.n, g, box: b64(box) });
    } catch {
      // The next device that opens the record by its wrap writes it.
    }
  }
}

/** null: its maker did not keep to the form. What was sealed under it stays shut, and nothing else. @param {string} record */
async function readRecord(record) {
  try {
    return await parseEpoch(fromB64(record));
  } catch {
    return null;
  }
}

/** @param {Bytes} known @param {Bytes | undefined} shown in its place */
function requireSame(known, shown) {
  require(shown && equal(known, shown), "other_epoch", "another record in the place of a known one");
}
