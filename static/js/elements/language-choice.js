import { speakIn } from "../language.js";

/** Buttons rather than radios: an arrow key must not load another page. */
export class LanguageChoice extends HTMLElement {
  connectedCallback() {
    for (const button of this.querySelectorAll("button")) {
      button.disabled = false;
      button.addEventListener("click", () => speakIn(button.value));
    }
  }
}

customElements.define("language-choice", LanguageChoice);
