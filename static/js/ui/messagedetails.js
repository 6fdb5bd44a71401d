// The times of a message, shown under it on request: its clock is a button. One stop of the Tab key for
// the whole thread; the arrow keys go from message to message.

import { momentsOf } from "../chat/receipttimes.js";
import { format, gettext } from "../text.js";
import { momentTime } from "./when.js";

/** @typedef {import("./threadlayout.js").Bubble} Bubble */
/** @typedef {import("../chat/receipttimes.js").Moment} Moment */
/** @typedef {import("../tabs/bus.js").Summary} Summary */

export class MessageDetails {
  /** @type {string | undefined} */ #open; // key of the one message that shows its times
  /** @type {WeakSet<HTMLElement>} */ #opened = new WeakSet(); // nodes that show them
  #list;
  #changed;

  /** @param {HTMLElement} list of messages @param {() => void} changed */
  constructor(list, changed) {
    this.#list = list;
    this.#changed = changed;
    list.addEventListener("click", (event) => this.#toggle(event));
    list.addEventListener("keydown", (event) => this.#move(event));
  }

  /** Another conversation. */
  close() {
    this.#open = undefined;
  }

  /** @param {HTMLElement} node @param {Bubble} bubble @param {Summary | undefined} chat */
  fill(node, bubble, chat) {
    const open = this.#open === bubble.key;
    if (!open && !this.#opened.delete(node)) return; // closed, as the template has it
    if (open) this.#opened.add(node);
    const place = /** @type {HTMLElement} */ (node.querySelector("[data-part='details']"));
    const words = open ? detailsOf(bubble, chat) : "";
    if (place.textContent !== words) place.textContent = words;
    place.hidden = !words;
    const report = /** @type {HTMLElement | null} */ (node.querySelector("[data-act='report']"));
    if (report) report.hidden = !open || !canBeReported(bubble);
    buttonOf(node)?.setAttribute("aria-expanded", String(open));
  }

  /** The Tab key stops at the newest message, or where the reader was. */
  settle() {
    const buttons = this.#buttons();
    const stop = buttons.find((button) => button === document.activeElement) ?? buttons.at(-1);
    for (const button of buttons) {
      const index = button === stop ? 0 : -1;
      if (button.tabIndex !== index || !button.hasAttribute("tabindex")) button.tabIndex = index;
    }
  }

  /** @param {Event} event */
  #toggle(event) {
    const button = /** @type {HTMLElement} */ (event.target).closest("[data-act='details']");
    const key = /** @type {HTMLElement | null | undefined} */ (button?.closest("[data-key]"))?.dataset.key;
    if (!key) return;
    this.#open = this.#open === key ? undefined : key;
    this.#changed();
  }

  /** @param {KeyboardEvent} event */
  #move(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const buttons = this.#buttons();
    const at = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    if (!step || at < 0) return;
    event.preventDefault();
    buttons[at + step]?.focus();
    this.settle();
  }

  #buttons() {
    return /** @type {HTMLElement[]} */ ([...this.#list.querySelectorAll("[data-act='details']")]);
  }
}

/**
 * @param {Bubble} bubble
 * @param {Pick<Summary, "row" | "steps"> | undefined} chat
 * @returns {string} Sent 14:02 · Delivered 14:02 · Read 14:05
 */
export function detailsOf({ message, entry, only, time, mine }, chat) {
  if (only) return format(gettext("Sent {time}, only on this device now"), { time: momentTime(time) });
  if (entry) return format(gettext("Written {time}, not sent yet"), { time: momentTime(time) });
  const words = [format(gettext("Sent {time}"), { time: momentTime(time) })];
  if (message && mine && chat) {
    const { delivered, read } = momentsOf(chat.steps, message.seq, chat.row);
    if (delivered) words.push(deliveredWords(delivered));
    if (read) words.push(readWords(read));
  }
  return words.join(" · ");
}

/** @param {Moment} moment */
function deliveredWords({ time, exact }) {
  return format(exact ? gettext("Delivered {time}") : gettext("Delivered by {time}"), { time: momentTime(time) });
}

/** @param {Moment} moment */
function readWords({ time, exact }) {
  return format(exact ? gettext("Read {time}") : gettext("Read by {time}"), { time: momentTime(time) });
}

/** What the server has no more, or this browser cannot open, nobody can prove. @param {Bubble} bubble */
function canBeReported({ message, only, mine }) {
  return Boolean(message && !only && !mine && !message.gone && !message.broken);
}

/** @param {HTMLElement} node @returns {HTMLElement | null} */
function buttonOf(node) {
  return node.querySelector("[data-act='details']");
}
