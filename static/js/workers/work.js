// A proof of work away from the page (crypto/work.js). A module worker, for one challenge.
//
// {challenge, bits} → {solved} after each puzzle, then {nonces}, or {code} of an error.

import { solve } from "../crypto/work.js";

const scope = /** @type {any} */ (self);

scope.addEventListener("message", (/** @type {MessageEvent} */ { data: { challenge, bits } }) => {
  try {
    scope.postMessage({ nonces: solve(challenge, bits, (solved) => scope.postMessage({ solved })) });
  } catch (error) {
    scope.postMessage({ code: /** @type {{code?: string}} */ (error).code ?? "not_loaded" });
  }
});
