// The entry of /suspended: when it ends in the reader's own time, and back where they were once it is
// over. The keys, the history and what is not sent yet stay as they are.

import { byId } from "../ui/forms.js";
import { fullTime } from "../ui/when.js";
import { wireLeaving } from "./leaving.js";
import { lookAgainIn } from "./lookingagain.js";

const { left } = byId("main").dataset;

for (const time of document.querySelectorAll("time")) time.textContent = fullTime(Date.parse(time.dateTime));
const leave = wireLeaving(byId("leave-dialog"), { settle: async () => {}, stop: () => {} });
for (const button of document.querySelectorAll("[data-open='leave-dialog']")) {
  button.addEventListener("click", leave);
  /** @type {HTMLButtonElement} */ (button).disabled = false;
}
for (const button of document.querySelectorAll("[data-close]"))
  button.addEventListener("click", () => button.closest("dialog")?.close());
setTimeout(() => location.reload(), lookAgainIn(left ? Number(left) : undefined));
document.documentElement.dataset.ready = "";
