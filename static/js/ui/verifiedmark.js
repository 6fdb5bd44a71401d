// The small sign beside a name: verified, or no longer.

import { gettext } from "../text.js";
import { icon } from "./icons.js";

/** @typedef {import("../people/verification.js").Standing} Standing */

/** @type {Record<Standing, () => {icon: string, words: string}>} */
const SIGNS = {
  none: () => ({ icon: "", words: "" }),
  verified: () => ({ icon: "shield-check", words: gettext("Verified") }),
  lost: () => ({ icon: "triangle-alert", words: gettext("No longer verified: the security identity has changed") }),
};

/**
 * @param {HTMLElement} place
 * @param {Standing | undefined} standing
 */
export function showStanding(place, standing = "none") {
  if (place.dataset.standing === standing) return;
  const { icon: name, words } = SIGNS[standing]();
  place.dataset.standing = standing;
  place.hidden = standing === "none";
  place.title = words;
  place.setAttribute("aria-label", words);
  place.replaceChildren(...(name ? [icon(name, "icon-s")] : []));
}
