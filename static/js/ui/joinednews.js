// Somebody came by a link of mine, or accepted my request: it is said at once on the page that is open, whatever it
// is. In their chat it stays as a line (sync/joined.js).

import { bus } from "../tabs/bus.js";
import { format, gettext } from "../text.js";
import { nameOf } from "./person.js";
import { toast } from "./toast.js";

/** @param {string} name */
export function joinedWords(name) {
  return format(gettext("{name} joined by your link."), { name });
}

/** @param {string} name */
export function acceptedWords(name) {
  return format(gettext("{name} accepted your request. You can write now."), { name });
}

export function tellJoined() {
  bus.on("notice", async ({ conv, notice }) => {
    const words = { joined: joinedWords, accepted: acceptedWords }[/** @type {string} */ (notice.kind)];
    if (!words) return;
    const contacts = await bus.ask("contacts");
    toast(words(nameOf(contacts.find((contact) => contact.conv === conv))));
  });
}
