// An answer names the message that it is of by its mid, and carries nothing of it: what is shown of that message is
// this browser's own copy, and never more than an excerpt.

/**
 * What of a message counts here. `after`: it is on this device alone, behind that row
 * @typedef {{seq: number, kind: number, mid?: string, content?: import("./content.js").Content, gone?: string,
 *   broken?: string, after?: number}} Placed
 */

export const EXCERPT_MAX = 160; // characters: code points
const UNITS_A_CHARACTER = 4; // of a text that are looked at: most characters have one, and spaces count as one
const HALF = /[\ud800-\udbff]$/; // of a character that the cut went through

/** @param {import("./content.js").Content | undefined} content @returns {string | undefined} mid of what it answers */
export function answered(content) {
  return content?.t === "text" ? content.ref : undefined;
}

/** Whether somebody can answer it: it is in the log, and says something. @param {Placed} message */
export function canBeAnswered({ mid, kind, content, gone, broken }) {
  return Boolean(mid && kind === 1 && content?.t === "text" && !gone && !broken);
}

/**
 * Whether a message may stand above an answer that names it. What its sender names is not to be believed: a message
 * that came later, or an event that is no message of its own, is none. Nor is what is not shown here.
 * @param {Placed} original of the same conversation
 * @param {Placed | undefined} answer undefined: it is not sent yet
 * @param {number} cleared up to where nothing is shown
 */
export function isOriginal(original, answer, cleared) {
  const { kind, content, gone } = original;
  if (kind !== 1 || (content && content.t !== "text") || gone === "hidden" || gone === "withheld") return false;
  if (original.after === undefined && original.seq <= cleared) return false;
  return !answer || isBefore(original, answer);
}

/** Messages on this device alone stand behind the row that the server's log was cut at. @param {Placed} one @param {Placed} other */
function isBefore(one, other) {
  const [cut, otherCut] = [one.after, other.after];
  if (cut !== undefined && otherCut !== undefined) return cut < otherCut || (cut === otherCut && one.seq < other.seq);
  if (cut !== undefined) return cut < other.seq;
  return one.seq <= (otherCut ?? other.seq - 1);
}

/** The beginning of a text, in one line. @param {string} text */
export function excerpt(text) {
  const looked = text.slice(0, EXCERPT_MAX * UNITS_A_CHARACTER);
  const line = [...looked.replace(HALF, "").replace(/\s+/g, " ").trim()];
  const cut = line.length > EXCERPT_MAX || looked.length < text.length;
  return line.slice(0, EXCERPT_MAX).join("").trimEnd() + (cut ? "…" : "");
}
