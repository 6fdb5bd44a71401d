// What a thread shows below and above its messages: who is writing, and the way to the newest message.

import { format, gettext } from "../text.js";
import { badge } from "./badges.js";
import { part } from "./bubbles.js";

/** @param {HTMLElement} thread @param {string | undefined} name undefined: nobody */
export function showTyping(thread, name) {
  part(thread, "typing-words").textContent = name === undefined ? "" : format(gettext("{name} is writing"), { name });
  part(thread, "typing").hidden = name === undefined;
}

/** @param {HTMLElement} thread @param {boolean} there the newest message is on the screen @param {number} unread */
export function showJump(thread, there, unread) {
  part(thread, "jump").hidden = there;
  part(thread, "jump-count").hidden = !unread;
  part(thread, "jump-count").replaceChildren(...badge(unread));
}
