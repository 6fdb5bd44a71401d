// An invite: a link whose token stands behind #, and the same as a QR code.

import { session } from "../session.js";
import { format, gettext } from "../text.js";
import { part } from "../ui/bubbles.js";
import { explain } from "../ui/explain.js";
import { busy } from "../ui/forms.js";
import { qrCode } from "../ui/qrcode.js";
import { toast } from "../ui/toast.js";
import { fullTime } from "../ui/when.js";

export class PeopleInvite extends HTMLElement {
  #url = "";

  connectedCallback() {
    this.addEventListener("click", (event) => void this.#act(event));
    this.#button("make").disabled = false;
    this.#button("share").hidden = !navigator.share;
  }

  /** @param {string} act */
  #button(act) {
    return /** @type {HTMLButtonElement} */ (this.querySelector(`[data-act="${act}"]`));
  }

  /** @param {MouseEvent} event */
  async #act(event) {
    const act = /** @type {HTMLElement} */ (event.target).closest("button")?.dataset.act;
    if (act === "make") await this.#make();
    if (act === "copy") {
      await navigator.clipboard.writeText(this.#url);
      toast(gettext("Copied."));
    }
    if (act === "share") await navigator.share({ url: this.#url }).catch(() => {});
  }

  async #make() {
    const button = this.#button("make");
    busy(button, true);
    try {
      const { url, expires } = await session.ask("invite");
      this.#url = url;
      part(this, "link").textContent = url;
      part(this, "until").textContent = format(gettext("Works until {time}."), { time: fullTime(expires) });
      /** @type {HTMLImageElement} */ (part(this, "qr")).src = await qrCode(url);
      part(this, "card").hidden = false;
    } catch (error) {
      toast(explain(error));
    } finally {
      busy(button, false);
    }
  }
}

customElements.define("people-invite", PeopleInvite);
