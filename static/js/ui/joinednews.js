// Somebody accepted a link of mine: it is said at once on the page that is open, whatever it is. In
// their chat it stays as a line (sync/joined.js).

import { bus } from "../tabs/bus.js";
import { format, gettext } from "../text.js";
import { nameOf } from "./person.js";
import { toast } from "./toast.js";

/** @param {string} name */
export function joinedWords(name) {
  return format(gettext("{name} joined by your link."), { name });
}

export function tellJoined() {
  bus.on("notice", async ({ conv, notice }) => {
    if (notice.kind !== "joined") return;
    const contacts = await bus.ask("contacts");
    toast(joinedWords(nameOf(contacts.find((contact) => contact.conv === conv))));
  });
}
