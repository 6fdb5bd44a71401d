// Times in the language of the page and the reader's own clock.

import { gettext } from "./text.js";
import { sameDay } from "./threadlayout.js";

const DAY_MS = 24 * 60 * 60 * 1000;
const WEEK_MS = 7 * DAY_MS;

const language = () => globalThis.document?.documentElement.lang || "en";

/** @param {Intl.DateTimeFormatOptions} options */
const formatter = (options) => new Intl.DateTimeFormat(language(), options);

/** 14:05 @param {number} ms */
export function clockTime(ms) {
  return formatter({ hour: "numeric", minute: "2-digit" }).format(ms);
}

/** For a hint: the whole of it. @param {number} ms */
export function fullTime(ms) {
  return formatter({ dateStyle: "full", timeStyle: "short" }).format(ms);
}

/** Above the messages of a day. @param {number} ms @param {number} [now] */
export function dayName(ms, now = Date.now()) {
  if (sameDay(ms, now)) return gettext("Today");
  if (sameDay(ms, now - DAY_MS)) return gettext("Yesterday");
  if (now - ms < WEEK_MS && ms < now) return formatter({ weekday: "long" }).format(ms);
  const sameYear = new Date(ms).getFullYear() === new Date(now).getFullYear();
  return formatter({ weekday: "short", day: "numeric", month: "long", ...(!sameYear && { year: "numeric" }) }).format(
    ms,
  );
}

/** In the list of chats: as short as it can be. @param {number} ms @param {number} [now] */
export function shortTime(ms, now = Date.now()) {
  if (sameDay(ms, now)) return clockTime(ms);
  if (sameDay(ms, now - DAY_MS)) return gettext("Yesterday");
  if (now - ms < WEEK_MS && ms < now) return formatter({ weekday: "short" }).format(ms);
  return formatter({ dateStyle: "short" }).format(ms);
}
