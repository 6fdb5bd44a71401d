import { PASSWORD_MIN } from "../protocol.js";
import { format, gettext } from "../text.js";
import { explain } from "../ui/explain.js";
import { strength } from "../ui/passwordstrength.js";

const PAUSE_MS = 120; // between the last key and the estimate, which costs some milliseconds

/** The meter under a new password. `about` gives words the password must not be made of. */
export class PasswordStrength extends HTMLElement {
  /** @type {() => string[]} */
  about = () => [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  connectedCallback() {
    this.#input?.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.#judge(), PAUSE_MS);
    });
    this.#input?.addEventListener("focus", () => strength("", []).catch(() => {}), { once: true }); // loads it
    this.querySelector("button")?.addEventListener("click", () => void this.#judge());
  }

  /** Where the checker did not load, it says so, and tries again when asked or with the next key. */
  async #judge() {
    try {
      await this.problem();
    } catch (error) {
      this.#show(0, explain(error));
      this.#again.hidden = false;
    }
  }

  /** What is wrong with the password now; empty when it will do. Rejects as `strength` does. */
  async problem() {
    const password = this.#input?.value ?? "";
    if (!password) return this.#show(0, gettext("Choose a password."));
    if ([...password].length < PASSWORD_MIN) {
      const words = gettext("Too short: at least {count} characters.");
      return this.#show(1, format(words, { count: PASSWORD_MIN }));
    }
    const { score, ok, warning } = await strength(password, this.about());
    if (ok) {
      this.#show(score, score === 4 ? gettext("Very strong.") : gettext("Strong enough."));
      return "";
    }
    const weak = gettext("Too easy to guess. Make it longer, for example with one more unrelated word.");
    return this.#show(Math.max(1, Math.min(2, score)), warning ? `${weak} (${warning})` : weak);
  }

  get #input() {
    return /** @type {HTMLInputElement | null} */ (document.getElementById(this.getAttribute("for") ?? ""));
  }

  get #again() {
    return /** @type {HTMLButtonElement} */ (this.querySelector("button"));
  }

  /** @param {number} score @param {string} words */
  #show(score, words) {
    this.#again.hidden = true;
    const bars = /** @type {HTMLElement | null} */ (this.querySelector(".strength"));
    const hint = this.querySelector(".field-hint");
    if (bars) bars.dataset.score = String(score);
    if (hint) hint.textContent = words;
    hint?.classList.toggle("field-good", score >= 3);
    return words;
  }
}

customElements.define("password-strength", PasswordStrength);
