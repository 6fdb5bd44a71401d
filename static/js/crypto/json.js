// JSON that was authenticated still comes from a person: refuse what decoders read differently.
// JSON.parse takes a duplicate key (the last wins) and 1.0 or 1e3 for an integer.

import { fromUtf8, M1Error, require } from "./encoding.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s"{}[\]:,]+/g;
const INTEGER = /^-?(0|[1-9]\d*)$/;

/**
 * @param {Bytes} bytes
 * @returns {unknown}
 */
export function parseStrictJson(bytes) {
  const text = fromUtf8(bytes);
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new M1Error("bad_content", "not JSON");
  }
  checkTokens([...text.matchAll(TOKEN)].map(([token]) => token));
  return value;
}

/** @param {string[]} tokens of a text that JSON.parse accepted */
function checkTokens(tokens) {
  /** @type {Set<string>[]} one set of keys for each open brace or bracket */
  const open = [];
  for (const [i, token] of tokens.entries()) {
    if (token === "{" || token === "[") open.push(new Set());
    else if (token === "}" || token === "]") open.pop();
    else if (tokens[i + 1] === ":" && token !== ":") addKey(open.at(-1), token);
    else if (/^[-\d]/.test(token)) require(INTEGER.test(token), "bad_content", "not an integer");
  }
}

/**
 * @param {Set<string> | undefined} keys
 * @param {string} token
 */
function addKey(keys, token) {
  const key = JSON.parse(token); // "a" and "\u0061" are one key
  require(keys && !keys.has(key), "bad_content", "duplicate key");
  keys.add(key);
}
