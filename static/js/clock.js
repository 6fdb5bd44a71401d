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

/**
 * What is left of `ms` since a moment that was kept: never more, though the clock was set back since.
 * @param {Clock} clock
 * @param {number} since
 * @param {number} ms
 */
export function remaining(clock, since, ms) {
  return Math.min(ms, Math.max(0, since + ms - clock.now()));
}

/**
 * A clock whose timers all end with the work that set them.
 * @param {Clock} clock
 * @returns {Clock & {stop: () => void}}
 */
export function stoppable(clock) {
  /** @type {Set<number | undefined>} */
  const running = new Set();
  let stopped = false;
  return {
    ...clock,
    after: (ms, then) => {
      if (stopped) return 0;
      const timer = clock.after(ms, () => {
        running.delete(timer);
        then();
      });
      running.add(timer);
      return timer;
    },
    cancel: (timer) => {
      running.delete(timer);
      clock.cancel(timer);
    },
    stop: () => {
      stopped = true;
      for (const timer of running) clock.cancel(timer);
      running.clear();
    },
  };
}
