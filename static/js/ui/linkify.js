// Addresses in a text become links, and only addresses of kinds that cannot run anything: http,
// https, mailto. What a link leads to is what the URL parser says, and it is shown as it was
// written.

/** @typedef {{text: string, href?: string}} Piece */

const CANDIDATE = /(?:https?:\/\/|mailto:|www\.)[^\s<>"'`\u200b]+/giu;
const TRAILING = /[.,;:!?…'"»”’)\]}。，、；：！？）】」』]$/u;
const SCHEMES = new Set(["http:", "https:", "mailto:"]);
const OPENER = /** @type {Record<string, string>} */ ({ ")": "(", "]": "[", "}": "{" });
const BEFORE = /[\p{Script=Latin}\p{N}_]$/u; // "xhttp://" is a word; scripts without spaces go on

/** @param {string} text @returns {Piece[]} which together are the text */
export function linkify(text) {
  /** @type {Piece[]} */
  const pieces = [];
  let at = 0;
  for (const { 0: found, index } of text.matchAll(CANDIDATE)) {
    if (index < at || BEFORE.test(text.slice(at, index))) continue;
    const shown = trimmed(found);
    const href = address(shown);
    if (!href) continue;
    if (index > at) pieces.push({ text: text.slice(at, index) });
    pieces.push({ text: shown, href });
    at = index + shown.length;
  }
  if (at < text.length || !pieces.length) pieces.push({ text: text.slice(at) });
  return pieces;
}

/** Without what ends the sentence; a bracket stays where its partner is inside. @param {string} found */
function trimmed(found) {
  let shown = found;
  while (TRAILING.test(shown)) {
    const last = shown.at(-1) ?? "";
    const opener = OPENER[last];
    if (opener && count(shown, opener) >= count(shown, last)) break;
    shown = shown.slice(0, -1);
  }
  return shown;
}

/** @param {string} text @param {string} char */
function count(text, char) {
  return text.split(char).length - 1;
}

/** @param {string} shown @returns {string | null} */
function address(shown) {
  const full = /^www\./i.test(shown) ? `https://${shown}` : shown;
  if (!URL.canParse(full)) return null;
  const url = new URL(full);
  if (!SCHEMES.has(url.protocol)) return null;
  const empty = url.protocol === "mailto:" ? !url.pathname : !url.hostname;
  return empty ? null : url.href;
}
