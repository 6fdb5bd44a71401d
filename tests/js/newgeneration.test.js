// A device that was away while another one was revoked: its news passed, and its user key is old.

import assert from "node:assert/strict";
import { test } from "node:test";
import { nextFields, REVOKES, signLink } from "../../static/js/crypto/devicelist.js";
import { kemPublicKey, newSeed } from "../../static/js/crypto/keys.js";
import { EpochStore } from "../../static/js/keys/epochstore.js";
import { CONV, pair } from "./two_people.js";

async function away() {
  const { server, alice, bob, a, b } = await pair();
  await a.rotation.forSending(CONV, bob.id, () => 0);
  const seed = newSeed();
  const fields = { flags: REVOKES, g: 2, uk: await kemPublicKey(seed), ms: 2 };
  bob.links.push(await signLink(nextFields(bob.links[0], fields), bob.aik.privateKey));
  await a.deviceLists.refresh(bob.id);
  const made = await a.rotation.forSending(CONV, bob.id, () => 0);
  const stores = { get: async () => undefined, write: async () => {} };
  const api = { post: (path, body) => server.post(path, body, bob.id), put: async () => {} };
  const epochs = (renewMe) => new EpochStore({ api, stores, deviceLists: b.deviceLists, me: bob.me, renewMe });
  return { alice, bob, made, seed, epochs };
}

test("it fetches the key that a new epoch is wrapped for", async () => {
  const { alice, bob, made, seed, epochs } = await away();
  const renewed = async () => void bob.me.seeds.set(2, seed);
  const open = await epochs(renewed).open(CONV, alice.id, made.epoch.n);
  assert.deepEqual(open.secret, made.secret);
});

test("while it cannot, that is no reason to give a message up", async () => {
  const { alice, made, epochs } = await away();
  await assert.rejects(epochs(async () => {}).open(CONV, alice.id, made.epoch.n), { code: "later" });
});
