// Accounts that started over: what their contacts must confirm, and how a conversation goes on.

import assert from "node:assert/strict";
import { test } from "node:test";
import { RESET, signLink } from "../../static/js/crypto/devicelist.js";
import { b64, fromB64, newId, ZERO32 } from "../../static/js/crypto/encoding.js";
import { parseEpoch, REASON } from "../../static/js/crypto/epochs.js";
import { kemPublicKey, newSeed, newSigningKey, signingKeyFromSeed } from "../../static/js/crypto/keys.js";
import { browser, CONV, pair } from "./two_people.js";

const nobody = () => 0;

/** The same uid under another identity, in a browser that remembers nothing. */
async function startOver({ server, clock }, who, links = 1) {
  const { uid } = who.me;
  const aik = await signingKeyFromSeed(newSeed());
  const dsk = await newSigningKey();
  const seeds = new Map([[1, newSeed()]]);
  const device = newId();
  const devices = [{ id: device, dsk: dsk.publicKey, dkk: await kemPublicKey(newSeed()), added: 2 }];
  const keys = { uk: await kemPublicKey(seeds.get(1)), recovery: await kemPublicKey(newSeed()) };
  const start = { uid, k: 1, prev: ZERO32, aik: aik.publicKey, g: 1, devices, ...keys, flags: RESET, ms: clock.now() };
  const chain = [await signLink(start, aik.privateKey)];
  while (chain.length < links) {
    const head = chain.at(-1);
    const next = { ...start, k: head.k + 1, prev: head.hash, flags: 0 };
    chain.push(await signLink(next, aik.privateKey));
  }
  server.links.set(b64(uid), chain);
  const fresh = { ...who, aik, links: chain, me: { uid, device, dsk: dsk.privateKey, seeds } };
  const told = [];
  return { ...fresh, told, ...browser(fresh, clock, (id, event) => told.push([id, event])) };
}

async function talking() {
  const scene = await pair();
  await scene.a.rotation.forSending(CONV, scene.bob.id, nobody);
  await scene.b.epochs.open(CONV, scene.alice.id, 0);
  return scene;
}

const reasonAt = async (server, n) => (await parseEpoch(fromB64(server.records[n]))).reason;

for (const links of [1, 2]) {
  test(`a contact is asked before anything goes to a new identity, ${links} links on`, async () => {
    const scene = await talking();
    const { server, alice, bob, a } = scene;
    const restarted = await startOver(scene, bob, links);
    const known = await a.deviceLists.meet(bob.id, links);
    assert.equal(known.reset?.length, links);
    assert.deepEqual(known.links, [...(await a.deviceLists.of(bob.id)).links]);
    await a.deviceLists.accept(bob.id);
    const open = await a.rotation.forSending(CONV, bob.id, nobody);
    assert.equal(await reasonAt(server, 1), REASON.RESET);
    assert.equal(open.epoch.parent, null);
    assert.deepEqual((await restarted.epochs.open(CONV, alice.id, 1)).secret, open.secret);
  });
}

test("a person who started over writes first, and the contact reads it once it is confirmed", async () => {
  const scene = await talking();
  const { server, alice, bob, a } = scene;
  const restarted = await startOver(scene, bob);
  const open = await restarted.rotation.forSending(CONV, alice.id, nobody);
  assert.equal(await reasonAt(server, 1), REASON.RESET);
  a.epochs.renew(CONV);
  await assert.rejects(a.epochs.open(CONV, bob.id, 1), { code: "unknown_link" });
  await assert.rejects(a.rotation.forSending(CONV, bob.id, nobody), { code: "later" });
  await a.deviceLists.accept(bob.id);
  assert.deepEqual((await a.epochs.open(CONV, bob.id, 1)).secret, open.secret);
  assert.equal((await a.rotation.forSending(CONV, bob.id, nobody)).epoch.n, 1);
  assert.equal(server.records.length, 2);
});

test("the old epochs are closed to a person who started over, and open to the contact", async () => {
  const scene = await talking();
  const restarted = await startOver(scene, scene.bob);
  const before = scene.server.links.get(scene.alice.id);
  scene.server.links.delete(scene.alice.id); // to find that out, no list is asked for
  await assert.rejects(restarted.epochs.open(CONV, scene.alice.id, 0), { code: "before_reset" });
  scene.server.links.set(scene.alice.id, before);
  await scene.a.deviceLists.meet(scene.bob.id, 1);
  await scene.a.deviceLists.accept(scene.bob.id);
  assert.equal((await scene.a.epochs.open(CONV, scene.bob.id, 0)).epoch.n, 0);
});

for (const order of ["ab", "ba"]) {
  test(`both start over (${order}), and the next message opens on both sides`, async () => {
    const scene = await talking();
    const fresh = {};
    for (const who of order) fresh[who] = await startOver(scene, who === "a" ? scene.alice : scene.bob);
    const open = await fresh.a.rotation.forSending(CONV, scene.bob.id, nobody);
    assert.equal(await reasonAt(scene.server, 1), REASON.RESET);
    assert.deepEqual((await fresh.b.epochs.open(CONV, scene.alice.id, 1)).secret, open.secret);
    assert.deepEqual(await fresh.b.rotation.forSending(CONV, scene.alice.id, nobody), {
      ...open,
      epoch: (await fresh.b.epochs.open(CONV, scene.alice.id, 1)).epoch,
    });
    assert.deepEqual(fresh.b.told, [[scene.alice.id, "first"]]); // a line in the chat says it
  });
}

test("twice in a row, and the contact is asked twice", async () => {
  const scene = await talking();
  const { alice, bob, a, server } = scene;
  for (const n of [1, 2]) {
    const restarted = await startOver(scene, bob);
    assert.ok((await a.deviceLists.meet(bob.id, 1)).reset);
    await a.deviceLists.accept(bob.id);
    const open = await a.rotation.forSending(CONV, bob.id, nobody);
    assert.deepEqual((await restarted.epochs.open(CONV, alice.id, n)).secret, open.secret);
  }
  assert.equal(server.records.length, 3);
});

test("a server that makes up a list gets no epoch for it", async () => {
  const { server, alice, bob, a, b, clock } = await pair();
  await a.rotation.forSending(CONV, bob.id, nobody);
  await b.epochs.open(CONV, alice.id, 0);
  const stranger = browser(bob, clock);
  const [first] = server.links.get(alice.id);
  const aik = await signingKeyFromSeed(newSeed());
  const other = await signLink({ ...first, aik: aik.publicKey }, aik.privateKey); // no reset flag
  server.links.set(alice.id, [other]);
  await assert.rejects(stranger.rotation.forSending(CONV, alice.id, nobody), { code: "unknown_link" });
  assert.equal(server.records.length, 1);
});
