// A device that was away while another one was revoked: its news passed, and its user key is old.

import assert from "node:assert/strict";
import { test } from "node:test";
import { nextFields, REVOKES, signLink } from "../../static/js/crypto/devicelist.js";
import { kemPublicKey, newSeed } from "../../static/js/crypto/keys.js";
import { EpochReader } from "../../static/js/hub/epochreader.js";
import { CONV, pair } from "./two_people.js";

async function away() {
  const { server, alice, bob, a, b } = await pair();
  await a.keeper.forSending(CONV, bob.id, () => 0);
  const seed = newSeed();
  const fields = { flags: REVOKES, g: 2, uk: await kemPublicKey(seed), ms: 2 };
  bob.links.push(await signLink(nextFields(bob.links[0], fields), bob.aik.privateKey));
  await a.directory.refresh(bob.id);
  const made = await a.keeper.forSending(CONV, bob.id, () => 0);
  const shelf = { get: async () => undefined, write: async () => {} };
  const api = { post: (path, body) => server.post(path, body, bob.id), put: async () => {} };
  const reader = (renewMe) => new EpochReader({ api, shelf, directory: b.directory, me: bob.me, renewMe });
  return { alice, bob, made, seed, reader };
}

test("it fetches the key that a new epoch is wrapped for", async () => {
  const { alice, bob, made, seed, reader } = await away();
  const renewed = async () => void bob.me.seeds.set(2, seed);
  const open = await reader(renewed).open(CONV, alice.id, made.epoch.n);
  assert.deepEqual(open.secret, made.secret);
});

test("while it cannot, that is no reason to give a message up", async () => {
  const { alice, made, reader } = await away();
  await assert.rejects(reader(async () => {}).open(CONV, alice.id, made.epoch.n), { code: "later" });
});
