// Who signed in elsewhere is told of once, and never of the browser that tells.

import assert from "node:assert/strict";
import { test } from "node:test";
import { newDevices, toldDevices } from "../../static/js/sync/newdevices.js";
import { MemoryStores } from "./memory_stores.js";

const id = (letter) => new Uint8Array(16).fill(letter.charCodeAt(0));
/** Letters are browsers; each was signed in at its own time. */
const link = (k, letters) => ({ k, devices: [...letters].map((one) => ({ id: id(one), added: one.charCodeAt(0) })) });
const world = (...lists) => ({
  account: { device: id("m"), links: lists.map((letters, at) => link(at + 1, letters)) },
  stores: new MemoryStores(),
});

test("a browser that joins tells nothing of those before it, nor of itself", async () => {
  const parts = world("a", "am");
  assert.deepEqual(await newDevices(parts), { k: 2, added: [] });
  assert.deepEqual(await newDevices({ ...parts, account: { ...parts.account, links: [] } }), { k: 0, added: [] });
});

test("what was signed in since is told until it was said, whatever left meanwhile", async () => {
  const parts = world("am");
  await newDevices(parts);
  parts.account.links.push(link(2, "amx"), link(3, "mxy"));
  const news = { k: 3, added: ["x", "y"].map((one) => one.charCodeAt(0)) };
  assert.deepEqual(await newDevices(parts), news);
  assert.deepEqual(await newDevices(parts), news);
  await toldDevices(parts.stores, 3);
  assert.deepEqual(await newDevices(parts), { k: 3, added: [] });
});

test("a time that is no date keeps nobody from hearing of it", async () => {
  const parts = world("am");
  await newDevices(parts);
  const [, lie] = [parts.account.links.push(link(2, "amx")), parts.account.links[1].devices[2]];
  lie.added = Number.MAX_SAFE_INTEGER; // as far as a list may go
  const { added } = await newDevices(parts);
  assert.ok(added[0] <= Date.now());
  assert.equal(added.length, 1);
});

test("an account that began again has no news of before", async () => {
  const parts = world("am");
  await toldDevices(parts.stores, 9);
  assert.deepEqual(await newDevices(parts), { k: 1, added: [] });
  parts.account.links.push(link(2, "amz"));
  assert.equal((await newDevices(parts)).added.length, 1);
});
