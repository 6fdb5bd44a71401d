// A new message is read out once, wherever the screen reader is; so is that one could not be sent.

import { session } from "../session.js";
import { spoken, whyUnsent } from "./bubbles.js";

/** @param {import("../hub/letters.js").Letter} letter @param {string} name of who wrote it */
export function announce(letter, name) {
  say(spoken({ letter }, name));
}

/** What fails, while this page is open. */
export function announceFailures() {
  session.on("entry", ({ entry, gone }) => !gone && entry.failed && say(whyUnsent(entry)));
}

/** @param {string} words */
function say(words) {
  const line = document.createElement("p");
  line.textContent = words;
  document.getElementById("announcer")?.replaceChildren(line);
}
