// The sheet on which picked files are looked at before they are sent: each as it will be sent, in its
// order, with the caption below.

import { format, gettext, ngettext } from "../text.js";
import { fillItem, letGo, nodeOfItem } from "./attachitem.js";
import { sizeWords } from "./attachmentwords.js";
import { part } from "./bubbles.js";
import { sends } from "./composing.js";
import { ATTACHMENTS_MAX, tooMuch } from "./trays.js";

/** @typedef {import("./trays.js").Item} Item */
/** @typedef {import("./trays.js").Room} Room */
/**
 * @typedef {object} Acts
 * @property {(id: string) => void} remove
 * @property {(id: string, by: number) => void} move
 * @property {(item: Item, base: string) => void} rename its ending stays
 * @property {(id: string, how: import("./preparing.js").How) => void} redo
 * @property {(text: string) => void} caption
 * @property {() => void} send
 * @property {() => void} discard
 * @property {() => void} closed
 */
/** @typedef {{items: readonly Item[], name: string, room: Room | null, problem: string}} Shown */

export class AttachSheet {
  #dialog;
  #acts;
  /** @type {Map<string, HTMLElement>} */ #nodes = new Map();
  /** @type {Shown | undefined} */ #shown;

  /** @param {HTMLElement} owner holds the parts @param {Acts} acts */
  constructor(owner, acts) {
    this.#dialog = /** @type {HTMLDialogElement} */ (part(owner, "sheet"));
    this.#acts = acts;
    this.#dialog.addEventListener("click", (event) => this.#clicked(event));
    this.#dialog.addEventListener("input", (event) => this.#typed(event));
    this.#dialog.addEventListener("keydown", (event) => this.#key(event));
    this.#dialog.addEventListener("close", () => this.#closed());
  }

  get isOpen() {
    return this.#dialog.open;
  }

  get #caption() {
    return /** @type {HTMLTextAreaElement} */ (part(this.#dialog, "caption"));
  }

  /** @param {string} caption what stands in the field of the chat */
  open(caption) {
    this.#caption.value = caption;
    if (!this.#dialog.open) this.#dialog.showModal();
    // Who has keys goes on writing; on a phone the keyboard would cover what is sent.
    (matchMedia("(pointer: fine)").matches ? this.#caption : part(this.#dialog, "title")).focus();
  }

  close() {
    this.#dialog.close();
  }

  /** @param {Shown} shown */
  show(shown) {
    this.#shown = shown;
    const { items, name, problem, room } = shown;
    const over = tooMuch(items, this.#caption.value, room);
    part(this.#dialog, "title").textContent = format(gettext("Send to {name}"), { name });
    this.#list(items, over, room);
    const stuck = items.filter((item) => item.state === "asks" || item.state === "gone" || item === over?.item);
    const all = over && !over.item ? whole(over.code, room, items.length - ATTACHMENTS_MAX) : "";
    const words = problem || all || stuckWords(stuck.length);
    put(part(this.#dialog, "sheet-problem"), words);
    part(this.#dialog, "sheet-problem").hidden = !words;
    put(part(this.#dialog, "sum"), sumOf(items));
    put(part(this.#dialog, "progress"), progressOf(items));
    const ready = items.length > 0 && items.every(({ state }) => state === "ready");
    /** @type {HTMLButtonElement} */ (this.#dialog.querySelector("[data-act='send']")).disabled =
      !ready || Boolean(over);
  }

  /** @param {readonly Item[]} items @param {ReturnType<typeof tooMuch>} over @param {Room | null} room */
  #list(items, over, room) {
    const list = part(this.#dialog, "items");
    const ids = new Set(items.map(({ id }) => id));
    for (const [id, node] of this.#nodes) if (!ids.has(id)) this.#drop(id, node);
    for (const [at, item] of items.entries()) {
      const node = this.#nodes.get(item.id) ?? nodeOfItem(item);
      this.#nodes.set(item.id, node);
      fillItem(node, item, { at, count: items.length }, over?.item === item ? tooLarge(room) : "");
      if (list.children[at] !== node) list.insertBefore(node, list.children[at] ?? null);
    }
  }

  /** The focus goes on to its neighbour. @param {string} id @param {HTMLElement} node */
  #drop(id, node) {
    const next = /** @type {HTMLElement | null} */ (node.nextElementSibling ?? node.previousElementSibling);
    const had = node.contains(document.activeElement);
    letGo(node);
    node.remove();
    this.#nodes.delete(id);
    if (!had) return;
    if (next) part(next, "remove").focus();
    else part(this.#dialog, "title").focus();
  }

  #closed() {
    for (const [id, node] of this.#nodes) this.#drop(id, node);
    this.#acts.closed();
  }

  /** @param {Event} event @returns {Item | undefined} the one in which it happened */
  #itemOf(event) {
    const id = /** @type {HTMLElement} */ (event.target).closest(".attach-item")?.getAttribute("data-id");
    return this.#shown?.items.find((item) => item.id === id);
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const act = /** @type {HTMLElement} */ (event.target).closest("[data-act]")?.getAttribute("data-act");
    if (act === "close") return this.close();
    if (act === "send") return this.#acts.send();
    if (act === "discard") return this.#acts.discard();
    const item = this.#itemOf(event);
    if (!item || !act) return;
    if (act === "remove") this.#acts.remove(item.id);
    if (act === "as-file") this.#acts.redo(item.id, "file");
    if (act === "earlier") this.#acts.move(item.id, -1);
    if (act === "later") this.#acts.move(item.id, 1);
    if (act === "earlier" || act === "later") this.#follow(item.id, act);
  }

  /** What moved keeps the focus, on the tool that can still be used. @param {string} id @param {string} tool */
  #follow(id, tool) {
    const node = this.#nodes.get(id);
    if (!node) return;
    const used = /** @type {HTMLButtonElement} */ (part(node, tool));
    (used.disabled ? part(node, tool === "earlier" ? "later" : "earlier") : used).focus();
  }

  /** @param {Event} event */
  #typed(event) {
    const typed = /** @type {HTMLInputElement} */ (event.target);
    const item = this.#itemOf(event);
    if (typed === /** @type {unknown} */ (this.#caption)) this.#acts.caption(typed.value);
    else if (item && typed.dataset.part === "name") this.#acts.rename(item, typed.value);
    else if (item && typed.dataset.part === "alt") item.alt = typed.value;
    else if (item && typed.dataset.part === "original") {
      this.#acts.redo(item.id, typed.checked ? "original" : "clean");
    }
    if (this.#shown) this.show(this.#shown);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.target !== this.#caption || !sends(event, matchMedia("(pointer: coarse)").matches)) return;
    event.preventDefault();
    const button = /** @type {HTMLButtonElement} */ (this.#dialog.querySelector("[data-act='send']"));
    if (!button.disabled) this.#acts.send();
  }
}

/** @param {Element} place @param {string} words the same ones are not said twice */
function put(place, words) {
  if (place.textContent !== words) place.textContent = words;
}

/** @param {readonly Item[]} items */
function sumOf(items) {
  const bytes = items.reduce((sum, { prepared, file }) => sum + (prepared?.bytes ?? file).size, 0);
  const count = items.length;
  return format(ngettext("{count} file, {size}", "{count} files, {size}", count), { count, size: sizeWords(bytes) });
}

/** What hinders may be out of sight among ten. @param {number} count */
function stuckWords(count) {
  if (!count) return "";
  const words = ngettext(
    "{count} file cannot go like this. See what it says.",
    "{count} files cannot go like this. See what they say.",
    count,
  );
  return format(words, { count });
}

/** @param {readonly Item[]} items */
function progressOf(items) {
  const left = items.filter(({ state }) => state === "preparing").length;
  const ready = items.length > 0 && items.every(({ state }) => state === "ready");
  if (!left) return ready ? gettext("Everything is ready.") : "";
  return format(ngettext("{count} file is being prepared.", "{count} files are being prepared.", left), {
    count: left,
  });
}

/** @param {Room | null} room */
function tooLarge(room) {
  const limit = sizeWords(room?.fileMax ?? 0);
  return format(gettext("Too large: this site takes files of up to {limit}."), { limit });
}

/** @param {string} code @param {Room | null} room @param {number} count more than one message takes */
function whole(code, room, count) {
  if (code === "too_many") {
    const words = ngettext(
      "Ten files go in one message: remove {count}.",
      "Ten files go in one message: remove {count}.",
      count,
    );
    return format(words, { count });
  }
  if (code === "too_long")
    return gettext("Caption and descriptions are too long for one message. Shorten them, or send fewer files at once.");
  const left = sizeWords(Math.max(0, room?.left ?? 0));
  return format(
    gettext("There is room for {left} more in your storage on this server. Remove something, or send smaller files."),
    {
      left,
    },
  );
}
