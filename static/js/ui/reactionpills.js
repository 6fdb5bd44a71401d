// What people say of a message by one emoji each: below its bubble, where a click says the same or takes it back.

import { STATE } from "../chat/contactstate.js";
import { chosen } from "../chat/reactions.js";
import { bus } from "../tabs/bus.js";
import { format, gettext } from "../text.js";
import { bubbleOf, part } from "./bubbles.js";
import { explain } from "./explain.js";
import { nameOf } from "./person.js";
import { answerable } from "./replying.js";
import { toast } from "./toast.js";

/** @typedef {import("../chat/reactions.js").Reaction} Reaction */
/** @typedef {import("./threadlayout.js").Bubble} Bubble */

/** @param {HTMLElement} node of a message @param {Bubble} bubble @param {import("../tabs/bus.js").Summary | undefined} chat */
export function fillReactions(node, { reactions = [] }, chat) {
  const place = part(node, "reactions");
  const [name, connected] = [nameOf(chat?.contact), chat?.row.state === STATE.CONNECTED];
  const shows = JSON.stringify([reactions, name, connected]);
  if (place.dataset.shows === shows || (!reactions.length && place.hidden)) return;
  place.dataset.shows = shows;
  place.hidden = !reactions.length;
  place.replaceChildren(...reactions.map((reaction) => pill(reaction, name, connected)));
}

/** Who reacted, for a screen reader and a mouse. @param {Reaction} reaction @param {string} name */
export function whoReacted({ emoji, mine, theirs, waits }, name) {
  if (waits) return format(gettext("You reacted with {emoji}, not sent yet"), { emoji });
  if (mine && theirs) return format(gettext("You and {name} reacted with {emoji}"), { name, emoji });
  return format(mine ? gettext("You reacted with {emoji}") : gettext("{name} reacted with {emoji}"), { name, emoji });
}

/** @param {Reaction} reaction @param {string} name @param {boolean} connected else nothing can be sent */
function pill(reaction, name, connected) {
  const { emoji, mine, theirs, waits } = reaction;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "reaction";
  button.disabled = !connected;
  button.tabIndex = -1; // the menu of the message does the same; the thread is one stop of the Tab key
  button.textContent = mine && theirs ? `${emoji} 2` : emoji;
  button.title = whoReacted(reaction, name);
  button.setAttribute("aria-label", button.title);
  button.setAttribute("aria-pressed", String(mine));
  button.toggleAttribute("data-waits", waits);
  button.dataset.emoji = emoji;
  return button;
}

/** @param {HTMLElement} list of messages */
export function wireReactions(list) {
  list.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest(".reaction"));
    const node = button?.closest("[data-key]");
    if (!button || !node) return;
    const { emoji = "" } = button.dataset;
    /** @type {HTMLElement | null} */ (node.querySelector("[data-act='details']"))?.focus({ preventScroll: true }); // this one goes
    void react(bubbleOf(node), emoji);
  });
}

/** The same once more takes it back. @param {Bubble | undefined} bubble @param {string} emoji */
export async function react(bubble, emoji) {
  const { conv, mid } = answerable(bubble) ?? {};
  if (!conv || !mid) return;
  try {
    await bus.ask("react", { id: crypto.randomUUID(), conv, mid, body: chosen(bubble?.reactions ?? [], emoji) });
  } catch (error) {
    toast(explain(error));
  }
}
