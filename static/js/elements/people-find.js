// Finds a person by exact username: shows the name, and a button to ask.

import { bus } from "../tabs/bus.js";
import { format, gettext } from "../text.js";
import { part } from "../ui/bubbles.js";
import { explain } from "../ui/explain.js";
import { busy } from "../ui/forms.js";
import { Found } from "../ui/found.js";
import { actOnRow } from "../ui/peopleact.js";

export class PeopleFind extends HTMLElement {
  /** @type {Found | undefined} */ #found;

  connectedCallback() {
    const form = /** @type {HTMLFormElement} */ (part(this, "form"));
    const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
    button.disabled = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      busy(button, true);
      await this.#find();
      busy(button, false);
    });
    this.addEventListener("click", (event) => void actOnRow(event));
    this.#found ??= new Found(part(this, "result"));
  }

  async #find() {
    const field = /** @type {HTMLInputElement} */ (this.querySelector("input"));
    const name = field.value.trim().replace(/^@/, "");
    if (!name) return field.focus();
    try {
      await this.#found?.show(await bus.ask("find", name));
    } catch (error) {
      const { status, code } = /** @type {{status?: number, code?: string}} */ (error);
      const unknown = status === 404 || code === "unknown";
      this.#say(unknown ? format(gettext("Nobody here has the username {name}."), { name }) : explain(error));
    }
  }

  /** @param {string} words */
  #say(words) {
    this.#found?.say(words);
  }
}

customElements.define("people-find", PeopleFind);
