// Fingers, mouse and wheel on a stage, told as zooming, moving, swiping and tapping twice.

/**
 * @typedef {object} Heard
 * @property {(factor: number, px: number, py: number, dx?: number, dy?: number) => void} zoom about a point, from the
 *   middle of the stage, which has come there by so much
 * @property {(dx: number, dy: number) => void} move
 * @property {(direction: 1 | -1) => void} swipe 1: the finger went to the left
 * @property {(px: number, py: number) => void} twice
 * @property {() => boolean} zoomed then one finger moves, else it swipes
 */

const SWIPE_PX = 56;
const TWICE_MS = 320;
const TWICE_PX = 32;
const WHEEL = 0.0018; // a notch is about 100
const PINCH_WHEEL = 0.01; // of a touchpad, which the browser tells as a wheel with Ctrl

export class Gestures {
  /** @type {Map<number, {x: number, y: number}>} fingers on the stage */ #down = new Map();
  #from = { x: 0, y: 0 }; // where the first finger came down
  #alone = true; // no second finger joined it
  #tap = { x: 0, y: 0, time: Number.NEGATIVE_INFINITY };
  #stage;
  #heard;

  /** @param {HTMLElement} stage @param {Heard} heard */
  constructor(stage, heard) {
    this.#stage = stage;
    this.#heard = heard;
    stage.addEventListener("pointerdown", (event) => this.#begins(event));
    stage.addEventListener("pointermove", (event) => this.#moves(event));
    stage.addEventListener("pointerup", (event) => this.#ends(event));
    stage.addEventListener("pointercancel", (event) => void this.#down.delete(event.pointerId));
    stage.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  /** @param {PointerEvent} event */
  #begins(event) {
    if (event.button || isControl(event.target)) return;
    if (!this.#down.size) [this.#from, this.#alone] = [{ x: event.clientX, y: event.clientY }, true];
    else this.#alone = false;
    this.#down.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.#stage.setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  #moves(event) {
    const before = this.#down.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    const other = [...this.#down].find(([id]) => id !== event.pointerId)?.[1];
    this.#down.set(event.pointerId, now);
    if (other) this.#pinch(before, now, other);
    else if (this.#heard.zoomed()) this.#heard.move(now.x - before.x, now.y - before.y);
  }

  /** @param {{x: number, y: number}} before @param {{x: number, y: number}} now @param {{x: number, y: number}} other */
  #pinch(before, now, other) {
    const was = Math.hypot(before.x - other.x, before.y - other.y);
    const is = Math.hypot(now.x - other.x, now.y - other.y);
    const { px, py } = this.#point((now.x + other.x) / 2, (now.y + other.y) / 2);
    if (was > 0) this.#heard.zoom(is / was, px, py, (now.x - before.x) / 2, (now.y - before.y) / 2);
  }

  /** @param {PointerEvent} event */
  #ends(event) {
    if (!this.#down.delete(event.pointerId) || !this.#alone || this.#down.size) return;
    const [dx, dy] = [event.clientX - this.#from.x, event.clientY - this.#from.y];
    if (Math.hypot(dx, dy) < TWICE_PX) return this.#tapped(event);
    if (!this.#heard.zoomed() && Math.abs(dx) > SWIPE_PX && Math.abs(dx) > Math.abs(dy))
      this.#heard.swipe(dx < 0 ? 1 : -1);
  }

  /** @param {PointerEvent} event */
  #tapped({ clientX: x, clientY: y, timeStamp: time }) {
    const { px, py } = this.#point(x, y);
    const again = time - this.#tap.time < TWICE_MS && Math.hypot(x - this.#tap.x, y - this.#tap.y) < TWICE_PX;
    this.#tap = again ? { x, y, time: Number.NEGATIVE_INFINITY } : { x, y, time };
    if (again) this.#heard.twice(px, py);
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    event.preventDefault();
    const { px, py } = this.#point(event.clientX, event.clientY);
    this.#heard.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? PINCH_WHEEL : WHEEL)), px, py);
  }

  /** @param {number} x @param {number} y */
  #point(x, y) {
    const { left, top, width, height } = this.#stage.getBoundingClientRect();
    return { px: x - left - width / 2, py: y - top - height / 2 };
  }
}

/** @param {EventTarget | null} target */
function isControl(target) {
  return target instanceof Element && target.closest("video, button") !== null;
}
