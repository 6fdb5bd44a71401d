// How a thread brings the pages of a conversation.

import assert from "node:assert/strict";
import test from "node:test";

import { FirstUnread } from "../../static/js/ui/firstunread.js";
import { Paging } from "../../static/js/ui/paging.js";

const HAVE = 200;
const SIZE = 40;

/** Answers when it is told to. */
class Log {
  asked = [];
  answers = [];

  ask = (before = HAVE + 1) => {
    this.asked.push(before);
    return new Promise((done, failed) => this.answers.push({ before, done, failed }));
  };

  async answer() {
    const { before, done } = this.answers.shift();
    const last = Math.min(before - 1, HAVE);
    const first = Math.max(1, before - SIZE);
    const messages = Array.from({ length: last - first + 1 }, (_, i) => ({ seq: first + i, ord: first + i, kind: 1 }));
    done({ messages, more: first > 1, have: HAVE, notices: [], entries: [] });
    await turns();
  }

  async fail() {
    this.answers.shift().failed(new Error("not connected"));
    await turns();
  }
}

const turns = () => new Promise((done) => setImmediate(done));

function opened() {
  const log = new Log();
  const shown = [];
  const pages = new Paging({ ask: log.ask, begins: () => {}, ends: (page) => shown.push(page) });
  return { log, pages, shown };
}

test("one page at a time, and another place waits for what is on its way", async () => {
  const { log, pages } = opened();
  const first = pages.replace();
  await log.answer();
  assert.ok(await first);
  const older = pages.older();
  assert.equal(await pages.older(), false);
  const elsewhere = pages.replace(60);
  assert.deepEqual(log.asked, [HAVE + 1, HAVE - SIZE + 1]);
  await log.answer();
  assert.ok(await older);
  await log.answer();
  assert.ok(await elsewhere);
  assert.deepEqual([pages.window.first, pages.window.last], [20, 59]);
});

test("what was asked for another conversation is not heard, and nobody waits for it", async () => {
  const { log, pages, shown } = opened();
  const before = pages.replace();
  pages.forget();
  const after = pages.replace(100);
  assert.equal(log.asked.length, 2);
  await log.answer();
  assert.equal(await before, false);
  assert.equal(shown.length, 0);
  assert.equal(pages.window.size, 0);
  await log.answer();
  assert.ok(await after);
  assert.equal(pages.window.last, 99);
});

test("without a connection it says so, and scrolling on asks again", async () => {
  const { log, pages, shown } = opened();
  const first = pages.replace();
  await log.answer();
  await first;
  const older = pages.older();
  await log.fail();
  assert.equal(await older, false);
  assert.equal(shown.at(-1), null);
  const again = pages.older();
  await log.answer();
  assert.ok(await again);
});

test("the way back to the first unread message is offered to who jumped over some, until they were there", () => {
  const first = new FirstUnread();
  assert.ok(!first.offered(true)); // came down by reading
  first.leap();
  assert.ok(first.offered(true));
  assert.ok(!first.offered(false)); // and was there
  assert.ok(!first.offered(true));
  first.leap();
  first.forget();
  assert.ok(!first.offered(true));
});

test("where reading begins is taken once, and one page shows it", async () => {
  const { log, pages } = opened();
  const first = new FirstUnread();
  const chat = (unread, read) => ({ unread, row: { my_read: read, my_read_ord: read } });
  assert.ok(!first.take(chat(0, HAVE)));
  assert.equal(first.before, undefined);
  assert.ok(first.take(chat(HAVE - 90, 90)));
  assert.ok(!first.take(chat(HAVE - 100, 100)));
  assert.equal(first.ord, 91);
  const there = pages.replace(first.before);
  await log.answer();
  await there;
  assert.ok(first.knownIn(pages.window));
  assert.ok(pages.window.get(90) && pages.window.get(91));
  const end = pages.replace();
  await log.answer();
  await end;
  assert.ok(!first.knownIn(pages.window));
  assert.ok(first.isAbove(pages.window));
  const top = pages.replace(50);
  await log.answer();
  await top;
  assert.ok(!first.isAbove(pages.window));
});
