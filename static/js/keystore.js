// What this browser keeps of one account: IndexedDB, one database for each uid. The device's keys
// and everything read or written lie in one database, so that they live and die together.
//
// device    "this" → {id, dsk (non-extractable), dskPublic, dkkPublic, dkk (sealed), local (non-extractable)}
// the rest  key → bytes sealed under `local`; what stands in a key (ids, seq) is readable
//
// Policy: `write` (order, durability), `#failed` (what went wrong, in codes), `wipe`.

import { newLocalKey, openValue, sealValue } from "./account/localvalue.js";
import { equal, hex, newId, random, sha256 } from "./crypto/encoding.js";
import { kemPublicKey, newSeed, newSigningKey, sign, verify } from "./crypto/keys.js";

/** @typedef {import("./crypto/encoding.js").Bytes} Bytes */
/** @typedef {import("./hub/shelf.js").Store} Store */
/** @typedef {import("./hub/shelf.js").Key} Key */
/** @typedef {import("./hub/shelf.js").Change} Change */
/** @typedef {{id: Bytes, dsk: CryptoKey, dskPublic: Bytes, dkkSeed: Bytes, dkkPublic: Bytes}} DeviceKeys */
/** @typedef {"blocked" | "closed" | "quota" | "unavailable" | "inconsistent"} Problem */

const VERSION = 1;
const STORES = ["outbox", "messages", "chats", "epochs", "lists", "drafts", "meta"];
const DEVICE = "device";
const THIS = "this";
const PREFIX = "m1-";
const PROBE_BYTES = 32;
const BLOCKED_MS = 5000; // other tabs close when told; one that hangs must not hang this one

/** `code`: blocked = another tab holds an older version open; closed = another tab wiped it. */
export class KeystoreError extends Error {
  /** @param {Problem} code @param {unknown} [cause] */
  constructor(code, cause) {
    super(`keystore: ${code}`, { cause });
    this.name = "KeystoreError";
    /** @type {Problem} */
    this.code = code;
  }
}

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
    const sealed = await this.#read(store, (rows) => rows.get(key));
    return sealed && openValue(this.#key(), placeOf(store, key), sealed);
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
    const [keys, values] = await this.#readBoth(store, range);
    const opened = keys.map(async (key, i) => {
      return /** @type {[any, any]} */ ([key, await openValue(this.#key(), placeOf(store, key), values[i])]);
    });
    return Promise.all(opened);
  }

  /**
   * One transaction, in the order of the calls; resolves when it is kept. What concerns the outbox
   * is on the disk by then: a counter that is given twice would be an alarm at the receiver.
   * @param {Change[]} changes
   * @returns {Promise<void>}
   */
  write(changes) {
    const written = this.#tail.then(() => this.#write(changes));
    this.#tail = written.catch(() => {});
    return written;
  }

  /** @param {Change[]} changes */
  async #write(changes) {
    const sealed = await Promise.all(changes.map((change) => this.#sealed(change)));
    const names = [...new Set(changes.map(({ store }) => store))];
    if (!names.length) return;
    await this.#change((stores) => {
      for (const { store, key, bytes } of sealed) {
        if (bytes) stores(store).put(bytes, key);
        else stores(store).delete(key);
      }
    }, names);
  }

  /** @param {Change} change */
  async #sealed(change) {
    const { store, key } = change;
    if ("remove" in change) return { store, key: change.upto ? IDBKeyRange.bound(key, change.upto) : key };
    return { store, key, bytes: await sealValue(this.#key(), placeOf(store, key), change.value) };
  }

  /**
   * @param {(stores: (name: string) => IDBObjectStore) => void} work
   * @param {string[]} names
   */
  async #change(work, names) {
    const durability = names.includes("outbox") ? "strict" : "relaxed";
    const transaction = this.#transaction(names, "readwrite", { durability });
    const finished = done(transaction);
    work((name) => transaction.objectStore(name));
    await finished.catch((error) => this.#failed(error));
  }

  /**
   * @param {string} name
   * @param {(rows: IDBObjectStore) => IDBRequest} question
   * @returns {Promise<any>}
   */
  async #read(name, question) {
    const rows = this.#transaction([name], "readonly").objectStore(name);
    return asked(question(rows)).catch((error) => this.#failed(error));
  }

  /** @param {string} name @param {IDBKeyRange | undefined} range @returns {Promise<[any[], any[]]>} */
  async #readBoth(name, range) {
    const rows = this.#transaction([name], "readonly").objectStore(name);
    const both = Promise.all([asked(rows.getAllKeys(range)), asked(rows.getAll(range))]);
    return both.catch((error) => this.#failed(error));
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

/** @param {string} name @returns {Promise<IDBDatabase>} */
async function openDatabase(name) {
  if (!globalThis.indexedDB) throw new KeystoreError("unavailable");
  const request = indexedDB.open(name, VERSION);
  request.onupgradeneeded = () => {
    for (const store of [DEVICE, ...STORES]) request.result.createObjectStore(store);
  };
  return asked(request);
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function asked(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(problemOf(request.error));
    if (request instanceof IDBOpenDBRequest) {
      request.onblocked = () => setTimeout(() => reject(new KeystoreError("blocked")), BLOCKED_MS);
    }
  });
}

/** @param {DOMException | null} error */
function problemOf(error) {
  return new KeystoreError(error?.name === "QuotaExceededError" ? "quota" : "unavailable", error);
}

/** @param {IDBTransaction} transaction @returns {Promise<void>} */
function done(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    // Every error ends in an abort, and only then the transaction tells which it was.
    transaction.onabort = () => reject(problemOf(transaction.error));
  });
}

/** @param {Key | undefined} lower @param {Key | undefined} upper */
function rangeOf(lower, upper) {
  if (lower === undefined) return upper === undefined ? undefined : IDBKeyRange.upperBound(upper);
  return upper === undefined ? IDBKeyRange.lowerBound(lower) : IDBKeyRange.bound(lower, upper);
}

/** @param {string} store @param {Key} key */
function placeOf(store, key) {
  return JSON.stringify([store, key]);
}
