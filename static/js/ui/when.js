// Times in the language of the page and the reader's own clock.

import { locale } from "../language.js";
import { format, gettext } from "../text.js";
import { sameDay } from "./threadlayout.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;

/** @type {Map<string, Intl.DateTimeFormat>} making one costs more than all that it will format */
const formatters = new Map();

/** @param {Intl.DateTimeFormatOptions} options */
function formatter(options) {
  const key = locale() + JSON.stringify(options);
  const known = formatters.get(key) ?? new Intl.DateTimeFormat(locale(), options);
  formatters.set(key, known);
  return known;
}

/** 14:05 @param {number} ms */
export function clockTime(ms) {
  return formatter({ hour: "numeric", minute: "2-digit" }).format(ms);
}

/** A day of some other year. @param {number} ms */
export function date(ms) {
  return formatter({ dateStyle: "medium" }).format(ms);
}

/** How long ago, in the largest unit that fits. @param {number} ms @param {number} [now] */
export function ago(ms, now = Date.now()) {
  const words = new Intl.RelativeTimeFormat(locale(), { numeric: "auto" });
  const passed = now - ms;
  if (passed < HOUR_MS) return words.format(-Math.floor(passed / MINUTE_MS), "minute");
  if (passed < DAY_MS) return words.format(-Math.floor(passed / HOUR_MS), "hour");
  return words.format(-Math.floor(passed / DAY_MS), "day");
}

/** 14:05 today, with the date otherwise. @param {number} ms @param {number} [now] */
export function momentTime(ms, now = Date.now()) {
  return sameDay(ms, now) ? clockTime(ms) : formatter({ dateStyle: "medium", timeStyle: "short" }).format(ms);
}

/** @param {number} ms @param {number} [now] */
export function lastSeen(ms, now = Date.now()) {
  const time = clockTime(ms);
  if (sameDay(ms, now)) return format(gettext("Last seen today at {time}"), { time });
  if (sameDay(ms, now - DAY_MS)) return format(gettext("Last seen yesterday at {time}"), { time });
  return format(gettext("Last seen on {day} at {time}"), { day: dayName(ms, now), time });
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
