// How far a message came, as a sign: one tick, two, two on a disc. They differ in shape, so that
// neither colours nor a theme of the system take the difference away; words say it as well.

import { gettext } from "../text.js";
import { icon } from "./icons.js";

/** @typedef {import("./threadlayout.js").Status} Status */

/** @type {Record<Status, () => {name: string, words: string}>} */
const SIGNS = {
  waiting: () => ({ name: "clock", words: gettext("Waiting to be sent") }),
  failed: () => ({ name: "circle-alert", words: gettext("Not sent") }),
  sent: () => ({ name: "check", words: gettext("Sent") }),
  delivered: () => ({ name: "check-check", words: gettext("Delivered") }),
  read: () => ({ name: "check-check", words: gettext("Read") }),
};

/** @param {HTMLElement} place @param {Status | undefined} status none: nothing stands there */
export function putTick(place, status) {
  place.hidden = status === undefined;
  if (!status || place.dataset.shown === status) return;
  place.dataset.shown = status;
  const { name, words } = SIGNS[status]();
  const hidden = document.createElement("span");
  hidden.className = "visually-hidden";
  hidden.textContent = words;
  place.title = words;
  place.classList.add("tick");
  place.replaceChildren(icon(name, "icon-s"), hidden);
}

/** @param {Status} status */
export function tick(status) {
  const place = document.createElement("span");
  putTick(place, status);
  return place;
}
