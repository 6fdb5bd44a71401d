// Days are days of the calendar in the reader's zone. Berlin put its clocks forward on Sunday, 29 March 2026.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { onNewDay } from "../../static/js/ui/day.js";
import { ago, date, dayName, fullTime, lastSeen, momentTime, shortTime } from "../../static/js/ui/when.js";
import { MovedClock } from "./moved_clock.js";

const HOUR_MS = 3_600_000;
const before = process.env.TZ;
beforeEach(() => {
  process.env.TZ = "Europe/Berlin";
});
afterEach(() => {
  if (before === undefined) delete process.env.TZ;
  else process.env.TZ = before;
});

/** @param {number} day of March 2026, a month that began on a Sunday */
const march = (day, hour = 12, minute = 0) => new Date(2026, 2, day, hour, minute).getTime();
const spaced = (text) => text.replaceAll("\u202f", " ");

test("yesterday is the day before today, however many hours it had", () => {
  const now = march(30, 0, 30);
  assert.equal(dayName(march(29, 0, 5), now), "Yesterday");
  assert.equal(dayName(march(28, 23, 45), now), "Saturday");
  assert.equal(shortTime(march(28, 23, 45), now), "Sat");
  assert.match(lastSeen(march(28, 23, 45), now), /on Saturday at/);
  assert.match(lastSeen(march(29, 0, 5), now), /yesterday at/);
});

test("the day that clocks go back has 25 hours and is one day", () => {
  const now = new Date(2026, 9, 26, 0, 10).getTime();
  assert.equal(dayName(new Date(2026, 9, 25, 0, 5).getTime(), now), "Yesterday");
  const late = new Date(2026, 9, 25, 23, 50).getTime();
  assert.equal(dayName(new Date(2026, 9, 25, 0, 5).getTime(), late), "Today");
  assert.equal(ago(new Date(2026, 9, 25, 0, 5).getTime(), late), "today");
});

test("a weekday is named for the last six days, and never stands for today's own", () => {
  const now = march(23, 8);
  assert.equal(dayName(march(17, 0, 1), now), "Tuesday");
  assert.equal(shortTime(march(17, 0, 1), now), "Tue");
  for (const write of [dayName, shortTime]) assert.equal(write(march(16, 23), now), "Mar 16, 2026");
  assert.equal(dayName(march(24), now), "Mar 24, 2026", "what the future brings has a date");
});

test("a date has one form", () => {
  const [old, now] = [march(1, 14, 5), march(30)];
  const day = "Mar 1, 2026";
  assert.equal(date(old), day);
  assert.equal(dayName(old, now), day);
  assert.equal(shortTime(old, now), day);
  assert.equal(spaced(momentTime(old, now)), `${day}, 2:05 PM`);
  assert.equal(fullTime(old), momentTime(old, now));
  assert.equal(spaced(lastSeen(old, now)), `Last seen on ${day} at 2:05 PM`);
});

test("how long ago counts midnights once a day has passed", () => {
  const now = march(18, 0, 30);
  assert.equal(ago(now + HOUR_MS, now), "this minute", "a clock that is ahead");
  assert.equal(ago(march(18, 0, 10), now), "20 minutes ago");
  assert.equal(ago(march(17, 21), now), "3 hours ago");
  assert.equal(ago(march(17, 0, 5), now), "yesterday");
  assert.equal(ago(march(16, 23, 45), now), "2 days ago");
});

test("a page left open hears of each new day, and of nothing else", async () => {
  const clock = new MovedClock();
  await clock.pass(new Date(2026, 2, 28, 20).getTime() - clock.now());
  const heard = [];
  const stop = onNewDay(() => heard.push(new Date(clock.now()).getDate()), clock);
  await clock.pass(4 * HOUR_MS - 1);
  assert.deepEqual(heard, []);
  await clock.pass(1);
  assert.deepEqual(heard, [29]);
  await clock.pass(23 * HOUR_MS);
  assert.deepEqual(heard, [29, 30]);
  stop();
  await clock.pass(48 * HOUR_MS);
  assert.deepEqual(heard, [29, 30]);
});
