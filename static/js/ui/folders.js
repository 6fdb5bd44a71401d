// A dropped folder is asked about once: its files, or nothing. One question at a time: a folder that is dropped while
// another is asked about has its turn afterwards.

import { Lanes } from "../lanes.js";
import { format, gettext, ngettext } from "../text.js";
import { part } from "./bubbles.js";

const oneAtATime = new Lanes(1);

/**
 * @param {HTMLElement} owner holds the dialog
 * @param {string} name of the folder
 * @param {number} count of its files
 * @param {number} most that one message takes
 * @returns {Promise<boolean>}
 */
export function askAboutFolder(owner, name, count, most) {
  return oneAtATime.run(() => asked(owner, name, count, most));
}

/** @param {HTMLElement} owner @param {string} name @param {number} count @param {number} most @returns {Promise<boolean>} */
function asked(owner, name, count, most) {
  const dialog = /** @type {HTMLDialogElement} */ (part(owner, "folder"));
  part(dialog, "folder-title").textContent = format(gettext("Folder {name}"), { name });
  part(dialog, "folder-words").textContent = words(count, most);
  const all = part(dialog, "folder-all");
  all.hidden = count === 0;
  const wanted = Math.min(count, most);
  all.textContent = format(ngettext("Add {count} file", "Add {count} files", wanted), { count: wanted });
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    const stop = new AbortController();
    const { signal } = stop;
    all.addEventListener("click", () => dialog.close("all"), { signal });
    dialog.querySelector("[data-act='folder-none']")?.addEventListener("click", () => dialog.close(), { signal });
    dialog.addEventListener(
      "close",
      () => {
        stop.abort();
        resolve(dialog.returnValue === "all");
      },
      { signal },
    );
  });
}

/** @param {number} count @param {number} most */
function words(count, most) {
  if (!count) return gettext("There is no file in it.");
  const holds = format(ngettext("{count} file is in it.", "{count} files are in it.", count), { count });
  return count > most ? `${holds} ${format(gettext("{most} of them go in one message."), { most })}` : holds;
}
