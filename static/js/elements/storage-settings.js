// How much room files take: of the account on the server, and in this browser, which keeps what it has
// fetched, still encrypted, up to a limit that can be chosen. And whether the browser promised to keep what it has.

import { cache, clearCache, setCacheLimit, storage } from "../tabs/media.js";
import { askToKeep, isKept } from "../tabs/persistence.js";
import { format, gettext } from "../text.js";
import { sizeWords } from "../ui/attachmentwords.js";
import { part } from "../ui/bubbles.js";
import { explain } from "../ui/explain.js";
import { toast } from "../ui/toast.js";

export class StorageSettings extends HTMLElement {
  connectedCallback() {
    this.addEventListener("change", (event) => void this.#try(() => this.#limit(event)));
    part(this, "clear").addEventListener("click", () => void this.#try(() => this.#clear()));
    for (const input of this.#limits)
      part(input.parentElement ?? this, "size").textContent = sizeWords(Number(input.value));
    void this.#try(() => this.#showAccount());
    void this.#try(() => this.#showCache());
    part(this, "keep").addEventListener("click", () => void this.#try(() => this.#keep()));
    void this.#try(() => this.#showKept());
  }

  get #limits() {
    return /** @type {NodeListOf<HTMLInputElement>} */ (this.querySelectorAll("input[name='cache']"));
  }

  async #showAccount() {
    const { used, limit, fileMax } = await storage();
    const bar = /** @type {HTMLProgressElement} */ (part(this, "bar"));
    bar.hidden = !limit;
    bar.max = limit || 1;
    bar.value = Math.min(used, limit);
    const sizes = { used: sizeWords(used), limit: sizeWords(limit) };
    const words = limit ? gettext("{used} of {limit} used") : gettext("{used} used");
    part(this, "account").textContent = format(words, sizes);
    part(this, "file-max").textContent = format(gettext("One file may have up to {size}."), {
      size: sizeWords(fileMax),
    });
  }

  async #showCache() {
    const { bytes, limit } = await cache();
    part(this, "cache").textContent = format(gettext("{used} in this browser"), { used: sizeWords(bytes) });
    /** @type {HTMLButtonElement} */ (part(this, "clear")).disabled = !bytes;
    const inputs = [...this.#limits];
    const away = (/** @type {HTMLInputElement} */ { value }) => Math.abs(Number(value) - limit);
    const nearest = inputs.toSorted((a, b) => away(a) - away(b))[0];
    for (const input of inputs) {
      input.checked = input === nearest;
      input.disabled = false;
    }
  }

  /** @param {boolean} [refused] a moment ago */
  async #showKept(refused = false) {
    const kept = await isKept();
    part(this, "lasting").hidden = kept === undefined;
    part(this, "keep").hidden = kept !== false;
    part(this, "kept").textContent = kept
      ? gettext("This browser promised to keep what is stored here, the keys of this device as well.")
      : refused
        ? gettext("The browser did not agree. It may later, when you have used this site more, or bookmarked it.")
        : gettext(
            "This browser may delete what is stored here: the keys of this device, and messages that were not sent yet. Then you sign in again, and get back everything that was sent.",
          );
  }

  async #keep() {
    await this.#showKept(!(await askToKeep()));
  }

  /** @param {Event} event */
  async #limit(event) {
    await setCacheLimit(Number(/** @type {HTMLInputElement} */ (event.target).value));
    await this.#showCache();
    toast(gettext("Saved."));
  }

  async #clear() {
    await clearCache();
    await this.#showCache();
    toast(gettext("Cleared. Files are fetched from the server again when you open them."));
  }

  /** @param {() => Promise<void>} act */
  async #try(act) {
    const place = part(this, "problem");
    try {
      await act();
      place.hidden = true;
    } catch (error) {
      place.textContent = explain(error);
      place.hidden = false;
    }
  }
}

customElements.define("storage-settings", StorageSettings);
