import { api, unlock } from "../account/account.js";
import { format, gettext } from "../text.js";
import { onAccountNews } from "../ui/accountnews.js";
import { explain } from "../ui/explain.js";
import { allRight, byId, onSubmit } from "../ui/forms.js";
import { toast } from "../ui/toast.js";

/** @typedef {import("../protocol.js").EmailAnswer} Answer */

/**
 * The address to which a reset link may go: added with the password, confirmed by a code.
 * Markup: templates/accounts/_email.html, which is there where the site sends mail.
 */
export class EmailAddress extends HTMLElement {
  connectedCallback() {
    onSubmit(/** @type {HTMLFormElement} */ (this.querySelector("[data-add]")), () => this.#add(), {
      wrong: gettext("That is not your password."),
    });
    onSubmit(/** @type {HTMLFormElement} */ (this.querySelector("[data-confirm]")), () => this.#confirm());
    this.querySelector("[data-remove]")?.addEventListener("click", () => this.#remove());
    for (const again of this.querySelectorAll("[data-again]")) again.addEventListener("click", () => this.#edit());
    onAccountNews(() => this.#load());
    void this.#load();
  }

  async #load() {
    try {
      this.#show(await api.get("/api/email", { proof: true }));
    } catch (error) {
      this.#line(explain(error));
    }
  }

  async #add() {
    const [address, password] = [byId("email-address"), byId("email-password")];
    const right = allRight([
      [address, address.value.includes("@") ? "" : gettext("Type your e-mail address.")],
      [password, password.value ? "" : gettext("Type your password.")],
    ]);
    if (!right) return;
    await unlock({ password: password.value });
    const answer = await api.put("/api/email", { address: address.value.trim() }, { proof: true });
    password.value = "";
    this.#show(answer);
    byId("email-code").focus();
  }

  async #confirm() {
    const code = byId("email-code");
    if (!allRight([[code, code.value.trim() ? "" : gettext("Type the code from the mail.")]])) return;
    this.#show(await api.post("/api/email/confirm", { code: code.value.trim() }, { proof: true }));
    code.value = "";
    toast(gettext("Confirmed. A reset link can go there now."));
  }

  async #remove() {
    try {
      this.#show(await api.delete("/api/email", { proof: true }));
      toast(gettext("Removed."));
    } catch (error) {
      toast(explain(error));
    }
  }

  #edit() {
    this.#part("add").hidden = false;
    this.#part("confirm").hidden = true;
    byId("email-address").focus();
  }

  /** @param {Answer} answer */
  #show({ address, wanted }) {
    const words = address ? gettext("A reset link can go to {address}.") : gettext("No address yet.");
    this.#line(format(words, { address: address ?? "" }));
    this.#part("add").hidden = Boolean(address || wanted);
    this.#part("confirm").hidden = !wanted;
    this.#part("wanted").textContent = wanted ?? "";
    this.#part("kept").hidden = !address;
  }

  /** @param {string} words */
  #line(words) {
    this.#part("state").textContent = words;
  }

  /** @param {string} name */
  #part(name) {
    return /** @type {HTMLElement} */ (this.querySelector(`[data-${name}]`));
  }
}

customElements.define("email-address", EmailAddress);
