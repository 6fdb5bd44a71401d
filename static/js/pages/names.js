import { NAME_MAX, NAME_MIN } from "../protocol.js";
import { format, gettext } from "../text.js";

const ALLOWED = /^[\p{L}\p{M}\p{N}._-]+$/u;
const FIRST = /^[\p{L}\p{N}]/u;

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
  if (length < NAME_MIN) return format(gettext("At least {count} characters."), { count: NAME_MIN });
  if (length > NAME_MAX) return format(gettext("At most {count} characters."), { count: NAME_MAX });
  return "";
}
