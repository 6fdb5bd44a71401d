import assert from "node:assert/strict";
import { test } from "node:test";
import { Tabs } from "../../static/js/tabs.js";
import { settle } from "./moved_clock.js";

/** A browser: one lock queue, one channel. What it carries is copied, as by structured clone. */
function browser() {
  const open = new Set();
  const queue = [];
  let held = false;
  const next = () => {
    const hold = held ? undefined : queue.shift();
    if (!hold) return;
    held = true;
    hold().then(() => {
      held = false;
      next();
    });
  };
  const locks = {
    request: async (_name, hold) => {
      queue.push(hold);
      next();
    },
  };
  const channel = () => {
    const own = {
      onmessage: null,
      close: () => open.delete(own),
      postMessage: (data) => {
        for (const other of open)
          if (other !== own) setImmediate(() => other.onmessage?.({ data: structuredClone(data) }));
      },
    };
    open.add(own);
    return own;
  };
  const tab = (name, log) => {
    const heard = [];
    const tabs = new Tabs({
      channel: channel(),
      locks,
      name: "m1",
      lead: async () => ({
        ask: async (method, args) => {
          log.push([name, method, ...args]);
          if (method === "fail") throw Object.assign(new Error("no"), { code: "refused" });
          if (method === "never") return new Promise(() => {});
          return `${name} did ${method}`;
        },
      }),
      heard: (event, detail) => heard.push([event, detail]),
    });
    tabs.start();
    return { tabs, heard };
  };
  return { tab };
}

test("one tab works, the others ask it and hear it", async () => {
  const log = [];
  const { tab } = browser();
  const [first, second] = [tab("first", log), tab("second", log)];
  await settle();
  assert.deepEqual([first.tabs.leading, second.tabs.leading], [true, false]);
  assert.equal(await second.tabs.ask("send", 1), "first did send");
  assert.equal(await first.tabs.ask("send", 2), "first did send");
  first.tabs.tell("letter", 7);
  await settle();
  assert.deepEqual(second.heard.at(-1), ["letter", 7]);
  assert.deepEqual(first.heard.at(-1), ["letter", 7]);
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
