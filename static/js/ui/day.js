// Calendar days of the reader's zone. A day has 23, 24 or 25 hours: nothing here multiplies by 24.

import { wallClock } from "../clock.js";

const UTC_DAY_MS = 86_400_000; // of the days counted here, which have no summer time

/** The number of the day on the reader's calendar. @param {number} ms */
function dayNumber(ms) {
  const at = new Date(ms);
  return Date.UTC(at.getFullYear(), at.getMonth(), at.getDate()) / UTC_DAY_MS;
}

/** How many midnights lie between: 1 = yesterday. @param {number} ms @param {number} now */
export function daysAgo(ms, now) {
  return dayNumber(now) - dayNumber(ms);
}

/** @param {number} a @param {number} b */
export function sameDay(a, b) {
  return daysAgo(a, b) === 0;
}

/**
 * Calls whenever another day has begun, so that a page left open overnight does not say "Today" of
 * yesterday. A machine that slept through midnight notices when its page is shown again.
 * @param {() => void} then
 * @param {import("../clock.js").Clock} clock
 * @returns {() => void} ends it
 */
export function onNewDay(then, clock = wallClock) {
  const page = globalThis.document;
  let shown = clock.now();
  /** @type {number | undefined} */
  let timer;
  const look = () => {
    const now = clock.now();
    clock.cancel(timer);
    timer = clock.after(untilMidnight(now), look);
    if (sameDay(shown, now)) return;
    shown = now;
    then();
  };
  look();
  page?.addEventListener("visibilitychange", look);
  return () => {
    clock.cancel(timer);
    page?.removeEventListener("visibilitychange", look);
  };
}

/** @param {number} now */
function untilMidnight(now) {
  const midnight = new Date(now);
  midnight.setHours(24, 0, 0, 0);
  return midnight.getTime() - now;
}
