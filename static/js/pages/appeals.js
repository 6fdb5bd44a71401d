// What was decided, in the reader's own time, and one appeal against each decision.

import { api, keptAccount } from "../account/openaccount.js";
import { gettext } from "../text.js";
import { onSubmit, tell } from "../ui/forms.js";
import { fullTime } from "../ui/when.js";

export function wireDecisions() {
  for (const time of document.querySelectorAll("time")) time.textContent = fullTime(Date.parse(time.dateTime));
  for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("[data-appeal]"))) {
    onSubmit(form, () => appeal(form));
  }
}

/** Whether somebody writes an appeal, or is in a dialog: then the page is not loaded again under their hands. */
export function writing() {
  if (document.querySelector("dialog[open]")) return true;
  return [...document.querySelectorAll("textarea")].some((field) => field.value.trim() !== "");
}

/** @param {HTMLFormElement} form */
async function appeal(form) {
  const field = /** @type {HTMLTextAreaElement} */ (form.querySelector("textarea"));
  const text = field.value.trim();
  if (!text) return tell(form, gettext("Write why you think so."));
  const proof = await keptAccount().then(
    () => true,
    () => false, // signed in while suspended: the server knows no device of this session
  );
  await api.post("/api/appeals", { decision: form.dataset.appeal, text }, { proof, again: true });
  field.value = "";
  location.reload();
}
