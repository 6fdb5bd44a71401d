import assert from "node:assert/strict";
import { test } from "node:test";
import { PING_MS, SILENCE_MS, Tabs } from "../../static/js/tabs/tabs.js";
import { MovedClock, settle } from "./moved_clock.js";

/** A browser: one lock queue, one channel. What it carries is copied, as by structured clone. */
function browser() {
  const open = new Set();
  let queue = [];
  let holder;
  const next = () => {
    if (!holder && queue.length) hold(queue.shift());
  };
  const hold = (request) => {
    holder = request;
    request.hold().then(() => {
      request.done();
      if (holder !== request) return;
      holder = undefined;
      next();
    });
  };
  const locks = {
    request: (_name, { signal, steal }, held) =>
      new Promise((done, failed) => {
        const request = { hold: held, done, failed };
        signal?.addEventListener("abort", () => {
          if (!queue.includes(request)) return;
          queue = queue.filter((other) => other !== request);
          failed(new DOMException("given up", "AbortError"));
        });
        if (!steal) {
          queue.push(request);
          setImmediate(next);
          return;
        }
        holder?.failed(new DOMException("stolen", "AbortError"));
        hold(request);
      }),
  };
  const channel = () => {
    const own = {
      onmessage: null,
      close: () => open.delete(own),
      postMessage: (data) => {
        for (const other of open) if (other !== own) setImmediate(() => other.hear({ data: structuredClone(data) }));
      },
      backlog: undefined,
      hear: (event) => (own.backlog ? own.backlog.push(event) : own.onmessage?.(event)),
    };
    open.add(own);
    return own;
  };
  const tab = (name, log, { clock = new MovedClock() } = {}) => {
    const heard = [];
    const own = channel();
    const seen = { visible: true, stolen: undefined, stopped: 0, deposed: undefined };
    const tabs = new Tabs({
      channel: own,
      locks,
      name: "m1",
      clock,
      visible: () => seen.visible,
      lead: async ({ stolen, deposed }) => {
        Object.assign(seen, { stolen, deposed });
        return {
          stop: () => seen.stopped++,
          ask: async (method, args) => {
            log.push([name, method, ...args]);
            if (method === "fail") throw Object.assign(new Error("no"), { code: "refused" });
            if (method === "never") return new Promise(() => {});
            return `${name} did ${method}`;
          },
        };
      },
      heard: (event, detail) => heard.push([event, detail]),
    });
    tabs.start();
    return {
      tabs,
      heard,
      seen,
      clock,
      suspend: () => {
        own.backlog = [];
      },
      wake: () => {
        const late = own.backlog;
        own.backlog = undefined;
        for (const event of late) own.hear(event);
      },
    };
  };
  return { tab };
}

const UNTIL_TAKEN = SILENCE_MS + 2 * PING_MS;

/** A leader that does not answer, and a follower that asks. */
async function suspended() {
  const log = [];
  const { tab } = browser();
  const [leader, follower] = [tab("leader", log), tab("follower", log)];
  await settle();
  leader.suspend();
  const answers = [];
  follower.tabs.ask("send", 1).then((answer) => answers.push(answer));
  return { leader, follower, answers, log };
}

test("one tab works, the others ask it and hear it", async () => {
  const log = [];
  const { tab } = browser();
  const [first, second] = [tab("first", log), tab("second", log)];
  await settle();
  assert.deepEqual([first.tabs.leading, second.tabs.leading], [true, false]);
  assert.equal(await second.tabs.ask("send", 1), "first did send");
  assert.equal(await first.tabs.ask("send", 2), "first did send");
  first.tabs.tell(1, "message", 7);
  await settle();
  assert.deepEqual(second.heard.at(-1), ["message", 7]);
  assert.deepEqual(first.heard.at(-1), ["message", 7]);
});

test("a refusal comes back with its code", async () => {
  const { tab } = browser();
  tab("first", []);
  const second = tab("second", []);
  await settle();
  await assert.rejects(second.tabs.ask("fail"), { code: "refused" });
});

test("when the one goes, the next takes over, and what was asked is asked again", async () => {
  const log = [];
  const { tab } = browser();
  const [first, second, third] = ["first", "second", "third"].map((name) => tab(name, log));
  await settle();
  const answers = [];
  for (const { tabs } of [second, third]) tabs.ask("never").then((answer) => answers.push(answer));
  await settle();
  first.tabs.stop();
  await settle();
  assert.equal(second.tabs.leading, true);
  assert.deepEqual(
    log.map(([name]) => name),
    ["first", "first", "second", "second"],
  );
  assert.equal(await third.tabs.ask("send"), "second did send");
  assert.deepEqual(third.heard.at(-1), ["lead", null]);
});

test("a leader that answers nothing loses the lead to a tab that asks", async () => {
  const { leader, follower, answers, log } = await suspended();
  await follower.clock.pass(UNTIL_TAKEN - 1);
  assert.deepEqual([follower.tabs.leading, answers], [false, []]);
  await follower.clock.pass(1);
  assert.deepEqual([follower.tabs.leading, follower.seen.stolen, answers], [true, true, ["follower did send"]]);
  assert.deepEqual(
    follower.heard.filter(([event]) => event === "takeover"),
    [["takeover", null]],
  );
  leader.wake();
  await settle();
  assert.deepEqual([leader.tabs.leading, leader.seen.stopped], [false, 1]);
  assert.equal(await leader.tabs.ask("send", 2), "follower did send");
  assert.deepEqual(log.at(-1), ["follower", "send", 2]);
});

test("what the page of a deposed tab had asked is asked of the tab that leads", async () => {
  const { leader, follower, log } = await suspended();
  leader.tabs.ask("never");
  await follower.clock.pass(UNTIL_TAKEN);
  leader.wake();
  await settle();
  const [first, ...others] = log.filter(([, method]) => method === "never").map(([name]) => name);
  assert.equal(first, "leader");
  assert.deepEqual([...new Set(others)], ["follower"]);
});

test("what a leader of an older term tells when it wakes is heard nowhere", async () => {
  const { leader, follower } = await suspended();
  await follower.clock.pass(UNTIL_TAKEN);
  follower.tabs.tell(2, "message", 7);
  leader.tabs.tell(1, "message", 6); // it does not know yet
  leader.wake();
  await settle();
  leader.tabs.tell(1, "message", 5);
  await settle();
  for (const { heard } of [leader, follower])
    assert.deepEqual(
      heard.filter(([event, detail]) => event === "message" && detail !== 6),
      [["message", 7]],
    );
  assert.ok(!follower.heard.some(([, detail]) => detail === 6));
});

test("a deposed tab leads again when the other one goes", async () => {
  const { leader, follower } = await suspended();
  await follower.clock.pass(UNTIL_TAKEN);
  leader.wake();
  await settle();
  follower.tabs.stop();
  await settle();
  assert.equal(leader.tabs.leading, true);
  assert.equal(leader.seen.stolen, false);
  assert.equal(await leader.tabs.ask("send", 3), "leader did send");
});

test("work that finds another tab's term makes a follower, once", async () => {
  const { leader } = await suspended();
  leader.wake();
  leader.seen.deposed();
  leader.seen.deposed();
  await settle();
  assert.equal(leader.seen.stopped, 1);
});

test("a leader that works long is left alone while it answers", async () => {
  const log = [];
  const { tab } = browser();
  const [leader, follower] = [tab("leader", log), tab("follower", log)];
  await settle();
  follower.tabs.ask("never");
  await follower.clock.pass(10 * UNTIL_TAKEN);
  assert.deepEqual([leader.tabs.leading, follower.tabs.leading], [true, false]);
});

test("a tab that nobody sees takes nothing, until it is seen", async () => {
  const { follower } = await suspended();
  follower.seen.visible = false;
  await follower.clock.pass(10 * UNTIL_TAKEN);
  assert.equal(follower.tabs.leading, false);
  follower.seen.visible = true;
  await follower.clock.pass(2 * UNTIL_TAKEN);
  assert.equal(follower.tabs.leading, true);
});

test("a machine that slept proves nothing", async () => {
  /** Each timer is late by as much as the machine slept. */
  class Sleeping extends MovedClock {
    late = 1001;
    after = (
      (after) => (ms, then) =>
        after(ms + this.late, then)
    )(this.after);
  }
  const log = [];
  const { tab } = browser();
  const leader = tab("leader", log);
  const follower = tab("follower", log, { clock: new Sleeping() });
  await settle();
  leader.suspend();
  follower.tabs.ask("send", 1);
  await follower.clock.pass(10 * UNTIL_TAKEN);
  assert.equal(follower.tabs.leading, false);
  follower.clock.late = 1000; // the control: this late is no sleep
  await follower.clock.pass(10 * UNTIL_TAKEN);
  assert.equal(follower.tabs.leading, true);
});
