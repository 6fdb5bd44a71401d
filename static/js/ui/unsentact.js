// A click below a message, or a deletion of one, that is not sent: try again, or give it up.

import { bus } from "../tabs/bus.js";
import { gettext } from "../text.js";
import { explain } from "./explain.js";
import { toast } from "./toast.js";
import { done } from "./undo.js";

/** @param {HTMLElement} thread in which the messages stand */
export function wireUnsent(thread) {
  thread.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("[data-act]");
    const id = button?.closest("[data-entry]")?.getAttribute("data-entry");
    const act = /** @type {HTMLElement | null} */ (button)?.dataset.act;
    if (id && (act === "retry" || act === "discard")) void actOnUnsent(act, id);
  });
}

/** @param {"retry" | "discard"} act @param {string} id of the entry */
export async function actOnUnsent(act, id) {
  try {
    const message = await bus.ask(act, id);
    settleFocus();
    if (act !== "discard" || !message || message.content.t === "react") return;
    if (message.content.t === "del") toast(gettext("The message stays."));
    else done(gettext("Deleted."), () => again(message));
  } catch (error) {
    toast(explain(error));
  }
}

/** By now it may be sent, or say why not; what is being written is another one. @param {import("../sending/queue.js").Entry} message */
function again({ conv, content }) {
  return bus.ask("send", { id: crypto.randomUUID(), conv, content, again: true });
}

/** The button that had it is gone. */
export function settleFocus() {
  const places = [".composer > textarea", ".thread-scroll"].map((place) => document.querySelector(place));
  /** @type {HTMLElement | null | undefined} */ (places.find((place) => place?.checkVisibility()))?.focus();
}
