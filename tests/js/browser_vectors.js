// The page of tests/browser/test_vectors.py: runs everything here and posts what came out.

import { EARLIER_CHECKS } from "./earlier_checks.js";
import { KEYSTORE_CHECKS } from "./keystore_checks.js";
import { functions } from "./vector_functions.js";
import { fault, isServers } from "./vectors.js";

const results = [];
try {
  for (const file of await (await fetch("/vectors")).json()) await runFile(file);
  for (const [name, check] of Object.entries(KEYSTORE_CHECKS)) await note(`keystore: ${name}`, check);
  for (const [name, check] of Object.entries(EARLIER_CHECKS)) await note(`a database ${name}`, check);
} catch (error) {
  results.push({ name: "the run itself", problem: String(error) });
}
await fetch("/results", { method: "POST", body: JSON.stringify(results) });

/** @param {string} file */
async function runFile(file) {
  const vectors = await (await fetch(`/tests/vectors/crypto/${file}`)).json();
  const table = functions(); // Argon2 in its worker
  for (const vector of vectors.filter((/** @type {any} */ v) => !isServers(v))) {
    results.push({ name: `${file}: ${vector.name} (${vector.fn})`, problem: await fault(vector, table) });
  }
}

/** @param {string} name @param {() => Promise<void>} check */
async function note(name, check) {
  try {
    await check();
    results.push({ name, problem: null });
  } catch (error) {
    results.push({ name, problem: String(error) });
  }
}
