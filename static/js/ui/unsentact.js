// A click below a message that is not sent: once more, or away with it.

import { session } from "../session.js";
import { gettext } from "../text.js";
import { explain } from "./explain.js";
import { toast } from "./toast.js";
import { done } from "./undo.js";

/** @param {"retry" | "discard"} act @param {string} id of the entry */
export async function actOnUnsent(act, id) {
  try {
    const message = await session.ask(act, id);
    settleFocus();
    if (act === "discard" && message) done(gettext("Deleted."), () => again(message));
  } catch (error) {
    toast(explain(error));
  }
}

/** Written anew: it may be sent by now, or say why not. @param {{conv: string, text: string}} message */
function again({ conv, text }) {
  return session.ask("send", { id: crypto.randomUUID(), conv, text });
}

/** The button that had it is gone. */
function settleFocus() {
  const places = [".composer > textarea", ".thread-scroll"].map((place) => document.querySelector(place));
  /** @type {HTMLElement | null | undefined} */ (places.find((place) => place?.checkVisibility()))?.focus();
}
