// The button in the place of the field, in the chat with somebody who is blocked.

import { explain } from "./explain.js";
import { busy } from "./forms.js";
import { actOn } from "./peopleact.js";
import { nameOf } from "./person.js";
import { toast } from "./toast.js";

/** @param {HTMLButtonElement} button @param {import("../tabs/bus.js").Summary} chat @returns {Promise<boolean>} whether it is done */
export async function unblock(button, { row, contact }) {
  if (button.disabled) return false;
  busy(button, true);
  try {
    await actOn(row.peer, "unblock", row.state, nameOf(contact));
    return true;
  } catch (error) {
    toast(explain(error));
    return false;
  } finally {
    busy(button, false);
  }
}
