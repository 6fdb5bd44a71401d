// The quick ways to answer a message: a finger that pulls it aside, the button beside it, and a key.

import { canBeAnswered } from "../chat/quoting.js";
import { bubbleOf } from "./bubbles.js";

/** @typedef {import("../sync/decrypt.js").Message} Message */
/** @typedef {{x: number, y: number}} Point */
/** @typedef {(message: Message) => void} Answer */

const KEY = "r";
const BEGINS_PX = 12; // less is a finger that is not quite still
const ANSWERS_PX = 56; // so far it is pulled, to be answered
const FAR_PX = 72; // and no further
const EDGE_PX = 24; // of the window: there a finger goes back to the page before

/** What of a bubble can be answered. @param {Pick<import("./threadlayout.js").Bubble, "message" | "only" | "deleting"> | undefined} bubble @returns {Message | undefined} */
export function answerable(bubble) {
  const { message, only, deleting } = bubble ?? {};
  return message && !only && !deleting && canBeAnswered(message) ? message : undefined;
}

/**
 * How far a message follows the finger.
 * @param {Point} from
 * @param {Point} to
 * @param {1 | -1} forth 1: where one reads on lies to the right
 * @returns {{px: number, answers: boolean} | null} null: it scrolls, or goes elsewhere
 */
export function pulled(from, to, forth) {
  const [along, across] = [(to.x - from.x) * forth, Math.abs(to.y - from.y)];
  if (along < BEGINS_PX || across > along) return null;
  return { px: Math.min(along - BEGINS_PX, FAR_PX) * forth, answers: along >= ANSWERS_PX };
}

/** Whether this key press on a message that shows the focus answers it. @param {{key: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean, isComposing: boolean}} event */
export function isAnswerKey({ key, ctrlKey, metaKey, altKey, isComposing }) {
  return key.toLowerCase() === KEY && !ctrlKey && !metaKey && !altKey && !isComposing;
}

/** @param {HTMLElement} list of messages @param {Answer} answer @param {() => boolean} writable whether something can be sent */
export function wireReplying(list, answer, writable) {
  list.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("[data-act='reply']");
    if (button) answerNode(button, answer);
  });
  list.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    // Who clicked on a message and begins to write means the field: no ring is around it.
    if (!isAnswerKey(event) || !target.matches("[data-act='details']:focus-visible")) return;
    if (answerNode(target, answer)) event.preventDefault();
  });
  new Pull(list, answer, writable);
}

/** @param {Element} inside of a message @param {Answer} answer */
function answerNode(inside, answer) {
  const node = inside.closest("[data-key]");
  const message = answerable(node ? bubbleOf(node) : undefined);
  if (message) answer(message);
  return Boolean(message);
}

/** A message that a finger pulls aside. */
class Pull {
  /** @type {HTMLElement | null} */ #node = null;
  #from = { x: 0, y: 0 };
  #pulls = false;
  #answers = false;
  #answer;
  #writable;

  /** @param {HTMLElement} list @param {Answer} answer @param {() => boolean} writable */
  constructor(list, answer, writable) {
    this.#answer = answer;
    this.#writable = writable;
    list.addEventListener("pointerdown", (event) => this.#down(event));
    list.addEventListener("pointermove", (event) => this.#moves(event));
    list.addEventListener("pointerup", () => this.#up());
    list.addEventListener("pointercancel", () => this.#drop());
  }

  /** @param {PointerEvent} event */
  #down({ pointerType, isPrimary, target, clientX: x, clientY: y }) {
    this.#drop();
    const inside = /** @type {HTMLElement} */ (target);
    const node = /** @type {HTMLElement | null} */ (inside.closest("[data-key]"));
    const own = inside.closest("input, [role='slider']"); // has a use for such a move
    const edge = Math.min(x, innerWidth - x) < EDGE_PX;
    if (pointerType !== "touch" || !isPrimary || !node || own || edge || !this.#writable()) return;
    if (!answerable(bubbleOf(node))) return;
    [this.#node, this.#from] = [node, { x, y }];
  }

  /** @param {PointerEvent} event */
  #moves({ clientX: x, clientY: y, isPrimary }) {
    if (!this.#node) return;
    if (!isPrimary || document.querySelector("dialog[open]")) return this.#drop(); // it stayed, and its menu is open
    const forth = document.documentElement.dir === "rtl" ? -1 : 1;
    const pull = pulled(this.#from, { x, y }, forth);
    if (!pull && !this.#pulls && Math.abs(y - this.#from.y) > BEGINS_PX) return this.#drop();
    this.#pulls ||= Boolean(pull);
    this.#answers = Boolean(pull?.answers);
    this.#node.toggleAttribute("data-pulled", this.#pulls);
    this.#node.toggleAttribute("data-answers", this.#answers);
    this.#node.style.setProperty("--pulled", `${pull?.px ?? 0}px`);
  }

  #up() {
    const node = this.#answers ? this.#node : null;
    this.#drop();
    if (node) answerNode(node, this.#answer);
  }

  #drop() {
    for (const flag of ["data-pulled", "data-answers"]) this.#node?.removeAttribute(flag);
    this.#node?.style.removeProperty("--pulled");
    [this.#node, this.#pulls, this.#answers] = [null, false, false];
  }
}
