// Where workers come from. Their addresses are fixed, and not those of the import map, which does not reach them: the
// response of each carries a policy of its own.

import { require } from "./encoding.js";

export const ARGON2_WORKER = "/static/js/workers/argon2.js";
export const MEDIA_WORKER = "/static/js/workers/media.js";
export const PICTURE_WORKER = "/static/js/workers/pictures.js";
export const WORK_WORKER = "/static/js/workers/work.js";
export const EVIDENCE_WORKER = "/static/js/workers/evidence.js"; // of staff
const LISTED = [ARGON2_WORKER, MEDIA_WORKER, PICTURE_WORKER, WORK_WORKER, EVIDENCE_WORKER];
const POLICY = "m1-worker"; // the one Trusted Types policy that the page's CSP names

/* c8 ignore start -- needs the browser's workers: tests/browser/ */

/** @type {{createScriptURL: (url: string) => unknown} | undefined} */
let policy;

/** @param {string} url one of the above @param {WorkerOptions} [options] @returns {Worker} */
export function newWorker(url, options) {
  return new Worker(/** @type {any} */ (trusted(url)), options);
}

/** @param {string} url @returns {unknown} a TrustedScriptURL where the browser has Trusted Types */
function trusted(url) {
  const factory = /** @type {any} */ (globalThis).trustedTypes;
  if (!factory) return url;
  policy ??= factory.createPolicy(POLICY, {
    createScriptURL: (/** @type {string} */ wanted) => {
      require(LISTED.includes(wanted), "bad_worker", "not a listed worker");
      return wanted;
    },
  });
  return policy?.createScriptURL(url);
}
