import { format, gettext } from "../text.js";
import { toast } from "../ui/toast.js";

const GROUP = 4;
const HIDDEN = "•";

/**
 * Shows a recovery code, lets people keep it, and asks two of its characters back.
 * Markup: templates/accounts/_recovery_code.html.
 */
export class RecoveryCode extends HTMLElement {
  #code = "";
  /** @type {() => void} */
  #done = () => {};

  connectedCallback() {
    this.addEventListener("click", (event) => this.#act(event));
    this.#check.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#compare();
    });
  }

  /**
   * Resolves when the person has shown that the code was kept.
   * @param {string} code as shown, in groups with hyphens
   * @param {string} name whose it is, for the printed sheet
   * @returns {Promise<void>}
   */
  ask(code, name) {
    this.#code = code;
    this.#part("[data-name]").textContent = `@${name}`;
    const groups = code.split("-").map((group) => listItem(group));
    this.#part(".code").replaceChildren(...groups);
    this.#show();
    return new Promise((resolve) => {
      this.#done = resolve;
    });
  }

  /** Takes the code off the page. */
  forget() {
    this.#code = "";
    for (const list of this.querySelectorAll(".code")) list.replaceChildren();
  }

  /** @param {Event} event */
  async #act(event) {
    const button = event.target instanceof Element ? event.target.closest("[data-act]") : null;
    const act = button instanceof HTMLElement ? button.dataset.act : undefined;
    if (act === "print") globalThis.print();
    if (act === "copy") await this.#copy();
    if (act === "saved") this.#askBack();
    if (act === "again") this.#show();
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(this.#code);
      toast(gettext("Copied. Paste it where you keep passwords."));
    } catch {
      toast(gettext("This browser does not allow copying here. Write the code down or print it."));
    }
  }

  #show() {
    this.#part("[data-part='show']").hidden = false;
    this.#check.hidden = true;
  }

  #askBack() {
    const places = twoPlaces(this.#code.replaceAll("-", "").length);
    const groups = this.#code.split("-").map((group, at) => gaps(group, at * GROUP, places));
    this.#part(".code-gaps").replaceChildren(...groups);
    this.#complain("");
    this.#part("[data-part='show']").hidden = true;
    this.#check.hidden = false;
    this.#inputs[0]?.focus();
  }

  #compare() {
    const plain = this.#code.replaceAll("-", "");
    const wrong = this.#inputs.filter((input) => read(input.value) !== plain[Number(input.dataset.at)]);
    for (const input of this.#inputs) input.setAttribute("aria-invalid", String(wrong.includes(input)));
    if (wrong.length === 0) return this.#done();
    this.#complain(gettext("That is not what the code says there. Look at what you kept, or show the code again."));
    wrong[0]?.focus();
  }

  /** @param {string} words */
  #complain(words) {
    this.#part(".field-error").textContent = words;
  }

  get #check() {
    return /** @type {HTMLFormElement} */ (this.#part("[data-part='check']"));
  }

  get #inputs() {
    return [...this.#check.querySelectorAll("input")];
  }

  /** @param {string} selector */
  #part(selector) {
    return /** @type {HTMLElement} */ (this.querySelector(selector));
  }
}

/** @param {string} text */
function listItem(text) {
  const item = document.createElement("li");
  item.textContent = text;
  return item;
}

/**
 * One group with its characters hidden and a field in each place that is asked for.
 * @param {string} group
 * @param {number} start
 * @param {number[]} places
 */
function gaps(group, start, places) {
  const item = document.createElement("li");
  for (let at = start; at < start + group.length; at++) {
    item.append(places.includes(at) ? gap(at) : HIDDEN);
  }
  return item;
}

/** @param {number} at */
function gap(at) {
  const input = document.createElement("input");
  input.type = "text";
  input.maxLength = 1;
  input.autocomplete = "off";
  input.autocapitalize = "characters";
  input.dataset.at = String(at);
  input.setAttribute("aria-describedby", "code-gaps-error");
  const where = { place: (at % GROUP) + 1, group: Math.floor(at / GROUP) + 1 };
  input.setAttribute("aria-label", format(gettext("Character {place} of group {group}"), where));
  input.addEventListener("input", () => goOn(input));
  return input;
}

/** A filled gap leads to the next empty one. @param {HTMLInputElement} input */
function goOn(input) {
  if (!input.value) return;
  const all = [...(input.form?.querySelectorAll("input") ?? [])];
  all.find((other) => !other.value)?.focus();
}

/** Characters that look alike are the same: docs/encryption.md 4.5. @param {string} typed */
function read(typed) {
  return typed.toUpperCase().replace("O", "0").replace(/[IL]/, "1");
}

/** Two different places, one in each half, so that nobody answers from the first line alone. @param {number} length */
function twoPlaces(length) {
  const half = length / 2;
  const [one = 0, two = 0] = crypto.getRandomValues(new Uint8Array(2));
  return [one % half, half + (two % half)];
}

customElements.define("recovery-code", RecoveryCode);
