// What the page says, in the language of the page. Strings are marked as in Python, with
// gettext("…"); the catalog is data in the page (chatsite/templatetags/texts.py).

import { locale } from "./language.js";

/** @typedef {{catalog?: Record<string, string | string[]>, plural?: string}} Catalog */

const PLURAL_PERIOD = 100; // beyond the table only n % 100 matters

/** @type {Catalog | undefined} */
let loaded;

/** @param {string} text */
export function gettext(text) {
  const found = catalog().catalog?.[text];
  return typeof found === "string" ? found : text;
}

/**
 * @param {string} one
 * @param {string} many
 * @param {number} count
 */
export function ngettext(one, many, count) {
  const { catalog: texts, plural } = catalog();
  const found = texts?.[one];
  if (!Array.isArray(found) || !plural) return count === 1 ? one : many;
  const n = count < PLURAL_PERIOD ? count : (count % PLURAL_PERIOD) + PLURAL_PERIOD;
  return found[Number(plural[n])] ?? many;
}

/**
 * Puts values into `{name}` places. What has no value stays, so that a slip in a translation shows.
 * @param {string} text
 * @param {Record<string, string | number>} values
 */
export function format(text, values) {
  return text.replace(/\{(\w+)\}/g, (place, name) => written(values[name] ?? place));
}

/** @param {string | number} value */
function written(value) {
  return typeof value === "number" ? value.toLocaleString(locale()) : value;
}

/** For tests: speak another language. @param {Catalog | undefined} other */
export function speak(other) {
  loaded = other;
}

/** @returns {Catalog} */
function catalog() {
  if (loaded === undefined) {
    const text = globalThis.document?.getElementById("texts")?.textContent;
    loaded = /** @type {Catalog} */ (text ? JSON.parse(text) : {});
  }
  return loaded;
}
