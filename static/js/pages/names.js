import { NAME_MAX, NAME_MIN } from "../protocol.js";
import { format, gettext } from "../text.js";

const ALLOWED = /^[\p{L}\p{M}\p{N}._-]+$/u;
const FIRST = /^[\p{L}\p{N}]/u;
const VISIBLE = /[[\p{L}\p{N}\p{P}\p{S}]--[\u2800\ufffc\u{1d159}]]/v; // those three are symbols, and blank
const MARKS_MAX = 4; // on one letter, as in accounts/names.py
const HEAPED = new RegExp(`(?:^|\\s)[\\p{Mn}\\p{Me}]|[\\p{Mn}\\p{Me}]{${MARKS_MAX + 1}}`, "u");

/**
 * What is wrong with a username, as far as a browser can tell: the server's PRECIS has the last
 * word. Empty when nothing is.
 * @param {string} typed
 */
export function usernameProblem(typed) {
  const name = typed.trim().normalize("NFC");
  const length = [...name].length;
  if (length === 0) return gettext("Choose a username.");
  if (/\s/u.test(name)) return gettext("A username has no spaces. Use a dot or a dash instead.");
  if (!ALLOWED.test(name)) return gettext("Only letters, digits, dots, dashes and underscores.");
  if (!FIRST.test(name)) return gettext("A username begins with a letter or a digit.");
  if (HEAPED.test(name)) return heaped();
  if (length < NAME_MIN) return format(gettext("At least {count} characters."), { count: NAME_MIN });
  if (length > NAME_MAX) return format(gettext("At most {count} characters."), { count: NAME_MAX });
  return "";
}

/** What is wrong with the name that others see. Empty when nothing is. @param {string} typed */
export function displayNameProblem(typed) {
  const name = typed.trim().normalize("NFKC");
  if (!VISIBLE.test(name)) return gettext("Type the name that others should see.");
  return HEAPED.test(name) ? heaped() : "";
}

const heaped = () => format(gettext("At most {count} marks on one letter."), { count: MARKS_MAX });
