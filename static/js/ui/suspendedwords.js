// What somebody hears of a suspension where no page of the server says it: with a reset link.

import { format, gettext } from "../text.js";
import { fullTime } from "./when.js";

/**
 * As in accounts/suspending.py.
 * @type {Record<number, () => string>}
 */
const REASONS = {
  1: () => gettext("threats or violence"),
  2: () => gettext("harassment"),
  3: () => gettext("hatred"),
  4: () => gettext("sexual content that nobody asked for"),
  5: () => gettext("danger to a child"),
  6: () => gettext("spam or fraud"),
  7: () => gettext("pretending to be somebody else"),
  8: () => gettext("something else that this site does not allow"),
};
const OTHER = 8;

/**
 * @param {{until?: number, reason?: number}} [decided] of a refusal; without `until` for good. Tabs tell each other
 *   no more than the code.
 */
export function suspended({ until = 0, reason } = {}) {
  if (!reason) return gettext("This account is suspended. Reload the page to see why.");
  const words = until
    ? gettext("This account is suspended until {time}. The reason: {reason}.")
    : gettext("This account is suspended for good. The reason: {reason}.");
  return format(words, { time: fullTime(until), reason: (REASONS[reason] ?? REASONS[OTHER])?.() ?? "" });
}
