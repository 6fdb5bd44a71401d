// A new message is read out once, wherever the screen reader is; and so is a message that was not sent.

import { isEmoji } from "../chat/reactions.js";
import { bus } from "../tabs/bus.js";
import { spoken, whyUnsent } from "./bubbles.js";
import { whoReacted } from "./reactionpills.js";

/** @param {import("../sync/decrypt.js").Message} message @param {string} name of who wrote it */
export function announce(message, name) {
  const { kind, content } = message;
  if (kind === 1) say(spoken({ message }, name));
  else if (content?.t === "react" && isEmoji(content.body))
    say(whoReacted({ emoji: content.body, mine: false, theirs: true, waits: false }, name));
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
