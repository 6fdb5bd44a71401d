import { checkCode } from "../account/account.js";
import { gettext } from "../text.js";
import { allRight, byId, onSubmit } from "../ui/forms.js";

/**
 * Proves here and now that the recovery code which somebody kept opens the account.
 * Markup: templates/accounts/_check_code.html.
 */
export class CodeCheck extends HTMLElement {
  connectedCallback() {
    const dialog = /** @type {HTMLDialogElement} */ (this.querySelector("dialog"));
    const form = /** @type {HTMLFormElement} */ (this.querySelector("form"));
    const open = /** @type {HTMLButtonElement} */ (document.querySelector("[data-check-code]"));
    open.disabled = false;
    open.addEventListener("click", () => dialog.showModal());
    for (const close of this.querySelectorAll("[data-close]")) close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      form.reset();
      this.#show(false);
    });
    const wrong = gettext(
      "This is not the code of this account, or an older one. If you cannot find the right one, make a new code.",
    );
    onSubmit(form, () => this.#check(), { wrong });
  }

  async #check() {
    const field = byId("check-code-text");
    if (!allRight([[field, field.value.trim() ? "" : gettext("Type your recovery code.")]])) return;
    await checkCode(field.value);
    this.#show(true);
  }

  /** @param {boolean} right */
  #show(right) {
    /** @type {HTMLElement} */ (this.querySelector("form")).hidden = right;
    const answer = /** @type {HTMLElement} */ (this.querySelector("[data-right]"));
    answer.hidden = !right;
    if (right) /** @type {HTMLElement} */ (answer.querySelector("[tabindex]")).focus();
  }
}

customElements.define("code-check", CodeCheck);
