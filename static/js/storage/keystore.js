// What this browser keeps of one account: IndexedDB, one database for each uid. The device's keys
// and everything read or written are in one database, so that they are kept and deleted together.
//
// device    "this" → {id, dsk (non-extractable), dskPublic, dkkPublic, dkk (sealed), local (non-extractable)}
//           "term" → a number, raised by each tab that begins to lead; "ended N" → there once the
//           lead of term N was taken away: nothing is written under it any more (fence.js)
// the rest  key → bytes sealed under `local`, or {name, bytes} where a row can also be found by a name; what stands
//           in a key or a name (ids, seq) is readable
//
// Each transaction is committed when its last request is made: a tab that is suspended in the middle
// would otherwise keep its stores from all others.
//
// Policy: `write` (order, durability, fence), `#failed` (what went wrong, in codes), `wipe`.

import { equal, hex, newId, random, sha256 } from "../crypto/encoding.js";
import { kemPublicKey, newSeed, newSigningKey, sign, verify } from "../crypto/keys.js";
import { BlobFiles } from "./blobfiles.js";
import { today } from "./earlier.js";
import { asked, done, KeystoreError, rangeAround, rangeOf, unlessThere } from "./indexed.js";
import { DEVICE, NAME, openDatabase, STORES } from "./schema.js";
import { newLocalKey, openValue, sealValue } from "./sealedvalues.js";

/** @typedef {import("../crypto/encoding.js").Bytes} Bytes */
/** @typedef {import("./stores.js").Store} Store */
/** @typedef {import("./stores.js").Key} Key */
/** @typedef {import("./stores.js").Change} Change */
/** @typedef {Bytes | {name: Key, bytes: Bytes}} Row */
/** @typedef {{id: Bytes, dsk: CryptoKey, dskPublic: Bytes, dkkSeed: Bytes, dkkPublic: Bytes}} DeviceKeys */

const THIS = "this";
const TERM = "term";
const ENDED = "ended "; // and the term
const PREFIX = "m1-";
const PROBE_BYTES = 32;

export { KeystoreError };

export class Keystore {
  /** Another tab has deleted or upgraded the database: nothing more can be kept. */
  onClosed = () => {};
  #db;
  /** @type {CryptoKey | undefined} the local key, once the device is there */
  #local;
  /** Writes go one after the other, although sealing them takes its own time. */
  #tail = Promise.resolve();
  #closed = false;

  /** @param {IDBDatabase} db */
  constructor(db) {
    this.#db = db;
    db.onversionchange = () => this.#lose();
    db.onclose = () => this.#lose();
  }

  /** @param {Bytes} uid @returns {Promise<Keystore>} */
  static async open(uid) {
    const store = new Keystore(await openDatabase(PREFIX + hex(uid)));
    store.#local = (await store.#read(DEVICE, (rows) => rows.get(THIS)))?.local;
    return store;
  }

  /** Ends everything that this browser knows of an account. @param {Bytes} uid */
  static async wipe(uid) {
    await BlobFiles.wipe(hex(uid)).catch(() => {}); // ciphertext; what a page opens just now is swept (settleStanding)
    await asked(indexedDB.deleteDatabase(PREFIX + hex(uid)));
  }

  close() {
    this.#closed = true;
    this.#db.close();
  }

  /**
   * Makes this browser a device, with keys of its own; replaces any that was here.
   * @returns {Promise<DeviceKeys>}
   */
  async newDevice() {
    const [signing, local, dkkSeed] = [await newSigningKey(), await newLocalKey(), newSeed()];
    const dkkPublic = await kemPublicKey(dkkSeed);
    const keys = { id: newId(), dsk: signing.privateKey, dskPublic: signing.publicKey, dkkPublic };
    const dkk = await sealValue(local, DEVICE, { seed: dkkSeed, of: await sha256(dkkPublic) });
    const row = { ...keys, local, dkk };
    await this.#change(
      (stores) => {
        for (const name of STORES) stores(name).clear();
        stores(DEVICE).put(row, THIS);
      },
      [DEVICE, ...STORES],
    );
    this.#local = local;
    return { ...keys, dkkSeed };
  }

  /**
   * The device, its keys checked against each other: by a hash where making the public key again
   * would load X-Wing on every page, in browsers that lack it.
   * @returns {Promise<DeviceKeys | undefined>}
   */
  async device() {
    const row = await this.#read(DEVICE, (rows) => rows.get(THIS));
    if (!row) return undefined;
    try {
      const { id, dsk, dskPublic, dkkPublic, local } = row;
      const { seed: dkkSeed, of } = await openValue(local, DEVICE, row.dkk);
      const probe = random(PROBE_BYTES);
      const signs = await verify(dskPublic, await sign(dsk, probe), probe);
      if (!signs || !equal(of, await sha256(dkkPublic))) throw new Error("keys differ");
      return { id, dsk, dskPublic, dkkSeed, dkkPublic };
    } catch (cause) {
      throw new KeystoreError("inconsistent", cause);
    }
  }

  /** @param {Store} store @param {Key} key @returns {Promise<any>} undefined where there is none */
  async get(store, key) {
    await this.#tail;
    const row = await this.#read(store, (rows) => rows.get(key));
    return row && this.#opened(store, key, row);
  }

  /**
   * In key order, both bounds included.
   * @param {Store} store
   * @param {Key} [lower]
   * @param {Key} [upper]
   * @returns {Promise<[any, any][]>}
   */
  async all(store, lower, upper) {
    await this.#tail;
    const range = rangeOf(lower, upper);
    const [keys, values] = await this.#answers(store, (rows) => [rows.getAllKeys(range), rows.getAll(range)]);
    const opened = values.map((/** @type {Row} */ row, /** @type {number} */ i) => this.#opened(store, keys[i], row));
    return (await Promise.all(opened)).map((value, i) => [keys[i], value]);
  }

  /**
   * The values of each name, in key order; all of them as they are at one moment. One question for many: what lies
   * between the names is read along, and not opened.
   * @param {Store} store
   * @param {Key[]} names
   * @returns {Promise<any[][]>}
   */
  async named(store, names) {
    await this.#tail;
    const range = rangeAround(names);
    const [keys, rows] = await this.#answers(store, (all) => {
      const index = all.index(NAME);
      return [index.getAllKeys(range), index.getAll(range)];
    });
    const found = new Map(names.map((name) => [JSON.stringify(name), /** @type {Promise<any>[]} */ ([])]));
    for (const [i, row] of rows.entries()) found.get(JSON.stringify(row.name))?.push(this.#opened(store, keys[i], row));
    return Promise.all(names.map((name) => Promise.all(found.get(JSON.stringify(name)) ?? [])));
  }

  /**
   * One transaction, in the order of the calls; resolves when it is kept. What concerns the outbox
   * is on the disk by then: a counter that is given twice would be an alarm at the receiver.
   * @param {Change[]} changes
   * @param {number} [term] of the tab that leads; KeystoreError "deposed" where it is another's by now
   * @returns {Promise<void>}
   */
  write(changes, term) {
    const written = this.#tail.then(() => this.#write(changes, term));
    this.#tail = written.catch(() => {});
    return written;
  }

  /**
   * @param {boolean} stolen the lead was taken away: nothing can be written under the term before
   * @returns {Promise<number>} the new one, which is on the disk
   */
  async raiseTerm(stolen) {
    const transaction = this.#transaction([DEVICE], "readwrite", { durability: "strict" });
    const rows = transaction.objectStore(DEVICE);
    let term = 0;
    const request = rows.get(TERM);
    request.onsuccess = () => {
      term = (request.result ?? 0) + 1;
      rows.put(term, TERM);
      if (stolen) rows.put(true, ENDED + (term - 1));
      transaction.commit();
    };
    await done(transaction).catch((error) => this.#failed(error));
    return term;
  }

  /** @returns {Promise<number>} */
  async term() {
    return (await this.#read(DEVICE, (rows) => rows.get(TERM))) ?? 0;
  }

  /** @param {Change[]} changes @param {number} [term] */
  async #write(changes, term) {
    const sealed = await Promise.all(changes.map((change) => this.#sealed(change)));
    const names = [...new Set(changes.map(({ store }) => store))];
    if (!names.length) return;
    await this.#change(
      (stores) => {
        for (const { store, key, row } of sealed) {
          if (row) stores(store).put(row, key);
          else stores(store).delete(key);
        }
      },
      names,
      term,
    );
  }

  /** @param {Change} change */
  async #sealed(change) {
    const { store, key } = change;
    if ("remove" in change) return { store, key: change.upto ? IDBKeyRange.bound(key, change.upto) : key };
    const { name } = change;
    const bytes = await sealValue(this.#key(), placeOf(store, key, name), change.value);
    return { store, key, row: name === undefined ? bytes : { name, bytes } };
  }

  /** @param {Store} store @param {Key} key @param {Row} row */
  async #opened(store, key, row) {
    const { name, bytes } = row instanceof Uint8Array ? { name: undefined, bytes: row } : row;
    return today(store, await openValue(this.#key(), placeOf(store, key, name), bytes));
  }

  /**
   * @param {(stores: (name: string) => IDBObjectStore) => void} work
   * @param {string[]} names
   * @param {number} [term]
   */
  async #change(work, names, term) {
    const durability = names.includes("outbox") ? "strict" : "relaxed";
    const fenced = term === undefined ? names : [...names, DEVICE];
    const transaction = this.#transaction(fenced, "readwrite", { durability });
    const finished = done(transaction);
    const all = () => {
      work((name) => transaction.objectStore(name));
      transaction.commit();
    };
    if (term === undefined) all();
    else unlessThere(transaction.objectStore(DEVICE), ENDED + term, all); // else the term has ended
    await finished.catch((error) => this.#failed(error));
  }

  /**
   * @param {string} name
   * @param {(rows: IDBObjectStore) => IDBRequest} question
   * @returns {Promise<any>}
   */
  async #read(name, question) {
    const [answer] = await this.#answers(name, (rows) => [question(rows)]);
    return answer;
  }

  /**
   * @param {string} name
   * @param {(rows: IDBObjectStore) => IDBRequest[]} questions
   * @returns {Promise<any[]>}
   */
  async #answers(name, questions) {
    const transaction = this.#transaction([name], "readonly");
    const answers = Promise.all(questions(transaction.objectStore(name)).map((request) => asked(request)));
    transaction.commit();
    return answers.catch((error) => this.#failed(error));
  }

  /** @param {string[]} names @param {IDBTransactionMode} mode @param {IDBTransactionOptions} [options] */
  #transaction(names, mode, options) {
    if (this.#closed) throw new KeystoreError("closed");
    try {
      return this.#db.transaction(names, mode, options);
    } catch (error) {
      return this.#failed(error);
    }
  }

  /** @param {any} error @returns {never} */
  #failed(error) {
    if (error instanceof KeystoreError) throw error;
    if (error?.name === "QuotaExceededError") throw new KeystoreError("quota", error);
    throw new KeystoreError(this.#closed || error?.name === "InvalidStateError" ? "closed" : "unavailable", error);
  }

  #key() {
    if (!this.#local) throw new KeystoreError("inconsistent", new Error("no device yet"));
    return this.#local;
  }

  #lose() {
    if (this.#closed) return;
    this.close();
    this.onClosed();
  }
}

/** @param {string} store @param {Key} key @param {Key} [name] */
function placeOf(store, key, name) {
  return JSON.stringify(name === undefined ? [store, key] : [store, key, name]);
}
