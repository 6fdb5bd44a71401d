// The choice is a cookie, so that the server can render it and no page flashes in the other theme.
// It says nothing about a person, and is read nowhere but in templates/base.html.

const YEAR_S = 60 * 60 * 24 * 365;

/** @typedef {"light" | "dark" | ""} Theme empty follows the system */

/** @returns {Theme} */
export function theme() {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "light" || chosen === "dark" ? chosen : "";
}

/** @param {Theme} chosen */
export function setTheme(chosen) {
  document.documentElement.dataset.theme = chosen;
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser
  document.cookie = `theme=${chosen}; path=/; max-age=${chosen ? YEAR_S : 0}; samesite=lax`;
}
