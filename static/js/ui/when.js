// Times in the language of the page and the reader's own clock. A date has one form everywhere: the
// medium one of the language. The name of a weekday stands for the last six days alone.

import { locale } from "../language.js";
import { format, gettext } from "../text.js";
import { daysAgo, sameDay } from "./day.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const WEEK_DAYS = 7;

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
  return formatter({ timeStyle: "short" }).format(ms);
}

/** 24 Dec 2024 @param {number} ms */
export function date(ms) {
  return formatter({ dateStyle: "medium" }).format(ms);
}

/** The whole of it: 24 Dec 2024, 14:05 @param {number} ms */
export function fullTime(ms) {
  return formatter({ dateStyle: "medium", timeStyle: "short" }).format(ms);
}

/** 14:05 today, with the date otherwise. @param {number} ms @param {number} [now] */
export function momentTime(ms, now = Date.now()) {
  return sameDay(ms, now) ? clockTime(ms) : fullTime(ms);
}

/** How long ago, in the largest unit that fits. @param {number} ms @param {number} [now] */
export function ago(ms, now = Date.now()) {
  const words = new Intl.RelativeTimeFormat(locale(), { numeric: "auto" });
  const passed = Math.max(0, now - ms); // the server's clock may be ahead
  if (passed < HOUR_MS) return words.format(-Math.floor(passed / MINUTE_MS), "minute");
  if (passed < DAY_MS) return words.format(-Math.floor(passed / HOUR_MS), "hour");
  return words.format(-daysAgo(ms, now), "day");
}

/** @param {number} ms @param {number} [now] */
export function lastSeen(ms, now = Date.now()) {
  const time = clockTime(ms);
  const days = daysAgo(ms, now);
  if (days === 0) return format(gettext("Last seen today at {time}"), { time });
  if (days === 1) return format(gettext("Last seen yesterday at {time}"), { time });
  return format(gettext("Last seen on {day} at {time}"), { day: dayName(ms, now), time });
}

/** Above the messages of a day. @param {number} ms @param {number} [now] */
export function dayName(ms, now = Date.now()) {
  return sameDay(ms, now) ? gettext("Today") : pastDay(ms, now, "long");
}

/** In the list of chats: as short as it can be. @param {number} ms @param {number} [now] */
export function shortTime(ms, now = Date.now()) {
  return sameDay(ms, now) ? clockTime(ms) : pastDay(ms, now, "short");
}

/** @param {number} ms @param {number} now @param {"long" | "short"} weekday */
function pastDay(ms, now, weekday) {
  const days = daysAgo(ms, now);
  if (days === 1) return gettext("Yesterday");
  return days > 1 && days < WEEK_DAYS ? formatter({ weekday }).format(ms) : date(ms);
}
