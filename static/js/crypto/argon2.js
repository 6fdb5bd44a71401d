// Argon2id (docs/encryption.md 4.5). It runs in a worker of its own: the one place where
// WebAssembly is allowed. Limits are checked here, whatever the server says.

import { M1Error, newId, require, utf8 } from "./encoding.js";
import { ARGON2_WORKER, newWorker } from "./workers.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */
/** @typedef {{m: number, t: number, p: number}} Kdf memory in KiB, passes, lanes */
/** @typedef {(input: {password: Bytes, salt: Bytes} & Kdf) => Promise<Bytes>} Engine */

/** The floor is also what new passwords get: 64 MiB, 3 passes. */
export const KDF_DEFAULT = Object.freeze({ m: 65_536, t: 3, p: 1 });
const KDF_CEILING = { m: 262_144, t: 10 }; // above it a server could freeze a phone
export const KDF_SALT_BYTES = 16;

/**
 * @param {string} password never leaves the browser
 * @param {Bytes} salt
 * @param {Kdf} kdf
 * @param {Engine} [engine] the worker, unless a test brings its own
 * @returns {Promise<Bytes>} pw, 32 bytes
 */
export async function stretch(password, salt, kdf, engine = inWorker) {
  checkKdf(kdf, salt);
  return engine({ password: utf8(password.normalize("NFKC")), salt, ...kdf });
}

/**
 * A server that lowers the price of a guess would guess itself: weak_kdf. One that raises it
 * without end locks people out: costly_kdf.
 * @param {Kdf} kdf
 * @param {Bytes} salt
 */
export function checkKdf({ m, t, p }, salt) {
  require([m, t, p].every(Number.isSafeInteger), "weak_kdf", "not integers");
  require(m >= KDF_DEFAULT.m && t >= KDF_DEFAULT.t && p === KDF_DEFAULT.p, "weak_kdf");
  require(salt.length === KDF_SALT_BYTES, "weak_kdf", "width of the salt");
  require(m <= KDF_CEILING.m && t <= KDF_CEILING.t, "costly_kdf");
}

/* c8 ignore start -- needs the browser's workers: tests/browser/test_accounts.py */

/** @type {Engine} one question, then the worker goes: 64 MiB are given back, the password with them */
function inWorker(input) {
  const worker = newWorker(ARGON2_WORKER);
  const id = newId().join();
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data }) => {
      if (data.id !== id) return;
      if (data.failed) reject(new M1Error("kdf_failed", "Argon2 did not run"));
      else resolve(data.hash);
    });
    worker.addEventListener("error", () => reject(new M1Error("not_loaded", "the worker")));
    worker.postMessage({ id, ...input }, [input.password.buffer]);
  }).finally(() => worker.terminate());
}
