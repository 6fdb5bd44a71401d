// An invite: a link whose token stands behind #, and the same as a QR code; and those that are open.

import { bus } from "../tabs/bus.js";
import { format, gettext } from "../text.js";
import { onAccountNews } from "../ui/accountnews.js";
import { part } from "../ui/bubbles.js";
import { explain } from "../ui/explain.js";
import { busy } from "../ui/forms.js";
import { OpenLinks } from "../ui/openlinks.js";
import { qrCode } from "../ui/qrcode.js";
import { toast } from "../ui/toast.js";
import { fullTime } from "../ui/when.js";

export class PeopleInvite extends HTMLElement {
  /** @type {{id: string, url: string} | null} the link on the card */ #made = null;
  /** @type {OpenLinks | undefined} */ #links;

  connectedCallback() {
    this.#links ??= new OpenLinks(this, (ids) => this.#opened(ids));
    this.addEventListener("click", (event) => void this.#act(event));
    this.addEventListener("change", () => this.#explainKind());
    for (const input of this.querySelectorAll("input")) input.disabled = false;
    this.#button("make").disabled = false;
    this.#button("share").hidden = !navigator.share;
    this.#explainKind(); // a reload keeps what was chosen
    onAccountNews(() => this.#links?.load());
    void this.#links.load();
  }

  get #connects() {
    return this.querySelector("input:checked")?.getAttribute("value") === "one";
  }

  #explainKind() {
    for (const kind of ["one", "several"]) {
      const words = /** @type {HTMLElement} */ (this.querySelector(`#invite-${kind}`));
      words.hidden = this.#connects !== (kind === "one");
    }
  }

  /** @param {string} act */
  #button(act) {
    return /** @type {HTMLButtonElement} */ (this.querySelector(`[data-act="${act}"]`));
  }

  /** @param {MouseEvent} event */
  async #act(event) {
    const act = /** @type {HTMLElement} */ (event.target).closest("button")?.dataset.act;
    if (act === "make") await this.#make();
    if (act === "copy" && this.#made) {
      await navigator.clipboard.writeText(this.#made.url);
      toast(gettext("Copied."));
    }
    if (act === "share" && this.#made) await navigator.share({ url: this.#made.url }).catch(() => {});
  }

  async #make() {
    const button = this.#button("make");
    busy(button, true);
    try {
      const { id, url, expires } = await bus.ask("invite", this.#connects);
      this.#made = { id, url };
      const listed = this.#links?.load();
      part(this, "link").textContent = url;
      part(this, "until").textContent = format(gettext("Works until {time}."), { time: fullTime(expires) });
      part(this, "qr").replaceChildren(await qrCode(url, gettext("QR code of the invite link")));
      part(this, "card").hidden = false;
      part(this, "over").hidden = true;
      await listed;
    } catch (error) {
      toast(explain(error));
    } finally {
      busy(button, false);
    }
  }

  /** A link that nobody can use any more is not shown. @param {Set<string>} ids of those that are open */
  #opened(ids) {
    if (!this.#made || ids.has(this.#made.id)) return;
    this.#made = null;
    part(this, "card").hidden = true;
    part(this, "over").hidden = false;
  }
}

customElements.define("people-invite", PeopleInvite);
