// The entry of /suspended: when it ends in the reader's own time, and back where they were once it is
// over. The keys, the history and what is not sent yet stay as they are.

import "../elements/password-field.js";
import { byId } from "../ui/forms.js";
import { wireDecisions, writing } from "./appeals.js";
import { wireDeletion } from "./deleting.js";
import { wireExport } from "./exporting.js";
import { wireLeaving } from "./leaving.js";
import { lookAgainIn } from "./lookingagain.js";

const { left } = byId("main").dataset;

wireDecisions();
const leave = wireLeaving(byId("leave-dialog"), { settle: async () => {}, stop: () => {} });
opens("leave-dialog", leave);
if (document.getElementById("export-dialog")) {
  opens("export-dialog", wireExport());
  const stop = () => {}; // nothing runs here
  opens("delete-dialog", wireDeletion(stop));
}
for (const button of document.querySelectorAll("[data-close]"))
  button.addEventListener("click", () => button.closest("dialog")?.close());
lookAgain(left ? Number(left) : undefined);
document.documentElement.dataset.ready = "";

/** @param {string} id @param {() => void} open */
function opens(id, open) {
  const button = /** @type {HTMLButtonElement} */ (document.querySelector(`[data-open='${id}']`));
  button.addEventListener("click", open);
  button.disabled = false;
}

/** @param {number} [leftMs] */
function lookAgain(leftMs) {
  setTimeout(() => (writing() ? lookAgain(0) : location.reload()), lookAgainIn(leftMs));
}
