import assert from "node:assert/strict";
import { test } from "node:test";
import { askToKeep, askUnheard, isKept } from "../../static/js/tabs/persistence.js";

const CHROMIUM =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0";

/** @param {string} userAgent @param {boolean} kept */
function browser(userAgent, kept) {
  const asked = [];
  const storage = { persisted: async () => kept, persist: async () => Boolean(asked.push("persist")) };
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { userAgent, storage } });
  return asked;
}

test("a browser that decides by itself is asked at each start until it agrees, one that asks the person never", async () => {
  for (const [agent, kept, asks] of [
    [CHROMIUM, false, 1],
    [CHROMIUM, true, 0],
    [FIREFOX, false, 0],
  ]) {
    const asked = browser(agent, kept);
    await askUnheard();
    assert.equal(asked.length, asks);
    assert.equal(await isKept(), kept);
    assert.equal(await askToKeep(), true);
  }
});

test("a browser that knows nothing of it is asked nothing", async () => {
  browser(CHROMIUM, false);
  for (const storage of [undefined, {}]) {
    navigator.storage = storage;
    await askUnheard();
    assert.deepEqual([await isKept(), await askToKeep()], [undefined, undefined]);
  }
});
