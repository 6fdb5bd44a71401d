// A file of a report, opened for staff: its sealed parts come from the admin, are checked and decrypted. A module worker for
// one file: bytes of it are here and nowhere else until all of it has verified.
//
// {parts, key, picture} is answered by {page, w, h}, {file} or {error}, a code.

import { fits, HEAD_BYTES, sniff } from "../chat/filetypes.js";
import { wallClock } from "../clock.js";
import { openBlob, sealedSize } from "../crypto/blob.js";
import { b64 } from "../crypto/encoding.js";
import { Lanes } from "../lanes.js";
import { getParts } from "../network/parts.js";
import { Reach } from "../network/ways.js";

/** @typedef {{parts: string, key: import("../crypto/blob.js").BlobKey, picture: boolean}} Wanted `parts`: address of part n without n */

const PARTS_MAX = 3; // come at once
const STRETCH = 3 * 256 * 1024; // bytes: those in base64 need no filling
const HEAD = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Picture</title>';
const BODY = '<body marginwidth="0" marginheight="0"><img alt="The picture" width="100%" src="data:';

const scope = /** @type {any} */ (self);

scope.addEventListener("message", async (/** @type {MessageEvent} */ { data }) => {
  try {
    scope.postMessage(await answer(data));
  } catch (error) {
    const { code, name } = /** @type {{code?: unknown, name: string}} */ (error);
    scope.postMessage({ error: typeof code === "string" ? code : name });
  }
});

/** @param {Wanted} wanted */
async function answer(wanted) {
  const file = await opened(wanted);
  if (!wanted.picture) return { file };
  const found = sniff(new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer()));
  if (found?.family !== "picture") return { error: "disguised" };
  if (!fits(found)) return { error: "too_large_to_show" };
  return { page: await pageOf(file, found.mime), w: found.w, h: found.h };
}

/** Whole and verified. @param {Wanted} wanted */
async function opened({ parts, key }) {
  const down = {
    fetch: (/** @type {any} */ input, /** @type {any} */ init) => fetch(input, init),
    clock: wallClock,
    lanes: new Lanes(PARTS_MAX),
    reach: new Reach(wallClock),
    signal: new AbortController().signal,
    progress: () => {},
    way: async (/** @type {number} */ n) => ({ url: `${parts}${n}`, headers: {}, direct: false }),
  };
  /** @type {Blob[]} */ const chunks = [];
  const sealed = getParts(sealedSize(key, "file"), down);
  for await (const chunk of openBlob(sealed, key, "file")) chunks.push(new Blob([chunk]));
  return new Blob(chunks);
}

/**
 * A page with the picture and nothing else: a frame without an origin fetches nothing, and without a style of its own the
 * policy has nothing to refuse.
 * @param {Blob} file
 * @param {string} mime one of ours, by what the bytes are
 */
async function pageOf(file, mime) {
  /** @type {BlobPart[]} */ const pieces = [`${HEAD}${BODY}${mime};base64,`];
  for (let at = 0; at < file.size; at += STRETCH) {
    pieces.push(b64(new Uint8Array(await file.slice(at, at + STRETCH).arrayBuffer())));
  }
  return new Blob([...pieces, '">'], { type: "text/html" });
}
