// A click below a message that is not sent: once more, or away with it.

import { explain } from "./explain.js";
import { session } from "./session.js";
import { toast } from "./toast.js";

/** @param {"retry" | "discard"} act @param {string} id of the entry */
export async function actOnUnsent(act, id) {
  try {
    await session.ask(act, id);
    settleFocus();
  } catch (error) {
    toast(explain(error));
  }
}

/** The button that had it is gone. */
function settleFocus() {
  const places = [".composer > textarea", ".thread-scroll"].map((place) => document.querySelector(place));
  /** @type {HTMLElement | null | undefined} */ (places.find((place) => place?.checkVisibility()))?.focus();
}
