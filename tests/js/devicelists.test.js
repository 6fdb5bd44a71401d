import assert from "node:assert/strict";
import { test } from "node:test";
import { nextFields, signLink } from "../../static/js/crypto/devicelist.js";
import { DeviceLists } from "../../static/js/people/devicelists.js";
import { MemoryStores } from "./memory_stores.js";
import { person, Server } from "./two_people.js";

test("a list that could not be kept is not known: a restart would have forgotten the pin", async () => {
  const server = new Server();
  const bob = await person(server);
  const kept = new Map();
  let full = true;
  const stores = {
    get: async (_store, key) => kept.get(key),
    write: async ([{ key, value }]) => {
      if (full) throw Object.assign(new Error("full"), { code: "quota" });
      kept.set(key, value);
    },
  };
  const deviceLists = new DeviceLists(server, stores, () => {});
  await assert.rejects(deviceLists.of(bob.id), { code: "quota" });
  assert.equal(deviceLists.kept(bob.id), undefined);
  full = false;
  assert.equal((await deviceLists.of(bob.id)).links.length, 1);
  assert.ok(kept.has(bob.id));
});

test("a list shorter than the pin is behind: the pin stays, and nothing is alarmed", async () => {
  const { deviceLists, server, bob } = await twoLinks();
  const pinned = (await deviceLists.of(bob.id)).links;
  assert.equal(pinned.length, 2);
  server.links.set(bob.id, bob.links.slice(0, 1));
  assert.deepEqual((await deviceLists.refresh(bob.id)).links, pinned);
  server.links.set(bob.id, pinned);
  assert.deepEqual((await deviceLists.refresh(bob.id)).links, pinned);
});

test("another link in the place of a pinned one is an alarm", async () => {
  const { deviceLists, server, bob, other } = await twoLinks();
  await deviceLists.of(bob.id);
  server.links.set(bob.id, [bob.links[0], other]);
  await assert.rejects(deviceLists.refresh(bob.id), { code: "bad_chain" });
});

test("a link that nobody has is looked for a few times, not once a message", async () => {
  const { deviceLists, server, bob, moved } = await counted();
  for (let message = 0; message < 500; message++) await deviceLists.reach(bob.id, 2 ** 31 - message);
  assert.equal(server.asked, 2); // the first time for the list itself
  for (let minute = 0; minute < 60; minute++) {
    moved.ms += 60_000;
    for (let message = 0; message < 10; message++) await deviceLists.reach(bob.id, 2 ** 31);
  }
  assert.ok(server.asked > 5 && server.asked < 20, `${server.asked}`);
});

test("a link that comes later is found, and then nothing waits any more", async () => {
  const { deviceLists, server, bob, next, moved } = await counted();
  await deviceLists.reach(bob.id, 9);
  server.links.set(bob.id, [bob.links[0], next]);
  moved.ms += 1000;
  assert.equal((await deviceLists.reach(bob.id, 2)).links.length, 2);
  const before = server.asked;
  await deviceLists.reach(bob.id, 3);
  assert.equal(server.asked, before + 1);
});

async function counted() {
  const { server, bob, other } = await twoLinks();
  server.links.set(bob.id, bob.links.slice(0, 1));
  const moved = { ms: 0 };
  const asking = {
    links: server.links,
    asked: 0,
    post: (...args) => {
      asking.asked++;
      return server.post(...args);
    },
  };
  const deviceLists = new DeviceLists(
    asking,
    new MemoryStores(),
    () => {},
    () => moved.ms,
  );
  return { deviceLists, server: asking, bob, next: other, moved };
}

async function twoLinks() {
  const server = new Server();
  const bob = await person(server);
  const deviceLists = new DeviceLists(server, new MemoryStores(), () => {});
  const next = async (ms) => signLink(nextFields(bob.links[0], { ms }), bob.aik.privateKey);
  const [link, other] = [await next(2), await next(3)];
  server.links.set(bob.id, [bob.links[0], link]);
  return { deviceLists, server, bob, other };
}
