// Argon2id without a worker, for Node: the same hash-wasm that bin/vendor puts into the worker.

import hashwasm from "hash-wasm";

/** @param {any} input */
export function engine({ password, salt, m, t, p }) {
  const options = { password, salt, memorySize: m, iterations: t, parallelism: p, hashLength: 32 };
  return hashwasm.argon2id({ ...options, outputType: "binary" });
}
