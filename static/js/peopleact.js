// A click on a row of a person becomes an action on the pair, named with the state that was seen.

import { confirmed } from "./confirming.js";
import { explain } from "./explain.js";
import { busy } from "./forms.js";
import { session } from "./session.js";
import { format, gettext } from "./text.js";
import { toast } from "./toast.js";

/** @type {Record<string, (name: string) => string>} */
const DONE = {
  request: (name) => format(gettext("{name} has your request. You can write once they accept."), { name }),
  accept: (name) => format(gettext("You can now write to {name}."), { name }),
  decline: (name) => format(gettext("Declined. {name} is not told."), { name }),
  withdraw: () => gettext("Your request is withdrawn."),
  block: (name) => format(gettext("{name} is blocked."), { name }),
  unblock: (name) => format(gettext("{name} is not blocked any more."), { name }),
};

/** @param {Event} event @returns {Promise<boolean>} whether something was done */
export async function actOnRow(event) {
  const button = /** @type {HTMLButtonElement | null} */ (
    /** @type {HTMLElement} */ (event.target).closest("button[data-act]")
  );
  const row = /** @type {HTMLElement | null} */ (button?.closest("[data-peer]"));
  const { act = "" } = button?.dataset ?? {};
  const { peer, state = "0", name = "" } = row?.dataset ?? {};
  if (!button || !peer || !DONE[act]) return false;
  if (act === "block" && !(await confirmed(blocking(name)))) return false;
  busy(button, true);
  try {
    await session.ask("act", peer, act, Number(state) || undefined);
    toast(DONE[act](name));
    return true;
  } catch (error) {
    toast(explain(error));
    return false;
  } finally {
    busy(button, false);
  }
}

/** @param {string} name */
function blocking(name) {
  return {
    title: format(gettext("Block {name}?"), { name }),
    text: gettext(
      "You get no messages or requests from them, and they do not see when you are here. They are not told.",
    ),
    yes: gettext("Block"),
  };
}
