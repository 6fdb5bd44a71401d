// Time and chance as an argument, so that tests can move them.

/**
 * @typedef {object} Clock
 * @property {() => number} now ms
 * @property {(ms: number, then: () => void) => number} after
 * @property {(timer: number | undefined) => void} cancel
 * @property {(least: number, most: number) => number} between a random number
 */

/** @type {Clock} */
export const wallClock = {
  now: () => Date.now(),
  after: (ms, then) => Number(setTimeout(then, ms)),
  cancel: (timer) => clearTimeout(timer),
  between: (least, most) => least + Math.random() * (most - least),
};
