// What can be done with one message: a menu for a click with the right button, the button beside the message, the menu
// key of a keyboard, and a finger that stays on it.

import { STATE } from "../chat/contactstate.js";
import { QUICK } from "../chat/reactions.js";
import { bus } from "../tabs/bus.js";
import { gettext } from "../text.js";
import { bubbleOf, part } from "./bubbles.js";
import { askToDelete, deleteHere } from "./deleting.js";
import { explain } from "./explain.js";
import { nameOf } from "./person.js";
import { react } from "./reactionpills.js";
import { ReactionRow } from "./reactionrow.js";
import { answerable } from "./replying.js";
import { toast } from "./toast.js";
import { actOnUnsent, settleFocus } from "./unsentact.js";

/** @typedef {import("./threadlayout.js").Bubble} Bubble */
/** @typedef {{x: number, y: number}} Point */
/** @typedef {"reply" | "copy" | "everyone" | "here" | "unsent"} Act */
/** @typedef {import("../tabs/bus.js").Summary} Chat */

const LONG_PRESS_MS = 500;
const STILL_PX = 10; // a finger that moves further scrolls
const EDGE_PX = 8; // between menu and window

/**
 * @param {Bubble} bubble
 * @param {boolean} connected
 * @returns {Act[]}
 */
export function actsFor(bubble, connected) {
  const { message, entry, only, mine, deleting } = bubble;
  /** @type {Act[]} */
  const acts = connected && answerable(bubble) ? ["reply"] : [];
  if (message?.gone ? "" : (message ?? entry)?.content?.body) acts.push("copy");
  if (entry && !entry.sealed) acts.push("unsent"); // sealed, it may be in the log already
  if (!message?.mid) return acts;
  if (mine && connected && !only && !deleting && !message.gone && !message.broken) acts.push("everyone");
  return [...acts, "here"];
}

export class MessageMenu {
  /** @type {Bubble | undefined} */ #bubble;
  /** @type {Chat | undefined} */ #chat;
  /** @type {Element | undefined} the message that had the focus */ #from;
  #point = { x: 0, y: 0 }; // where it was asked for
  #finger = { x: 0, y: 0 };
  #touched = false; // the last pointer was a finger
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  #menu;
  #reply;
  #row;

  /**
   * @param {HTMLElement} list of messages
   * @param {HTMLDialogElement} menu
   * @param {(message: import("../sync/decrypt.js").Message) => void} reply
   */
  constructor(list, menu, reply) {
    this.#menu = menu;
    this.#reply = reply;
    const choose = (/** @type {string} */ emoji) => {
      menu.close();
      void react(this.#bubble, emoji);
    };
    this.#row = new ReactionRow(menu, choose, () => place(menu, this.#point));
    list.addEventListener("contextmenu", (event) => this.#context(event));
    list.addEventListener("click", (event) => this.#button(event));
    list.addEventListener("pointerdown", (event) => this.#down(event));
    list.addEventListener("pointermove", (event) => this.#moves(event));
    for (const end of ["pointerup", "pointercancel", "scroll"]) list.addEventListener(end, () => this.#up());
    menu.addEventListener("click", (event) => this.#pick(event));
    menu.addEventListener("keydown", (event) => this.#move(event));
    menu.addEventListener("close", () => this.#back());
  }

  /** @param {MouseEvent} event */
  #context(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    // What the browser offers for a link, a picture or a selection is of more use there.
    const own = this.#touched ? "a" : "a, img, video, audio";
    if (target.closest(own) || (!this.#touched && selects(target))) return;
    const node = target.closest("[data-key]");
    if (!node) return;
    event.preventDefault();
    const { left, bottom } = target.getBoundingClientRect();
    const keyboard = event.detail === 0 && event.button !== 2 && !this.#touched;
    void this.#open(node, keyboard ? { x: left, y: bottom } : { x: event.clientX, y: event.clientY });
  }

  /** @param {Event} event */
  #button(event) {
    const button = /** @type {HTMLElement} */ (event.target).closest("[data-act='message-menu']");
    const node = button?.closest("[data-key]");
    if (!button || !node) return;
    const { left, bottom } = button.getBoundingClientRect();
    void this.#open(node, { x: left, y: bottom }, button.matches("[data-reacts]"));
  }

  /** @param {PointerEvent} event */
  #down({ pointerType, clientX: x, clientY: y, target, isPrimary }) {
    this.#up();
    this.#touched = pointerType === "touch";
    const node = /** @type {HTMLElement} */ (target).closest("[data-key]");
    if (!this.#touched || !isPrimary || !node || /** @type {HTMLElement} */ (target).closest("a, input")) return;
    this.#finger = { x, y };
    this.#timer = setTimeout(() => {
      swallowClick();
      void this.#open(node, this.#finger);
    }, LONG_PRESS_MS);
  }

  /** @param {PointerEvent} event */
  #moves({ clientX, clientY }) {
    if (Math.hypot(clientX - this.#finger.x, clientY - this.#finger.y) > STILL_PX) this.#up();
  }

  #up() {
    clearTimeout(this.#timer);
  }

  /** @param {Element} node of the message @param {Point} point @param {boolean} [reacts] nothing else is offered */
  async #open(node, point, reacts = false) {
    this.#up();
    const bubble = bubbleOf(node);
    const conv = (bubble?.message ?? bubble?.entry)?.conv;
    if (!bubble || !conv || this.#menu.open) return;
    const { chat } = await bus.ask("opening", conv);
    const acts = actsFor(bubble, chat?.row.state === STATE.CONNECTED);
    const quick = await bus.ask("quickEmoji").catch(() => QUICK); // there is more in the menu than those
    if (!acts.length || this.#menu.open || !node.isConnected) return;
    [this.#bubble, this.#chat] = [bubble, chat];
    for (const act of /** @type {Act[]} */ (["reply", "copy", "everyone", "here", "unsent"]))
      part(this.#menu, act).hidden = reacts || !acts.includes(act);
    this.#row.show(bubble, acts.includes("reply") ? quick : []);
    this.#from = node.contains(document.activeElement) ? node : undefined;
    this.#menu.showModal();
    /** @type {HTMLElement | null} */ (this.#menu.querySelector(".menu-item:not([hidden])"))?.focus();
    this.#point = point;
    place(this.#menu, point);
  }

  /** @param {Event} event */
  #pick(event) {
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    if ((!button && event.target !== this.#menu) || button?.closest(".menu-reactions")) return;
    this.#menu.close();
    const [bubble, chat] = [this.#bubble, this.#chat];
    if (button?.dataset.part === "reply" && bubble?.message) return this.#reply(bubble.message);
    if (button && bubble && chat) void act(/** @type {Act} */ (button.dataset.part), bubble, nameOf(chat.contact));
  }

  /** The button beside the message was out of sight meanwhile: the browser cannot give the focus back to it. */
  #back() {
    const now = document.activeElement;
    if (now && now !== document.body && !this.#menu.contains(now)) return;
    /** @type {HTMLElement | null | undefined} */ (this.#from?.querySelector("[data-act='details']"))?.focus({
      preventScroll: true, // the times of a long message may be far below
    });
  }

  /** @param {KeyboardEvent} event */
  #move(event) {
    const field = event.target instanceof HTMLInputElement;
    const step = { ArrowUp: -1, ArrowDown: 1, ...(!field && { ArrowLeft: -1, ArrowRight: 1 }) }[event.key];
    const all = /** @type {HTMLElement[]} */ ([...this.#menu.querySelectorAll("button, input")]);
    const buttons = all.filter((one) => one.checkVisibility());
    if (!step) return;
    event.preventDefault();
    const at = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    buttons.at((at + step) % buttons.length)?.focus();
  }
}

/** @param {Act} what @param {Bubble} bubble @param {string} name of the other one */
async function act(what, { message, entry, mine }, name) {
  try {
    if (what === "copy") await copy((message ?? entry)?.content?.body ?? "");
    else if (what === "unsent" && entry) await actOnUnsent("discard", entry.id);
    else if (what === "everyone" && message) await askToDelete(message, name);
    else if (what === "here" && message) await deleteHere({ ...message, mine }, name);
    if (what !== "copy") settleFocus();
  } catch (error) {
    toast(explain(error));
  }
}

/** @param {string} words */
async function copy(words) {
  await navigator.clipboard.writeText(words);
  toast(gettext("Copied."));
}

/** Somebody has marked words there, to copy them. @param {HTMLElement} target */
function selects(target) {
  const selection = getSelection();
  return Boolean(selection && !selection.isCollapsed && selection.containsNode(target, true));
}

/** The finger that opened the menu leaves the message: that is no click on what lies under it. */
function swallowClick() {
  const swallow = (/** @type {Event} */ event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  addEventListener("click", swallow, { capture: true, once: true });
  addEventListener("pointerdown", () => removeEventListener("click", swallow, { capture: true }), {
    capture: true,
    once: true,
  });
}

/** Where it was asked for, and inside the window; on a phone the style sheet puts it at the foot. @param {HTMLElement} menu @param {Point} point */
function place(menu, { x, y }) {
  const { width, height } = menu.getBoundingClientRect();
  const within = (/** @type {number} */ at, /** @type {number} */ size, /** @type {number} */ room) =>
    `${Math.max(EDGE_PX, Math.min(at, room - size - EDGE_PX))}px`;
  menu.style.setProperty("--x", within(x, width, innerWidth));
  menu.style.setProperty("--y", within(y, height, innerHeight));
}
