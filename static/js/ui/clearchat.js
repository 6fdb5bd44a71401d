// Clears a chat for the person, at once, and offers to take it back for as long as that is possible.

import { bus } from "../tabs/bus.js";
import { format, gettext } from "../text.js";
import { toast } from "./toast.js";
import { done } from "./undo.js";

/** @param {string} conv @param {string} name of the contact */
export async function clearChat(conv, name) {
  const ms = await bus.ask("clear", conv);
  const undo = async () => {
    if (!(await bus.ask("undoClear", conv))) toast(gettext("Too late: this chat is cleared."));
  };
  done(format(gettext("This chat is cleared on your devices. {name} keeps theirs."), { name }), undo, ms);
}
