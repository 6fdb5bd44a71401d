// What is going to be answered, above the field: it belongs to the draft of its chat.

import { isOriginal } from "../chat/quoting.js";
import { bus } from "../tabs/bus.js";
import { part } from "./bubbles.js";
import { nameOf } from "./person.js";
import { Quotes } from "./quotes.js";
import { fillQuote, QuotePicture, quoteOf } from "./quoteview.js";

/** @typedef {import("../tabs/bus.js").Summary} Summary */

export class ReplyBar {
  #conv = "";
  /** @type {string | undefined} mid of the message */ #ref;
  /** @type {Summary | undefined} */ #chat;
  #quotes = new Quotes(
    (mids) => bus.ask("quoted", this.#conv, mids),
    () => this.#show(),
  );
  #node;
  #field;
  #picture;
  #changed;

  /**
   * @param {HTMLElement} node
   * @param {HTMLElement} field that it is written in
   * @param {() => void} changed something else is answered than before
   */
  constructor(node, field, changed) {
    this.#node = node;
    this.#field = field;
    this.#changed = changed;
    this.#picture = new QuotePicture(/** @type {HTMLImageElement} */ (part(node, "reply-picture")));
    this.#picture.near();
  }

  get ref() {
    return this.#ref;
  }

  /** @returns {() => void} stops it */
  listen() {
    const here = (/** @type {import("../sync/decrypt.js").Message} */ message) =>
      message.conv === this.#conv && this.#quotes.heard(message);
    const stops = [bus.on("message", ({ message }) => here(message)), bus.on("retold", here)];
    return () => {
      for (const stop of stops) stop();
    };
  }

  /** Whose chat it is. @param {Summary | undefined} chat */
  know(chat) {
    this.#chat = chat;
    this.#show();
  }

  /**
   * What is not here, nobody can mean: it is left.
   * @param {string} conv
   * @param {string} mid
   * @param {import("../sync/decrypt.js").Message} [message] as somebody sees it; the older ones are not kept here
   */
  async open(conv, mid, message) {
    this.#quotes.forget();
    [this.#conv, this.#ref] = [conv, mid];
    await this.#quotes.want([mid], message ? [message] : []);
    if (this.#ref !== mid || this.#conv !== conv) return;
    if (this.#quotes.get(mid)) this.#show();
    else this.close();
  }

  /** @returns {boolean} whether it was open */
  close() {
    const open = this.#ref !== undefined;
    this.drop();
    if (open) this.#changed();
    return open;
  }

  /** It was sent, or another chat is opened. */
  drop() {
    this.#ref = undefined;
    this.#quotes.forget();
    this.#show();
  }

  #show() {
    const found = this.#ref === undefined ? undefined : this.#quotes.get(this.#ref);
    if (found && !isOriginal(found, undefined, this.#chat?.row.cleared ?? 0)) return void this.close();
    this.#node.hidden = !found;
    if (!found) this.#field.removeAttribute("aria-description");
    const quote = found && quoteOf(found, nameOf(this.#chat?.contact));
    if (quote) {
      fillQuote(this.#node, "reply", quote);
      this.#field.setAttribute("aria-description", quote.label);
    }
    this.#picture.show(quote?.picture);
  }
}
