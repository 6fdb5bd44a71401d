import { format, gettext, ngettext } from "./text.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const A_DAY_MS = 24 * HOUR_MS;

/**
 * What this browser's own checks refuse, by code; what the server refuses comes with words.
 * @type {Record<string, () => string>}
 */
const OWN = {
  bad_code: () => gettext("This is not a whole recovery code, or a character is wrong. Compare it with what you kept."),
  weak_kdf: () =>
    gettext(
      "The server asked this browser to protect your password less than it must, so it stopped. Tell whoever runs this site.",
    ),
  costly_kdf: () => gettext("The server asked for more work than a browser can do. Tell whoever runs this site."),
  cannot_open: () =>
    gettext("Your keys could not be opened. Reload the page and try again; if it stays so, use your recovery code."),
  bad_chain: () =>
    gettext(
      "What the server sent does not belong to your account, so this browser stopped. Tell whoever runs this site.",
    ),
  wrong_seed: () =>
    gettext("The server sent a key that is not yours, so this browser stopped. Tell whoever runs this site."),
  too_many_devices: () =>
    gettext("Your account has as many browsers as it can. Sign one of them out, in its settings, then try again."),
  no_crypto: () =>
    gettext(
      "This browser cannot do the encryption. Use a current version of Firefox, Chrome, Edge or Safari, over https.",
    ),
};

/**
 * What went wrong and what to do, for people. Never empty.
 * @param {unknown} error ApiError, M1Error or anything else
 * @param {Record<string, string>} [here] better words for a code, where the page knows more
 */
export function explain(error, here = {}) {
  const { code, message, retryMs, status } = /** @type {Record<string, any>} */ (error ?? {});
  if (typeof retryMs === "number") return format(gettext("Too many tries. Try again {when}."), { when: when(retryMs) });
  const words = here[code] ?? OWN[code]?.();
  if (words) return words;
  if (status !== undefined && message) return String(message);
  return gettext("Something went wrong on this page. Reload it and try again.");
}

/** @param {number} ms from now */
function when(ms) {
  if (ms < MINUTE_MS) return gettext("in a minute");
  if (ms < HOUR_MS) {
    const count = Math.ceil(ms / MINUTE_MS);
    return format(ngettext("in {count} minute", "in {count} minutes", count), { count });
  }
  const at = new Date(Date.now() + ms);
  const time = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  if (ms < A_DAY_MS) return format(gettext("at {time}"), { time });
  return format(gettext("on {day}"), { day: at.toLocaleDateString() });
}
