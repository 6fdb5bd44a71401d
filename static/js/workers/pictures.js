// Pictures away from the page, which goes on answering keys: decoded, turned, drawn and written (chat/drawing.js). A
// module worker.
//
// It says {ready} once it is loaded. Then one question at a time: {ask, given} ends in {value}, or in {error, code?},
// where `code` is that of a PictureError.

import { PictureError, WORK } from "../chat/drawing.js";

const scope = /** @type {any} */ (self);

scope.addEventListener("message", async (/** @type {MessageEvent} */ { data: { ask, given } }) => {
  try {
    const work = /** @type {Record<string, (...given: any[]) => Promise<unknown>>} */ (WORK)[ask];
    scope.postMessage({ value: await work?.(...given) });
  } catch (error) {
    const code = error instanceof PictureError ? error.code : undefined;
    scope.postMessage({ error: /** @type {Error} */ (error).name, code });
  }
});
scope.postMessage({ ready: true });
