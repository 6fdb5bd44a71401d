// The field to write in: grows with the text, keeps it as a draft of its chat, and says why it is off.

import { STATE } from "../chat/contactstate.js";
import { textOf } from "../chat/content.js";
import { bus } from "../tabs/bus.js";
import { part } from "../ui/bubbles.js";
import { begins, bytesLeft, roomWords, sends, WARN_AT } from "../ui/composing.js";
import { explain } from "../ui/explain.js";
import { GivenBack } from "../ui/givenback.js";
import { actBy } from "../ui/peopleact.js";
import { nameOf } from "../ui/person.js";
import { ReplyBar } from "../ui/replybar.js";
import { askBeforeLeaving } from "../ui/unsaved.js";
import { lost, reason } from "../ui/whyoff.js";

/** @typedef {import("../tabs/bus.js").Summary} Summary */
/** @typedef {import("../chat/content.js").Draft} Draft */

export class ChatComposer extends HTMLElement {
  /** @type {string | null} */ #conv = null;
  /** @type {Summary | undefined} */ #chat;
  /** @type {string | undefined} */ #kept; // the draft of this chat, written or on its way; undefined: who knows
  /** @type {ReplyBar | undefined} */ #reply;
  #following = false; // the text is written as it is typed
  #sending = 0; // on their way into the outbox
  #sent = 0; // all that ever were
  #refused = new GivenBack(); // of those, what could not be kept
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

  /** What stands here, as it is kept. @returns {Draft} */
  get #draft() {
    return { text: this.#text.value, ref: this.#reply?.ref };
  }

  /** The message is answered with what is sent next. @param {import("../sync/decrypt.js").Message} message */
  answer(message) {
    const { conv, mid } = message;
    if (conv !== this.#conv || !mid || !this.writable) return;
    void this.#reply?.open(conv, mid, message);
    void this.#follow();
    this.focusText();
  }

  /** @returns {boolean} whether there was one to answer */
  answerNothing() {
    const answers = Boolean(this.#reply?.close());
    if (answers) this.focusText();
    return answers;
  }

  connectedCallback() {
    this.#reply ??= new ReplyBar(part(this, "reply"), this.#text, () => void this.#follow());
    part(this, "reply-close").addEventListener("click", () => this.answerNothing());
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
      this.#reply.listen(),
    ];
  }

  disconnectedCallback() {
    for (const stop of this.#stop) stop();
  }

  /** The draft of the chat before stays with that chat. @param {string | null} conv */
  async open(conv) {
    void this.#keep();
    this.#conv = conv;
    this.#kept = asKept({ text: "" });
    this.#say("");
    this.#put("");
    this.#reply?.drop();
    this.#chat = undefined;
    this.#off(true);
    this.#button.disabled = true;
    if (!conv) return;
    const draft = await bus.ask("draft", conv);
    const { chat, current } = await bus.ask("opening", conv); // last: what is heard after its answer is newer
    if (conv !== this.#conv) return;
    this.#kept = asKept(draft);
    if (!this.#text.value) this.#put(draft.text);
    if (draft.ref && !this.#reply?.ref) void this.#reply?.open(conv, draft.ref);
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
    this.#reply?.know(chat);
    this.#off(!chat || Boolean(why));
    this.#measure();
  }

  /** @param {boolean} off the field, and what attaches or records for it */
  #off(off) {
    this.#text.disabled = off;
    for (const tool of this.querySelectorAll("[data-tool]")) /** @type {HTMLButtonElement} */ (tool).disabled = off;
  }

  async #unblock() {
    const button = /** @type {HTMLButtonElement} */ (part(this, "unblock"));
    const { row, contact } = this.#chat ?? {};
    if (!row || button.disabled) return;
    if (await actBy(button, row.peer, "unblock", row.state, nameOf(contact))) this.focusText();
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
    const { text, ref } = { text: this.#text.value.trim(), ref: this.#reply?.ref };
    const conv = this.#conv;
    if (!text || !conv || this.#button.disabled) return;
    this.#put("");
    this.#reply?.drop();
    this.#kept = undefined; // the message ends it
    this.#text.focus({ preventScroll: true });
    this.#sending += 1;
    this.#sent += 1;
    try {
      await bus.ask("send", { id: crypto.randomUUID(), conv, content: textOf(text, ref) });
      if (conv === this.#conv) this.#say("");
    } catch (error) {
      this.#refused.add(conv, { text, ref });
      if (conv === this.#conv) this.#say(explain(error));
    }
    this.#sending -= 1;
    if (this.#sending || !this.#conv) return;
    this.#putBack(this.#conv);
    void this.#keep();
  }

  /** It leaves the field, to be sent with files. @param {boolean} [words] as well as what is answered @returns {Draft} */
  take(words = true) {
    const taken = { text: words ? this.#text.value.trim() : "", ref: this.#reply?.ref };
    if (words) this.#put("");
    this.#reply?.drop();
    void this.#keep();
    return taken;
  }

  /** The files were not sent. @param {string} conv @param {Draft} draft */
  giveBack(conv, draft) {
    this.#refused.add(conv, draft);
    if (conv === this.#conv) this.#putBack(conv);
  }

  focusText() {
    this.#text.focus({ preventScroll: true });
  }

  /** In the order it was written, before what was typed meanwhile. @param {string} conv */
  #putBack(conv) {
    const { text: back, ref } = this.#refused.take(conv);
    if (ref && !this.#reply?.ref) void this.#reply?.open(conv, ref);
    if (!back) return;
    const { value } = this.#text;
    this.#put(value && value !== back ? `${back}\n${value}` : back); // it may be its own draft
  }

  /**
   * A text that is on its way leaves its draft behind: it ends with the write that keeps the message.
   * @returns {Promise<boolean>} whether anything was written
   */
  async #keep() {
    const draft = this.#draft;
    const conv = this.#conv;
    const something = Boolean(draft.text || draft.ref);
    if (!conv || asKept(draft) === this.#kept || (this.#sending && !something)) return false;
    this.#kept = asKept(draft);
    const sent = this.#sent;
    try {
      await bus.ask("keepDraft", conv, draft);
      return true;
    } catch {
      this.#kept = undefined;
      const elsewhere = sent !== this.#sent || (conv === this.#conv && this.#text.value);
      if (!something || elsewhere) return false; // it was sent, or stands here still
      this.#refused.add(conv, draft);
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

/** @param {Draft} draft two that are the same are the same here */
function asKept({ text, ref = "" }) {
  return JSON.stringify([text, ref]);
}

customElements.define("chat-composer", ChatComposer);
