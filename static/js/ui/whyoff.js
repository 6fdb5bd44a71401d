// Why nothing can be written in a chat.

import { STATE } from "../chat/contactstate.js";
import { format, gettext } from "../text.js";
import { isDeleted, nameOf } from "./person.js";

/** @typedef {import("../tabs/bus.js").Summary} Summary */

export const lost = () =>
  gettext("The server does not know this chat any more. Choose another one in the list of chats.");

/** @param {Summary} chat @returns {string} why nothing can be written; empty: it can */
export function reason(chat) {
  const name = nameOf(chat.contact);
  if (isDeleted(chat.contact))
    return gettext(
      "This account was deleted. You can read what you wrote to each other; nothing can be sent any more.",
    );
  switch (chat.row.state) {
    case STATE.CONNECTED:
      return chat.identity === "reset" ? gettext("Decide about the new security identity first.") : "";
    case STATE.ASKED:
      return format(gettext("You can write when {name} has accepted your request."), { name });
    case STATE.ASKS:
      return format(gettext("{name} asks to chat with you. Answer under People."), { name });
    case STATE.BLOCKED:
      return format(gettext("You blocked {name}."), { name });
    case STATE.FORGOTTEN:
      return gettext(
        "The server was set back to an older state and does not know this chat any more. What is here is only on this device.",
      );
    default:
      return format(gettext("You are not connected with {name} any more."), { name });
  }
}
