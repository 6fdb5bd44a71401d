// What can be undone is done at once, with an offer to undo it: nobody is asked before.

import { gettext } from "../text.js";
import { explain } from "./explain.js";
import { toast } from "./toast.js";

/**
 * @param {string} message what was done
 * @param {() => Promise<unknown>} undo
 * @param {number} [ms] for so long it can be taken back, and no longer; else as long as it is looked at
 */
export function done(message, undo, ms) {
  toast(message, {
    ms,
    holds: ms === undefined,
    action: gettext("Undo"),
    onAction: () => void undo().catch((error) => toast(explain(error))),
  });
}
