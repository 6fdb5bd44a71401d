// A new message is read out once, wherever the screen reader is; and so is a message that was not sent.

import { bus } from "../tabs/bus.js";
import { spoken, whyUnsent } from "./bubbles.js";

/** @param {import("../sync/decrypt.js").Message} message @param {string} name of who wrote it */
export function announce(message, name) {
  say(spoken({ message }, name));
}

/** What fails, while this page is open. */
export function announceFailures() {
  bus.on("entry", ({ entry, gone }) => !gone && entry.failed && say(whyUnsent(entry)));
}

/** @param {string} words */
function say(words) {
  const line = document.createElement("p");
  line.textContent = words;
  document.getElementById("announcer")?.replaceChildren(line);
}
