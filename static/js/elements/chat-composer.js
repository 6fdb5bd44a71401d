// Where one writes: grows with the text, keeps it as a draft of its chat, and says why it is off.

import { STATE } from "../relation.js";
import { session } from "../session.js";
import { format, gettext } from "../text.js";
import { part } from "../ui/bubbles.js";
import { bytesLeft, sends, WARN_AT } from "../ui/composing.js";
import { explain } from "../ui/explain.js";
import { nameOf } from "../ui/person.js";

/** @typedef {import("../session.js").Summary} Summary */

const KEEP_MS = 400; // after the last key press

export class ChatComposer extends HTMLElement {
  /** @type {string | null} */ #conv = null;
  #keeping = 0;
  #sending = 0; // on their way into the outbox
  /** @type {Map<string, string[]>} */ #refused = new Map(); // of those, what could not be kept, by chat
  /** @type {(() => void)[]} */ #stop = [];

  get #text() {
    return /** @type {HTMLTextAreaElement} */ (this.querySelector("textarea"));
  }

  get #button() {
    return /** @type {HTMLButtonElement} */ (this.querySelector("button[type='submit']"));
  }

  connectedCallback() {
    this.#text.addEventListener("input", () => this.#typed());
    this.#text.addEventListener("keydown", (event) => this.#key(event));
    part(this, "form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    });
    addEventListener("pagehide", () => this.#keep());
    addEventListener("beforeunload", (event) => this.#sending && event.preventDefault()); // not on the disk yet
    this.#stop = [
      session.on("chat", (chat) => chat.row.conv === this.#conv && this.#allow(chat)),
      session.on("room", ({ full }) => full || this.#say("")),
    ];
  }

  disconnectedCallback() {
    for (const stop of this.#stop) stop();
  }

  /** The draft of the chat before stays with that chat. @param {string | null} conv */
  async open(conv) {
    this.#keep();
    this.#conv = conv;
    this.#say("");
    this.#put("");
    this.#text.disabled = this.#button.disabled = true;
    if (!conv) return;
    const [draft, chats] = await Promise.all([session.ask("draft", conv), session.ask("chats")]);
    if (conv !== this.#conv) return;
    if (!this.#text.value) this.#put(draft);
    this.#putBack(conv);
    this.#allow(chats.find(({ row }) => row.conv === conv));
    if (matchMedia("(pointer: fine)").matches) this.#text.focus({ preventScroll: true });
  }

  /** @param {Summary | undefined} chat */
  #allow(chat) {
    const why = reason(chat);
    const line = part(this, "reason");
    line.textContent = why;
    line.hidden = !why;
    part(this, "form").hidden = Boolean(why);
    this.#text.disabled = Boolean(why);
    this.#measure();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!sends(event, matchMedia("(pointer: coarse)").matches)) return;
    event.preventDefault();
    void this.#send();
  }

  #typed() {
    this.#measure();
    if (this.#conv && this.#text.value) void session.ask("typing", this.#conv);
    clearTimeout(this.#keeping);
    this.#keeping = window.setTimeout(() => this.#keep(), KEEP_MS);
  }

  /** The field is free at once; what could not be kept comes back into it. */
  async #send() {
    const text = this.#text.value.trim();
    const conv = this.#conv;
    if (!text || !conv || this.#button.disabled) return;
    clearTimeout(this.#keeping);
    this.#put("");
    this.#text.focus({ preventScroll: true });
    this.#sending += 1;
    try {
      await session.ask("send", { id: crypto.randomUUID(), conv, text });
      if (conv === this.#conv) this.#say("");
    } catch (error) {
      this.#refused.set(conv, [...(this.#refused.get(conv) ?? []), text]);
      if (conv === this.#conv) this.#say(explain(error));
    }
    this.#sending -= 1;
    if (this.#sending || !this.#conv) return;
    this.#putBack(this.#conv);
    this.#keep();
  }

  /** In the order it was written, before what was typed meanwhile. @param {string} conv */
  #putBack(conv) {
    const back = this.#refused.get(conv)?.join("\n");
    this.#refused.delete(conv);
    if (!back) return;
    const { value } = this.#text;
    this.#put(value && value !== back ? `${back}\n${value}` : back); // it may be its own draft
  }

  /** A text that is on its way leaves its draft behind: it ends with the write that keeps the message. */
  #keep() {
    clearTimeout(this.#keeping);
    const { value } = this.#text;
    const conv = this.#conv;
    if (!conv || (this.#sending && !value)) return;
    session.ask("keepDraft", conv, value).catch(() => {
      if (!value || (conv === this.#conv && this.#text.value)) return; // it stands here still
      this.#refused.set(conv, [value]);
      if (conv === this.#conv) this.#putBack(conv);
    });
  }

  /** @param {string} words why the last text is still here */
  #say(words) {
    part(this, "problem").textContent = words;
    part(this, "problem").hidden = !words;
  }

  /** @param {string} text */
  #put(text) {
    this.#text.value = text;
    this.#measure();
  }

  #measure() {
    const text = this.#text;
    const left = bytesLeft(text.value.trim());
    this.#button.disabled = text.disabled || !text.value.trim() || left < 0;
    const count = part(this, "count");
    count.hidden = left > WARN_AT;
    count.toggleAttribute("data-over", left < 0);
    count.textContent = count.hidden ? "" : words(left);
    if (CSS.supports("field-sizing", "content")) return;
    text.style.blockSize = "auto"; // grows by script where CSS cannot
    text.style.blockSize = `${text.scrollHeight}px`;
  }
}

/** @param {number} left */
function words(left) {
  if (left < 0) return gettext("This is too long for one message. Split it in two.");
  return format(gettext("{count} bytes left"), { count: left });
}

/** @param {Summary | undefined} chat @returns {string} why nothing can be written; empty: it can */
function reason(chat) {
  if (!chat) return gettext("This chat is not there, or not yours.");
  const name = nameOf(chat.contact);
  switch (chat.row.state) {
    case STATE.CONNECTED:
      return chat.identity === "reset" ? gettext("Decide about the new security identity first.") : "";
    case STATE.ASKED:
      return format(gettext("You can write when {name} has accepted your request."), { name });
    case STATE.ASKS:
      return format(gettext("{name} asks to chat with you. Answer under People."), { name });
    case STATE.BLOCKED:
      return format(gettext("You blocked {name}. Unblock under People to write."), { name });
    default:
      return format(gettext("You are not connected with {name} any more."), { name });
  }
}

customElements.define("chat-composer", ChatComposer);
