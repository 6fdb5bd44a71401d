// The field to write in: grows with the text, keeps it as a draft of its chat, and says why it is off.

import { STATE } from "../chat/contactstate.js";
import { textOf } from "../chat/content.js";
import { bus } from "../tabs/bus.js";
import { format, gettext } from "../text.js";
import { part } from "../ui/bubbles.js";
import { begins, bytesLeft, roomWords, sends, WARN_AT } from "../ui/composing.js";
import { explain } from "../ui/explain.js";
import { busy } from "../ui/forms.js";
import { actOn } from "../ui/peopleact.js";
import { isDeleted, nameOf } from "../ui/person.js";
import { toast } from "../ui/toast.js";
import { askBeforeLeaving } from "../ui/unsaved.js";

/** @typedef {import("../tabs/bus.js").Summary} Summary */

export class ChatComposer extends HTMLElement {
  /** @type {string | null} */ #conv = null;
  /** @type {Summary | undefined} */ #chat;
  /** @type {string | undefined} */ #kept; // the draft of this chat, written or on its way; undefined: who knows
  #following = false; // the text is written as it is typed
  #sending = 0; // on their way into the outbox
  #sent = 0; // all that ever were
  /** @type {Map<string, string[]>} */ #refused = new Map(); // of those, what could not be kept, by chat
  /** @type {(() => void)[]} */ #stop = [];

  get #text() {
    return /** @type {HTMLTextAreaElement} */ (this.querySelector(".composer > textarea"));
  }

  get #button() {
    return /** @type {HTMLButtonElement} */ (this.querySelector("button[type='submit']"));
  }

  /** Whether anything can be sent to the chat that is open. */
  get writable() {
    return !this.#text.disabled;
  }

  /** What stands in the field; files have it as their caption. */
  get words() {
    return this.#text.value;
  }

  set words(text) {
    this.#put(text);
    this.#typed();
  }

  connectedCallback() {
    this.#text.addEventListener("input", () => this.#typed());
    this.#text.addEventListener("keydown", (event) => this.#key(event));
    document.addEventListener("keydown", (event) => this.#begin(event));
    part(this, "unblock").addEventListener("click", () => void this.#unblock());
    part(this, "form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    });
    // The earlier the better: what a page begins as it goes may not end.
    addEventListener("beforeunload", () => void this.#keep());
    addEventListener("pagehide", () => void this.#keep());
    document.addEventListener("visibilitychange", () => document.hidden && void this.#keep());
    askBeforeLeaving(() => Boolean(this.#sending)); // not on the disk yet
    this.#stop = [
      bus.on("chat", (chat) => chat.row.conv === this.#conv && this.#allow(chat)),
      bus.on("current", () => void this.#ask()),
      bus.on("quota", ({ full }) => full || this.#say("")),
    ];
  }

  disconnectedCallback() {
    for (const stop of this.#stop) stop();
  }

  /** The draft of the chat before stays with that chat. @param {string | null} conv */
  async open(conv) {
    void this.#keep();
    this.#conv = conv;
    this.#kept = "";
    this.#say("");
    this.#put("");
    this.#chat = undefined;
    this.#off(true);
    this.#button.disabled = true;
    if (!conv) return;
    const draft = await bus.ask("draft", conv);
    const { chat, current } = await bus.ask("opening", conv); // last: what is heard after its answer is newer
    if (conv !== this.#conv) return;
    this.#kept = draft;
    if (!this.#text.value) this.#put(draft);
    this.#putBack(conv);
    this.#allow(chat, current);
    if (matchMedia("(pointer: fine)").matches) this.#text.focus({ preventScroll: true });
  }

  /** The server served a page for this chat, and may have lost it before this browser heard of it. */
  async #ask() {
    const conv = this.#conv;
    if (!conv || this.#chat) return;
    const { chat, current } = await bus.ask("opening", conv);
    if (conv === this.#conv && !this.#chat) this.#allow(chat, current);
  }

  /**
   * @param {Summary | undefined} chat unknown until this browser has heard of it
   * @param {boolean} [current] it has heard of all that there are
   */
  #allow(chat, current = false) {
    const why = chat ? reason(chat) : current ? lost() : "";
    const line = part(this, "reason");
    line.textContent = why;
    line.hidden = !why;
    part(this, "form").hidden = Boolean(why);
    part(this, "unblock").hidden = chat?.row.state !== STATE.BLOCKED;
    this.#chat = chat;
    this.#off(!chat || Boolean(why));
    this.#measure();
  }

  /** @param {boolean} off the field, and what attaches or records for it */
  #off(off) {
    this.#text.disabled = off;
    for (const tool of this.querySelectorAll("[data-tool]")) /** @type {HTMLButtonElement} */ (tool).disabled = off;
  }

  async #unblock() {
    const { row, contact } = this.#chat ?? {};
    const button = /** @type {HTMLButtonElement} */ (part(this, "unblock"));
    if (!row || button.disabled) return;
    busy(button, true);
    try {
      await actOn(row.peer, "unblock", row.state, nameOf(contact));
      this.#text.focus({ preventScroll: true });
    } catch (error) {
      toast(explain(error));
    }
    busy(button, false);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!sends(event, matchMedia("(pointer: coarse)").matches)) return;
    event.preventDefault();
    void this.#send();
  }

  /** Who has read goes on writing without a click into the field. @param {KeyboardEvent} event */
  #begin(event) {
    const idle = /** @type {Element} */ (event.target).matches("body, .thread-scroll, .thread-scroll :is(button, a)");
    if (idle && this.writable && begins(event)) this.focusText();
  }

  #typed() {
    this.#measure();
    if (this.#conv && this.#text.value) void bus.ask("typing", this.#conv);
    void this.#follow();
  }

  /** One write at a time, until the newest text is kept. */
  async #follow() {
    if (this.#following) return;
    this.#following = true;
    while (await this.#keep());
    this.#following = false;
  }

  /** The field is free at once; what could not be kept comes back into it. */
  async #send() {
    const text = this.#text.value.trim();
    const conv = this.#conv;
    if (!text || !conv || this.#button.disabled) return;
    this.#put("");
    this.#kept = undefined; // the message ends it
    this.#text.focus({ preventScroll: true });
    this.#sending += 1;
    this.#sent += 1;
    try {
      await bus.ask("send", { id: crypto.randomUUID(), conv, content: textOf(text) });
      if (conv === this.#conv) this.#say("");
    } catch (error) {
      this.#refused.set(conv, [...(this.#refused.get(conv) ?? []), text]);
      if (conv === this.#conv) this.#say(explain(error));
    }
    this.#sending -= 1;
    if (this.#sending || !this.#conv) return;
    this.#putBack(this.#conv);
    void this.#keep();
  }

  /** It leaves the field, to be sent with files. @returns {string} */
  take() {
    const text = this.#text.value.trim();
    this.#put("");
    void this.#keep();
    return text;
  }

  /** The files were not sent. @param {string} conv @param {string} text */
  giveBack(conv, text) {
    if (text) this.#refused.set(conv, [...(this.#refused.get(conv) ?? []), text]);
    if (conv === this.#conv) this.#putBack(conv);
  }

  focusText() {
    this.#text.focus({ preventScroll: true });
  }

  /** In the order it was written, before what was typed meanwhile. @param {string} conv */
  #putBack(conv) {
    const back = this.#refused.get(conv)?.join("\n");
    this.#refused.delete(conv);
    if (!back) return;
    const { value } = this.#text;
    this.#put(value && value !== back ? `${back}\n${value}` : back); // it may be its own draft
  }

  /**
   * A text that is on its way leaves its draft behind: it ends with the write that keeps the message.
   * @returns {Promise<boolean>} whether anything was written
   */
  async #keep() {
    const { value } = this.#text;
    const conv = this.#conv;
    if (!conv || value === this.#kept || (this.#sending && !value)) return false;
    this.#kept = value;
    const sent = this.#sent;
    try {
      await bus.ask("keepDraft", conv, value);
      return true;
    } catch {
      this.#kept = undefined;
      const elsewhere = sent !== this.#sent || (conv === this.#conv && this.#text.value);
      if (!value || elsewhere) return false; // it was sent, or stands here still
      this.#refused.set(conv, [value]);
      if (conv === this.#conv) this.#putBack(conv);
      return false;
    }
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
    count.textContent = count.hidden ? "" : roomWords(text.value.trim());
    if (CSS.supports("field-sizing", "content")) return;
    text.style.blockSize = "auto"; // grows by script where CSS cannot
    text.style.blockSize = `${text.scrollHeight}px`;
  }
}

const lost = () => gettext("The server does not know this chat any more. Choose another one in the list of chats.");

/** @param {Summary} chat @returns {string} why nothing can be written; empty: it can */
function reason(chat) {
  const name = nameOf(chat.contact);
  if (isDeleted(chat.contact))
    return gettext(
      "This account was deleted. You can read what you wrote to each other; nothing can be sent any more.",
    );
  switch (chat.row.state) {
    case STATE.CONNECTED:
      return chat.identity === "reset" ? gettext("Decide about the new security identity first.") : "";
    case STATE.ASKED:
      return format(gettext("You can write when {name} has accepted your request."), { name });
    case STATE.ASKS:
      return format(gettext("{name} asks to chat with you. Answer under People."), { name });
    case STATE.BLOCKED:
      return format(gettext("You blocked {name}."), { name });
    case STATE.FORGOTTEN:
      return gettext(
        "The server was set back to an older state and does not know this chat any more. What is here is only on this device.",
      );
    default:
      return format(gettext("You are not connected with {name} any more."), { name });
  }
}

customElements.define("chat-composer", ChatComposer);
