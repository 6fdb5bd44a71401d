import { setTheme, theme } from "../ui/theme.js";

/** Radios system, light, dark; the choice acts at once. */
export class ThemeChoice extends HTMLElement {
  connectedCallback() {
    const now = theme();
    for (const radio of this.querySelectorAll("input")) {
      radio.checked = radio.value === now;
      radio.disabled = false;
      radio.addEventListener("change", () => setTheme(/** @type {import("../ui/theme.js").Theme} */ (radio.value)));
    }
  }
}

customElements.define("theme-choice", ThemeChoice);
