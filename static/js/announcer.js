// A new message is read out once, wherever the screen reader is.

import { spoken } from "./bubbles.js";

/** @param {import("./letters.js").Letter} letter @param {string} name of who wrote it */
export function announce(letter, name) {
  const line = document.createElement("p");
  line.textContent = spoken({ letter }, name);
  document.getElementById("announcer")?.replaceChildren(line);
}
