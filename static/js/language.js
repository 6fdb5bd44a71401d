// The language of the page. A choice is a cookie, as the theme is: the server renders the page in
// it, and a browser that has none is answered in the first of its own languages that the site has.

const YEAR_S = 60 * 60 * 24 * 365;

/**
 * How dates, times and numbers are written: as the reader is used to, where the browser says how
 * its language is spoken there (en-GB for an English page), else as the page's language has it.
 */
export function locale() {
  const language = globalThis.document?.documentElement.lang || "en";
  const own = globalThis.navigator?.languages ?? [];
  return own.find((tag) => tag === language || tag.startsWith(`${language}-`)) ?? language;
}

/** @param {string} language empty follows the browser */
export function speakIn(language) {
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser
  document.cookie = `language=${language}; path=/; max-age=${language ? YEAR_S : 0}; samesite=lax`;
  location.reload();
}
