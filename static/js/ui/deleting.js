// Deletes a message: for everyone after a question that says what that does, on this device at once, to be taken back.

import { bus } from "../tabs/bus.js";
import { format, gettext } from "../text.js";
import { part } from "./bubbles.js";
import { files } from "./mediafiles.js";
import { toast } from "./toast.js";
import { done } from "./undo.js";

/** @typedef {import("../sync/decrypt.js").Message} Message */

/** @param {Message} message of mine, in the log @param {string} name of the other one @returns {Promise<void>} */
export async function askToDelete({ conv, seq, mid }, name) {
  if (mid && (await agreed(name))) await bus.ask("deleteForAll", crypto.randomUUID(), conv, seq, mid);
}

/** @param {Message} message @param {string} name of the other one */
export async function deleteHere({ conv, mid, mine, content }, name) {
  if (!mid) return;
  const ms = await bus.ask("deleteHere", conv, mid, mine);
  for (const { blob } of content?.att ?? []) files.forget(blob);
  const undo = async () => {
    if (!(await bus.ask("undoDeleteHere", conv, mid))) toast(gettext("Too late: this message is deleted here."));
  };
  done(format(gettext("Deleted on this device. {name} and your other devices keep it."), { name }), undo, ms);
}

/** @param {string} name @returns {Promise<boolean>} */
function agreed(name) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("delete-message"));
  const words = gettext(
    "It is deleted on this server, on your devices and on those of {name}, with its pictures and files.",
  );
  part(dialog, "what").textContent = format(words, { name });
  const copies = gettext(
    "What {name} has copied, saved or photographed stays with them. Backups of this server may hold it for some time, encrypted. Both of you see that a message was deleted.",
  );
  part(dialog, "copies").textContent = format(copies, { name });
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "delete"), { once: true });
  });
}
