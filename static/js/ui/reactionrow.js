// The emoji at the top of a message's menu: a few at once, more on request, and a field for any other one.

import { isEmoji } from "../chat/reactions.js";
import { part } from "./bubbles.js";

// Those that people send most; what is not among them, the field takes from the keyboard of the device.
const MORE = [
  ..."😀 😄 😁 😆 😅 🤣 😂 🙂 😉 😊 😇 🥰 😍 😘 😋 😜 🤪 🤗 🤔 🤨 😐 🙄 😏 😬 😌 😴 🤒 🥳 😎 🤓 😕 😟 😮 😳 🥺 😢 😭 😱".split(
    " ",
  ),
  ..."😤 😡 🤬 💩 👻 🙈 ❤️ 🧡 💛 💚 💙 💜 🖤 💔 💯 🔥 ✨ ⭐ 🎉 🎂 🎁 👍 👎 👌 ✌️ 🤞 🤝 👏 🙌 🙏 💪 👋 👀 ✅ ❌ ❓ ❗ ☕ 🍀 🌹".split(
    " ",
  ),
];

export class ReactionRow {
  #menu;
  #grown;

  /** @param {HTMLElement} menu @param {(emoji: string) => void} choose @param {() => void} grown it takes more room */
  constructor(menu, choose, grown) {
    this.#grown = grown;
    this.#menu = menu;
    const field = /** @type {HTMLInputElement} */ (part(menu, "any"));
    field.addEventListener("input", () => isEmoji(field.value.trim()) && choose(field.value.trim()));
    part(menu, "more").addEventListener("click", () => this.#more());
    part(menu, "reactions").addEventListener("click", (event) => {
      const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-emoji]"));
      if (button) choose(button.dataset.emoji ?? "");
    });
  }

  /**
   * @param {import("./threadlayout.js").Bubble} bubble
   * @param {readonly string[]} quick offered at once; none: nobody can react to it
   */
  show({ reactions = [] }, quick) {
    const place = part(this.#menu, "reactions");
    place.hidden = !quick.length;
    place.removeAttribute("data-more");
    part(this.#menu, "all").hidden = true;
    /** @type {HTMLInputElement} */ (part(this.#menu, "any")).value = "";
    const mine = reactions.find((one) => one.mine)?.emoji;
    part(this.#menu, "quick").replaceChildren(...quick.map((emoji) => choice(emoji, mine)));
  }

  #more() {
    part(this.#menu, "all").hidden = false;
    part(this.#menu, "reactions").setAttribute("data-more", "");
    const choices = MORE.map((emoji) => choice(emoji));
    part(this.#menu, "grid").replaceChildren(...choices);
    this.#grown();
    choices[0]?.focus();
  }
}

/** @param {string} emoji @param {string} [mine] */
function choice(emoji, mine) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "emoji-choice";
  button.textContent = emoji;
  button.dataset.emoji = emoji;
  if (mine !== undefined) button.setAttribute("aria-pressed", String(emoji === mine));
  return button;
}
