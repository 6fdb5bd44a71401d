// What can be taken back is done at once, and offered to be taken back: nobody is asked before.

import { gettext } from "../text.js";
import { explain } from "./explain.js";
import { toast } from "./toast.js";

/** @param {string} message what was done @param {() => Promise<unknown>} undo */
export function done(message, undo) {
  toast(message, {
    action: gettext("Undo"),
    onAction: () => void undo().catch((error) => toast(explain(error))),
  });
}
