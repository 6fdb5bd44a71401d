// How easily a password is guessed (zxcvbn). 540 KB, 230 KB on the wire: loaded only where a new
// password is chosen, at its first use. Runs here alone; nothing is sent.

import { onDemand } from "../ondemand.js";
import { gettext } from "../text.js";

/** @typedef {{score: number, ok: boolean, warning: string}} Strength score 0 to 4 */

const ENOUGH = 3; // docs/encryption.md 4.5: fewer than 10^8 guesses are not enough

/** What zxcvbn names by a key, in words. @type {Record<string, () => string>} */
const WARNINGS = {
  straightRow: () => gettext("a row of keys on the keyboard"),
  keyPattern: () => gettext("a pattern of keys on the keyboard"),
  simpleRepeat: () => gettext("the same character again and again"),
  extendedRepeat: () => gettext("the same part again and again"),
  sequences: () => gettext("a sequence such as abc or 6543"),
  recentYears: () => gettext("a year"),
  dates: () => gettext("a date"),
  topTen: () => gettext("one of the passwords that are tried first"),
  topHundred: () => gettext("one of the passwords that are tried first"),
  common: () => gettext("a password that many people use"),
  similarToCommon: () => gettext("almost a password that many people use"),
  wordByItself: () => gettext("one word alone"),
  namesByThemselves: () => gettext("a name alone"),
  commonNames: () => gettext("a name that is common"),
  userInputs: () => gettext("made of your own names"),
};

const checker = onDemand(load);

/**
 * @param {string} password
 * @param {string[]} [about] words that it must not be made of, such as the person's names
 * @returns {Promise<Strength>} rejects where the checker did not load (ondemand.js)
 */
export async function strength(password, about = []) {
  const check = await checker();
  const { score, feedback } = check(password, about.filter(Boolean));
  return { score, ok: score >= ENOUGH, warning: WARNINGS[feedback.warning ?? ""]?.() ?? "" };
}

async function load() {
  const [{ ZxcvbnFactory }, common] = await Promise.all([
    import("../../vendor/zxcvbn/core.js"),
    import("../../vendor/zxcvbn/common.js"),
  ]);
  const zxcvbn = new ZxcvbnFactory({ dictionary: common.dictionary, graphs: common.adjacencyGraphs });
  return (/** @type {string} */ password, /** @type {string[]} */ about) => zxcvbn.check(password, about);
}
