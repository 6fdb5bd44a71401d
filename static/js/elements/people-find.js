// By exact username: who is found shows a name, and can be asked.

import { session } from "../session.js";
import { format, gettext } from "../text.js";
import { part } from "../ui/bubbles.js";
import { explain } from "../ui/explain.js";
import { busy } from "../ui/forms.js";
import { actOnRow } from "../ui/peopleact.js";
import { foundPerson } from "../ui/peoplerow.js";

export class PeopleFind extends HTMLElement {
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
    this.addEventListener("click", async (event) => {
      if (await actOnRow(event)) await this.#find();
    });
  }

  async #find() {
    const field = /** @type {HTMLInputElement} */ (this.querySelector("input"));
    const name = field.value.trim().replace(/^@/, "");
    if (!name) return field.focus();
    try {
      const [person, contacts] = await Promise.all([session.ask("find", name), session.ask("contacts")]);
      part(this, "result").replaceChildren(foundPerson(person, contacts));
    } catch (error) {
      const { status, code } = /** @type {{status?: number, code?: string}} */ (error);
      const unknown = status === 404 || code === "unknown";
      this.#say(unknown ? format(gettext("Nobody here has the username {name}."), { name }) : explain(error));
    }
  }

  /** @param {string} words */
  #say(words) {
    const line = document.createElement("p");
    line.className = "notice";
    line.textContent = words;
    part(this, "result").replaceChildren(line);
  }
}

customElements.define("people-find", PeopleFind);
