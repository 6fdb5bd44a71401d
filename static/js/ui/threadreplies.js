// The quotes above the answers of a thread, and the way from one to its original and back.

import { deletes, emptied } from "../chat/deleted.js";
import { answered, isOriginal } from "../chat/quoting.js";
import { bus } from "../tabs/bus.js";
import { bubbleOf, part } from "./bubbles.js";
import { around } from "./historywindow.js";
import { nameOf } from "./person.js";
import { Quotes } from "./quotes.js";
import { fillQuote, QuotePicture, quoteOf } from "./quoteview.js";
import { placeOf } from "./threadlayout.js";

/** @typedef {import("../sync/decrypt.js").Message} Message */
/** @typedef {import("../sending/outbox.js").Entry} Entry */
/** @typedef {import("./threadlayout.js").Bubble} Bubble */
/** @typedef {import("../tabs/bus.js").Summary} Summary */
/** @typedef {{messages: Message[], only: import("../sync/onlyhere.js").OnlyHere[], entries: Entry[]}} Held */
/** @typedef {{key: string, seq: number | undefined}} Place of a message; without seq it is not sent yet */

const NEAR = "400px 0px"; // of the window: begins to load
const FOUND_MS = 2000; // a message that was gone to is marked for so long

export class ThreadReplies {
  /** @type {Entry[]} deletions that wait */ #deletions = [];
  /** @type {Place[]} answers that somebody came from, the last one last */ #from = [];
  /** @type {WeakMap<Element, QuotePicture>} */ #pictures = new WeakMap();
  /** @type {WeakMap<HTMLElement, string>} what a node shows */ #shown = new WeakMap();
  #near;
  #quotes;
  #thread;
  #scrolling;
  #pages;
  #nodes;

  /**
   * @param {HTMLElement} thread
   * @param {import("./scrolling.js").Scrolling} scrolling
   * @param {Pick<import("./paging.js").Paging, "replace">} pages
   * @param {Map<string, HTMLElement>} nodes by key
   * @param {() => void} render
   */
  constructor(thread, scrolling, pages, nodes, render) {
    this.#thread = thread;
    this.#scrolling = scrolling;
    this.#pages = pages;
    this.#nodes = nodes;
    this.#quotes = new Quotes((mids) => bus.ask("quoted", this.#conv, mids), render);
    const [box, list] = [part(thread, "scroll"), part(thread, "messages")];
    this.#near = new IntersectionObserver((seen) => this.#moved(seen), { root: box, rootMargin: NEAR });
    list.addEventListener("click", (event) => void this.#clicked(event));
    list.addEventListener("focusin", (event) => settle(list, event));
    part(thread, "back").addEventListener("click", () => void this.#back());
    part(thread, "jump").addEventListener("click", () => this.#leave());
    box.addEventListener("scroll", () => this.#look(), { passive: true });
  }

  get #conv() {
    return this.#thread.getAttribute("conv") ?? "";
  }

  /** @returns {() => void} stops it */
  listen() {
    const here = (/** @type {Message} */ message) => message.conv === this.#conv && this.#quotes.heard(message);
    const stops = [bus.on("message", ({ message }) => here(message)), bus.on("retold", here)];
    return () => {
      for (const stop of stops) stop();
    };
  }

  /** Another conversation, or another history of it. */
  forget() {
    this.#quotes.forget();
    this.#leave();
  }

  /** Nobody wants to go back any more. */
  #leave() {
    this.#from = [];
    this.#look();
  }

  /** Before its bubbles are filled. @param {Held} held */
  hold({ messages, only, entries }) {
    this.#deletions = entries.filter(({ content, failed }) => content.t === "del" && !failed);
    const all = [...messages, ...only];
    const mids = [...all, ...entries].flatMap(({ content }) => answered(content) ?? []);
    void this.#quotes.want(mids, all);
  }

  /** @param {HTMLElement} node @param {Bubble} bubble @param {Summary | undefined} chat */
  fill(node, bubble, chat) {
    const { message, entry } = bubble;
    const mid = message?.gone || message?.broken ? undefined : answered((message ?? entry)?.content);
    if (!mid && !this.#shown.has(node)) return; // none, as the template has it
    const original = mid ? this.#original(mid, message, chat?.row.cleared ?? 0) : undefined;
    const quote = quoteOf(original, nameOf(chat?.contact));
    const shown = mid ? JSON.stringify([quote, Boolean(original)]) : "";
    if (this.#shown.get(node) === shown) return;
    this.#shown.set(node, shown);
    const button = /** @type {HTMLButtonElement} */ (part(node, "quote"));
    button.hidden = !mid;
    button.disabled = !original;
    button.setAttribute("aria-label", quote.label);
    fillQuote(node, "quote", quote);
    this.#pictureOf(node).show(quote.picture);
  }

  /** @param {string} mid @param {Message | undefined} answer @param {number} cleared @returns {Message | undefined} */
  #original(mid, answer, cleared) {
    const found = this.#quotes.get(mid);
    if (!found || !isOriginal(found, answer, cleared)) return undefined;
    const going = this.#deletions.some(({ content }) => deletes({ content, mine: true }, found));
    return going ? emptied(found, "deleted") : found;
  }

  /** @param {HTMLElement} node */
  #pictureOf(node) {
    const image = /** @type {HTMLImageElement} */ (part(node, "quote-picture"));
    const picture = this.#pictures.get(image) ?? new QuotePicture(image);
    if (!this.#pictures.has(image)) {
      this.#pictures.set(image, picture);
      this.#near.observe(part(node, "quote"));
    }
    return picture;
  }

  /** @param {IntersectionObserverEntry[]} seen told as well of what was taken out of the page */
  #moved(seen) {
    for (const { target, isIntersecting } of seen) {
      const picture = this.#pictures.get(part(target, "quote-picture"));
      if (isIntersecting) picture?.near();
      else picture?.far();
    }
  }

  /** @param {Event} event */
  async #clicked(event) {
    const node = /** @type {HTMLElement} */ (event.target).closest("[data-act='quote']")?.closest("[data-key]");
    const bubble = node && bubbleOf(node);
    if (!bubble) return;
    const mid = answered((bubble.message ?? bubble.entry)?.content) ?? "";
    const original = this.#quotes.get(mid);
    if (!original || !(await this.#go(placeOf(original)))) return;
    this.#from.push(bubble.message ? placeOf(bubble.message) : { key: bubble.key, seq: undefined });
    this.#look();
  }

  /** To the answer that somebody came from. */
  async #back() {
    const place = this.#from.pop();
    const there = place && (await this.#go(place));
    if (place && !there && place.seq === undefined) this.#scrolling.toEnd(); // it was sent meanwhile
    this.#look();
  }

  /** Shows a message, however far away it is. @param {Place} place @returns {Promise<boolean>} false: it did not come */
  async #go({ key, seq }) {
    const conv = this.#conv;
    if (!this.#nodes.has(key)) await this.#pages.replace(around(seq));
    const node = conv === this.#conv ? this.#nodes.get(key) : undefined;
    if (!node) return false;
    this.#scrolling.toMiddle(node);
    node.dataset.found = "";
    setTimeout(() => delete node.dataset.found, FOUND_MS);
    /** @type {HTMLElement | null} */ (node.querySelector("[data-act='details']"))?.focus({ preventScroll: true });
    return true;
  }

  /** Who sees the answer again is back. */
  #look() {
    const node = this.#nodes.get(this.#from.at(-1)?.key ?? "");
    if (node && this.#scrolling.shows(node)) this.#from.pop();
    part(this.#thread, "back").hidden = !this.#from.length;
  }
}

/** The Tab key stops at the quote of the message where the reader is, not at those of all. @param {HTMLElement} list @param {Event} event */
function settle(list, event) {
  const at = /** @type {HTMLElement} */ (event.target).closest("[data-key]");
  const quotes = /** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll("[data-act='quote']"));
  for (const quote of quotes) quote.tabIndex = at?.contains(quote) ? 0 : -1;
}
