// Who may ask, and what contacts may see. Each switch is stored at once; one that the server did not take goes back.

import { api } from "../account/account.js";
import { gettext } from "../text.js";
import { onAccountNews } from "../ui/accountnews.js";
import { explain } from "../ui/explain.js";
import { toast } from "../ui/toast.js";

/** @typedef {import("../protocol.js").Privacy} Privacy */

export class PrivacySettings extends HTMLElement {
  /** @type {Privacy | undefined} */ #stored;

  connectedCallback() {
    this.addEventListener("change", () => void this.#store());
    onAccountNews(() => this.#load());
    void this.#load();
  }

  get #inputs() {
    return /** @type {NodeListOf<HTMLInputElement>} */ (this.querySelectorAll("input"));
  }

  async #load() {
    try {
      this.#show(await api.get("/api/privacy", { proof: true }));
    } catch (error) {
      this.#problem(explain(error));
    }
  }

  async #store() {
    try {
      const wanted = this.#wanted();
      await api.put("/api/privacy", wanted, { proof: true });
      this.#show(wanted);
      toast(gettext("Saved. It applies to all your devices from now on."));
    } catch (error) {
      if (this.#stored) this.#show(this.#stored);
      this.#problem(explain(error));
    }
  }

  /** @returns {Privacy} */
  #wanted() {
    const on = (/** @type {string} */ name) => this.#inputOf(name)?.checked ?? true;
    const chosen = (/** @type {string} */ name) => /** @type {any} */ (this.#chosen(name));
    return {
      receipts: on("receipts"),
      typing: on("typing"),
      presence: chosen("presence"),
      requests: chosen("requests"),
    };
  }

  /** @param {string} name of a group, of which one is always chosen: until then none can be changed */
  #chosen(name) {
    return this.querySelector(`input[name="${name}"]:checked`)?.getAttribute("value");
  }

  /** @param {string} name @returns {HTMLInputElement | null} */
  #inputOf(name) {
    return this.querySelector(`input[name="${name}"]`);
  }

  /** @param {Privacy} privacy */
  #show(privacy) {
    this.#stored = privacy;
    for (const input of this.#inputs) {
      const value = privacy[/** @type {keyof Privacy} */ (input.name)];
      input.checked = input.type === "radio" ? input.value === value : Boolean(value);
      input.disabled = false;
    }
    this.#problem("");
  }

  /** @param {string} words */
  #problem(words) {
    const place = /** @type {HTMLElement} */ (this.querySelector("[data-part='problem']"));
    place.textContent = words;
    place.hidden = !words;
  }
}

customElements.define("privacy-settings", PrivacySettings);
