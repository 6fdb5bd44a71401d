// Addresses in a text become links, and only addresses of kinds that cannot run anything: http,
// https, mailto. What a link leads to is what the URL parser says. A stranger wrote the text: the
// work grows with its length and no faster, and no link reads as one that leads elsewhere.
//
// Policy: `shownHost` (where a host is spelled out), `between` (what may not turn text round).

/**
 * @typedef {object} Piece
 * @property {string} text
 * @property {string} [href]
 * @property {string} [host] where the link leads, if that is not what a reader sees
 */

const TURN = String.raw`\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069`; // characters that set the direction of text
// A word that ends in one, "xhttp://", is no address; scripts without spaces go on. The bounds keep
// the search linear: it looks at no character more often than they say.
const WEB = String.raw`(?<![\p{Script=Latin}\p{N}_])(?:https?:\/\/|mailto:|www\.)[^\s<>"'\u0060\u200b${TURN}]+`;
const MAIL = String.raw`(?<![\p{Script=Latin}\p{N}_.+\-])[a-z0-9_][a-z0-9_.+\-]{0,63}@[\p{L}\p{N}][\p{L}\p{M}\p{N}.\-]{0,252}`;
const CANDIDATE = new RegExp(`${WEB}|${MAIL}`, "giu");
export const CANDIDATES_MAX = 200; // of one message; the rest of it stays text
const TRAILING = new Set(".,;:!?…'\"»”’)]}。，、；：！？）】」』");
const OPENER = /** @type {Record<string, string>} */ ({ ")": "(", "]": "[", "}": "{" });
const SCHEMES = new Set(["http:", "https:", "mailto:"]);
const AUTHORITY = /^https?:[/\\]*([^/\\?#]*)/i;
const AUTHORITY_MAX = 320; // a name of the DNS has at most 253; the URL parser takes n² for one
const READ_AS_HOST = /^(?:https?:\/\/)?(\[[^\]/?#]*\]|[^/?#:]*)/i;
const DOMAIN = /^[^@]+@((?:[\p{L}\p{M}\p{N}-]{1,63}\.)+[\p{L}\p{M}\p{N}-]*\p{L})$/u;
const TURNING = new RegExp(`[${TURN}]+`, "g");
const OVERRIDES = /[\u202d\u202e]+/g; // these alone make a word read backwards
const GAP = /\s/;

/** @param {string} text @returns {Piece[]} in order; escapes apart, together they are the text */
export function linkify(text) {
  /** @type {Piece[]} */
  const pieces = [];
  let at = 0;
  let candidates = 0;
  for (const { 0: found, index } of text.matchAll(CANDIDATE)) {
    if (++candidates > CANDIDATES_MAX) break;
    const shown = trimmed(found);
    const address = addressOf(shown);
    if (!address) continue;
    if (index > at) pieces.push({ text: between(text.slice(at, index), at > 0, true) });
    pieces.push({ text: shown, ...address });
    at = index + shown.length;
  }
  if (at < text.length || !pieces.length) pieces.push({ text: between(text.slice(at), at > 0, false) });
  return pieces;
}

/** Without what ends the sentence; a bracket stays where its partner is inside. @param {string} found */
function trimmed(found) {
  /** @type {Record<string, number>} how many of a closing bracket have no partner */
  const surplus = {};
  let end = found.length;
  while (TRAILING.has(found.charAt(end - 1))) {
    const last = found.charAt(end - 1);
    const opener = OPENER[last];
    if (opener) {
      const more = (surplus[last] ??= count(found, last) - count(found, opener));
      if (more <= 0) break;
      surplus[last] = more - 1;
    }
    end -= 1;
  }
  return found.slice(0, end);
}

/** @param {string} text @param {string} char */
function count(text, char) {
  return text.split(char).length - 1;
}

/** @param {string} shown @returns {{href: string, host?: string} | null} */
function addressOf(shown) {
  if (!/^(?:https?:|mailto:|www\.)/i.test(shown)) return mailAddress(shown);
  const full = /^www\./i.test(shown) ? `https://${shown}` : shown;
  const authority = AUTHORITY.exec(full)?.[1] ?? "";
  if (authority.length > AUTHORITY_MAX || !URL.canParse(full)) return null;
  const url = new URL(full);
  if (!SCHEMES.has(url.protocol)) return null;
  if (url.protocol === "mailto:") return url.pathname ? { href: url.href } : null;
  return url.hostname ? { href: url.href, ...shownHost(READ_AS_HOST.exec(shown)?.[1], url.hostname) } : null;
}

/** @param {string} shown @returns {{href: string, host?: string} | null} */
function mailAddress(shown) {
  const domain = DOMAIN.exec(shown)?.[1];
  if (!domain || !URL.canParse(`https://${domain}`)) return null;
  const { hostname } = new URL(`https://${domain}`);
  return { href: `mailto:${shown.slice(0, -domain.length)}${hostname}`, ...shownHost(domain, hostname) };
}

/**
 * `аррӏе.com` in Cyrillic, `bank.example@evil.example`, `0x7f.1`: what one reads there is not the host.
 * @param {string | undefined} read
 * @param {string} host
 */
function shownHost(read, host) {
  return read?.toLowerCase() === host ? {} : { host };
}

/**
 * Text beside a link. What touches the link must not be set before it by turning characters.
 * @param {string} text
 * @param {boolean} follows a link stands before it
 * @param {boolean} leads a link stands after it
 */
function between(text, follows, leads) {
  const head = follows ? gapFrom(text) : 0;
  const tail = leads ? gapBefore(text, head) : text.length;
  const [before, middle, after] = [text.slice(0, head), text.slice(head, tail), text.slice(tail)];
  return before.replace(TURNING, escaped) + middle.replace(OVERRIDES, escaped) + after.replace(TURNING, escaped);
}

/** @param {string} text @returns {number} where its first space is */
function gapFrom(text) {
  const at = text.search(GAP);
  return at < 0 ? text.length : at;
}

/** @param {string} text @param {number} least @returns {number} past its last space */
function gapBefore(text, least) {
  let at = text.length;
  while (at > least && !GAP.test(text.charAt(at - 1))) at -= 1;
  return at;
}

/** The first of them for all: a message must not grow by what it escapes. @param {string} run */
function escaped(run) {
  return `[U+${(run.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}]`;
}
