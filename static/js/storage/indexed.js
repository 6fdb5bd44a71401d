// Requests and transactions of IndexedDB as promises, and what goes wrong with them in codes.

/** @typedef {import("./stores.js").Key} Key */
/** @typedef {"blocked" | "closed" | "quota" | "unavailable" | "inconsistent" | "deposed"} Problem */

const BLOCKED_MS = 5000; // other tabs close when told; one that hangs must not hang this one

/** `code`: blocked = another tab holds an older version open; closed = another tab wiped it; deposed = another leads. */
export class KeystoreError extends Error {
  /** @param {Problem} code @param {unknown} [cause] */
  constructor(code, cause) {
    super(`keystore: ${code}`, { cause });
    this.name = "KeystoreError";
    /** @type {Problem} */
    this.code = code;
  }
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
export function asked(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(problemOf(request.error));
    if (request instanceof IDBOpenDBRequest) {
      request.onblocked = () => setTimeout(() => reject(new KeystoreError("blocked")), BLOCKED_MS);
    }
  });
}

/** What an error of the browser means; a row is there already only where a term has ended. @type {Record<string, Problem>} */
const PROBLEMS = { QuotaExceededError: "quota", ConstraintError: "deposed" };

/** @param {DOMException | null} error */
function problemOf(error) {
  return new KeystoreError(PROBLEMS[error?.name ?? ""] ?? "unavailable", error);
}

/** @param {IDBTransaction} transaction @returns {Promise<void>} */
export function done(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    // Every error ends in an abort, and only then the transaction tells which it was.
    transaction.onabort = () => reject(problemOf(transaction.error));
  });
}

/**
 * Where the key is there this fails, and all of the transaction with it. Nothing may be committed before that is known:
 * Firefox (153) keeps the rest of a transaction that was told to commit, although a part of it failed.
 * @param {IDBObjectStore} rows
 * @param {string} key
 * @param {() => void} then
 */
export function unlessThere(rows, key, then) {
  rows.add(true, key).onsuccess = () => {
    rows.delete(key);
    then();
  };
}

/** @param {Key | undefined} lower @param {Key | undefined} upper */
export function rangeOf(lower, upper) {
  if (lower === undefined) return upper === undefined ? undefined : IDBKeyRange.upperBound(upper);
  return upper === undefined ? IDBKeyRange.lowerBound(lower) : IDBKeyRange.bound(lower, upper);
}

/** From the first to the last of them. @param {Key[]} keys at least one */
export function rangeAround(keys) {
  const [first, ...rest] = [...keys].sort((a, b) => indexedDB.cmp(a, b));
  return IDBKeyRange.bound(first, rest.at(-1) ?? first);
}
