// Whether somebody looks at this window: it is in front, and a hand moved not long ago. A laptop
// left open reads nothing.

export const IDLE_MS = 5 * 60 * 1000;

const SIGNS = /** @type {const} */ (["focus", "pointermove", "pointerdown", "keydown", "wheel", "touchstart"]);

/** @type {(() => void)[]} */
const listeners = [];
let moved = Date.now();

/** Hears of somebody who comes back after a while. @param {() => void} listener */
export function onReturn(listener) {
  if (!listeners.length) {
    for (const sign of SIGNS) addEventListener(sign, noticed, { passive: true, capture: true });
  }
  listeners.push(listener);
}

export function attentive() {
  return document.hasFocus() && !document.hidden && !idle();
}

function noticed() {
  const away = idle();
  moved = Date.now();
  if (away) for (const listener of listeners) listener();
}

function idle() {
  return Date.now() - moved > IDLE_MS;
}
