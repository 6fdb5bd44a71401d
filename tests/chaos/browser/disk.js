// What a browser keeps on its disk, for a process that is killed: IndexedDB as far as keystore.js
// uses it, localStorage and cookies. Each transaction is one record appended to a journal, so that
// after kill -9 either all of it is there or nothing.
//
// Keys are made extractable here, because a journal cannot hold what cannot be read.

import fs from "node:fs";
import v8 from "node:v8";

const LENGTH_BYTES = 4;
const { subtle } = globalThis.crypto;
const generateKey = subtle.generateKey.bind(subtle);

/** @type {Map<string, Map<string, Map<string, {key: unknown, value: unknown}>>>} database → store → rows */
const databases = new Map();
const connections = new Set();
let journal = 0;

/** @param {string} path */
export async function mount(path) {
  if (fs.existsSync(path)) for (const record of records(fs.readFileSync(path))) await redo(record);
  journal = fs.openSync(path, "a");
  subtle.generateKey = (algorithm, _, usages) => generateKey(algorithm, true, usages);
  Object.assign(globalThis, { indexedDB, IDBKeyRange: KeyRange, IDBOpenDBRequest: OpenRequest });
}

/** @param {string} database @param {unknown[]} changes {store, key, value?} | {store, clear} | {create} | {drop} */
export async function commit(database, changes) {
  const record = { database, changes: await Promise.all(changes.map(frozen)) };
  const bytes = v8.serialize(record);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(bytes.length);
  fs.writeSync(journal, Buffer.concat([length, bytes]));
  apply(database, changes);
}

/** @param {string} database @param {string} store */
export function rowsOf(database, store) {
  return databases.get(database)?.get(store) ?? new Map();
}

function* records(bytes) {
  for (let at = 0; at + LENGTH_BYTES <= bytes.length; ) {
    const end = at + LENGTH_BYTES + bytes.readUInt32LE(at);
    if (end > bytes.length) return; // killed while it was written
    yield v8.deserialize(bytes.subarray(at + LENGTH_BYTES, end));
    at = end;
  }
}

async function redo({ database, changes }) {
  apply(database, await Promise.all(changes.map(thawed)));
}

function apply(database, changes) {
  for (const change of changes) {
    if (change.drop) databases.delete(database);
    else if (change.create) storesOf(database).set(change.create, new Map());
    else if (change.clear) storeOf(database, change.store).clear();
    else if ("value" in change) {
      storeOf(database, change.store).set(nameOf(change.key), { key: change.key, value: change.value });
    } else storeOf(database, change.store).delete(nameOf(change.key));
  }
}

function storesOf(database) {
  if (!databases.has(database)) databases.set(database, new Map());
  return databases.get(database);
}

function storeOf(database, store) {
  const stores = storesOf(database);
  if (!stores.has(store)) stores.set(store, new Map());
  return stores.get(store);
}

const nameOf = (key) => JSON.stringify(key);

async function frozen(change) {
  if (typeof change.value !== "object" || change.value === null || change.value instanceof Uint8Array) return change;
  const members = Object.entries(change.value).map(async ([name, member]) => {
    if (!(member instanceof CryptoKey)) return [name, member];
    const { algorithm, usages } = member;
    return [name, { $key: await subtle.exportKey("jwk", member), algorithm: { ...algorithm }, usages }];
  });
  return { ...change, value: Object.fromEntries(await Promise.all(members)) };
}

async function thawed(change) {
  if (typeof change.value !== "object" || change.value === null || change.value instanceof Uint8Array) return change;
  const members = Object.entries(change.value).map(async ([name, member]) => {
    if (!member?.$key) return [name, member];
    return [name, await subtle.importKey("jwk", member.$key, member.algorithm, true, member.usages)];
  });
  return { ...change, value: Object.fromEntries(await Promise.all(members)) };
}

// ---------------------------------------------------------------- IndexedDB

class Request {
  /** @param {() => unknown} work */
  constructor(work) {
    setImmediate(() => {
      try {
        this.result = work();
        this.onsuccess?.();
      } catch (error) {
        this.error = error;
        this.onerror?.();
      }
    });
  }
}

class OpenRequest {
  constructor(name) {
    setImmediate(() => void this.#open(name));
  }

  async #open(name) {
    const fresh = !databases.has(name);
    this.result = new Database(name);
    if (fresh) {
      this.transaction = new Transaction(name);
      this.onupgradeneeded?.();
      await commit(name, this.result.made);
    }
    this.onsuccess?.();
  }
}

class DeleteRequest {
  constructor(name) {
    for (const open of connections) if (open.name === name) open.onversionchange?.();
    setImmediate(async () => {
      if (databases.has(name)) await commit(name, [{ drop: true }]);
      this.onsuccess?.();
    });
  }
}

const indexedDB = {
  open: (name) => new OpenRequest(name),
  deleteDatabase: (name) => new DeleteRequest(name),
  cmp: compareKeys,
};

class Database {
  made = [];
  #closed = false;

  constructor(name) {
    this.name = name;
    connections.add(this);
  }

  get objectStoreNames() {
    return { contains: (name) => storesOf(this.name).has(name) };
  }

  createObjectStore(name) {
    this.made.push({ create: name });
  }

  transaction() {
    if (this.#closed) throw new DOMException("closed", "InvalidStateError");
    return new Transaction(this.name);
  }

  close() {
    this.#closed = true;
    connections.delete(this);
  }
}

class Transaction {
  error = null;
  #database;
  #changes = [];

  constructor(database) {
    this.#database = database;
    // After the answers to its requests, which may ask for more.
    const ends = (work) => setImmediate(() => setImmediate(work));
    ends(async () => {
      if (this.#changes.some(({ store, key, added }) => added && rowsOf(database, store).has(nameOf(key)))) {
        this.error = new DOMException("there already", "ConstraintError");
        return this.onabort?.();
      }
      if (this.#changes.length) await commit(database, this.#changes);
      this.oncomplete?.();
    });
  }

  commit() {} // by itself, once its requests are made

  objectStore(store) {
    const rows = () => rowsOf(this.#database, store);
    const inRange = (range) =>
      [...rows().values()]
        .filter(({ key }) => !range || range.has(key))
        .sort((a, b) => compareKeys(a.key, b.key));
    return {
      indexNames: { contains: () => true }, // the one that keystore.js asks for is looked through, not kept
      index: (member) => new Index(() => inRange(), member),
      get: (key) => new Request(() => rows().get(nameOf(key))?.value),
      getAll: (range) => new Request(() => inRange(range).map(({ value }) => value)),
      getAllKeys: (range) => new Request(() => inRange(range).map(({ key }) => key)),
      put: (value, key) => this.#changes.push({ store, key, value }),
      add: (value, key) => {
        this.#changes.push({ store, key, value, added: true });
        return rows().has(nameOf(key)) ? {} : new Request(() => key); // the end of the transaction tells that it failed
      },
      delete: (key) => {
        const keys = key instanceof KeyRange ? inRange(key).map((row) => row.key) : [key];
        for (const one of keys) this.#changes.push({ store, key: one });
      },
      clear: () => this.#changes.push({ store, clear: true }),
    };
  }
}

/** Rows that have the member, by it and then by their key. */
class Index {
  #found;

  constructor(rows, member) {
    this.#found = (range) =>
      rows()
        .filter(({ value }) => value[member] !== undefined && range.has(value[member]))
        .sort((a, b) => compareKeys(a.value[member], b.value[member]) || compareKeys(a.key, b.key));
  }

  getAll = (range) => new Request(() => this.#found(range).map(({ value }) => value));
  getAllKeys = (range) => new Request(() => this.#found(range).map(({ key }) => key));
}

class KeyRange {
  constructor(lower, upper) {
    this.lower = lower;
    this.upper = upper;
  }

  has(key) {
    const above = this.lower === undefined || compareKeys(key, this.lower) >= 0;
    return above && (this.upper === undefined || compareKeys(key, this.upper) <= 0);
  }

  static bound = (lower, upper) => new KeyRange(lower, upper);
  static lowerBound = (lower) => new KeyRange(lower, undefined);
  static upperBound = (upper) => new KeyRange(undefined, upper);
}

/** Numbers before strings before arrays, as IndexedDB orders them. */
function compareKeys(a, b) {
  const rank = (key) => (Array.isArray(key) ? 2 : typeof key === "string" ? 1 : 0);
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  if (!Array.isArray(a)) return a < b ? -1 : a > b ? 1 : 0;
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareKeys(a[i], b[i]);
    if (order) return order;
  }
  return a.length - b.length;
}
