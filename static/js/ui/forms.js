// Forms that never leave the browser: fields have no names, submit is off until a script runs.

import { explain } from "./explain.js";

/**
 * The element with this id; a page without it is a bug of ours.
 * @param {string} id
 * @returns {any}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element ${id}`);
  return found;
}

/**
 * Switches the form on: one submit at a time, the button busy meanwhile, a failure told above
 * the fields and focused.
 * @param {HTMLFormElement} form
 * @param {() => Promise<void>} submit
 * @param {Record<string, string>} [words] for codes of errors, where this form knows better
 */
export function onSubmit(form, submit, words = {}) {
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button[type='submit']"));
  button.disabled = false;
  form.addEventListener("input", forgive, { capture: true });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-busy") === "true") return;
    tell(form, "");
    busy(button, true);
    try {
      await submit();
    } catch (error) {
      tell(form, explain(error, words));
    } finally {
      busy(button, false);
    }
  });
}

/** While somebody corrects a field, its error is not shown. @param {Event} event */
function forgive({ target }) {
  if (target instanceof HTMLInputElement && target.hasAttribute("aria-invalid")) judge(target, "");
}

/**
 * @param {HTMLElement} form holds one [data-problem]
 * @param {string} words empty takes the problem away
 */
export function tell(form, words) {
  const place = /** @type {HTMLElement | null} */ (form.querySelector("[data-problem]"));
  if (!place) return;
  place.textContent = words;
  place.hidden = words === "";
  if (words) place.scrollIntoView({ block: "nearest" });
}

/**
 * Says under a field what is wrong with it; empty words say that it is right.
 * @param {HTMLInputElement} input
 * @param {string} words
 * @returns {boolean} whether the field is right
 */
export function judge(input, words) {
  const place = document.getElementById(`${input.id}-error`);
  if (place) place.textContent = words;
  if (words) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
  return words === "";
}

/**
 * Judges all fields and goes to the first wrong one.
 * @param {[HTMLInputElement, string][]} verdicts
 */
export function allRight(verdicts) {
  const wrong = verdicts.filter(([input, words]) => !judge(input, words));
  wrong[0]?.[0].focus();
  return wrong.length === 0;
}

/** @param {HTMLButtonElement} button @param {boolean} on */
export function busy(button, on) {
  button.querySelector(".spinner")?.remove();
  button.setAttribute("aria-busy", String(on));
  if (!on) return;
  const spinner = document.createElement("span");
  spinner.className = "spinner";
  button.prepend(spinner);
}
