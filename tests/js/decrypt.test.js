// What a page may show of a row, and what it has to warn of.

import assert from "node:assert/strict";
import { test } from "node:test";
import { nextFields, REVOKES, signLink } from "../../static/js/crypto/devicelist.js";
import { b64, fromB64, newId } from "../../static/js/crypto/encoding.js";
import { kemPublicKey, newSeed } from "../../static/js/crypto/keys.js";
import { decrypt } from "../../static/js/sync/decrypt.js";
import { correspondence, NOW } from "./correspondence.js";
import { CONV } from "./two_people.js";

test("a message opens for both, says whose it is, and follows the one before", async () => {
  const { write, desk, own } = await correspondence();
  const rows = [await write("one"), await write("two")];
  const [first, second] = await Promise.all(rows.map((row) => decrypt(row, desk)));
  assert.equal(first.message.content?.body, "one");
  assert.equal(first.message.mine, false);
  assert.deepEqual(first.message.warnings, []);
  assert.equal(second.step.prev, first.step.c);
  assert.equal((await decrypt(rows[0], own)).message.mine, true);
});

for (const [what, spoil] of [
  ["another byte in the body", (row) => ({ body: flipped(row.body, 300) })],
  ["another salt", (row) => ({ salt: flipped(row.salt, 3) })],
  ["another name", () => ({ client_id: b64(newId()) })],
  ["a silent one made loud", (row) => ({ kind: 3 - row.kind })],
]) {
  test(`${what}: nothing of it is shown`, async () => {
    const { write, desk } = await correspondence();
    const row = await write("secret");
    assert.equal((await decrypt(row, desk)).message.content?.body, "secret"); // the control
    const { message } = await decrypt({ ...row, ...spoil(row) }, desk);
    assert.equal(message.content?.body, undefined);
    assert.ok(message.broken);
  });
}

test("a message planted in my name is not mine", async () => {
  const { write, own, alice } = await correspondence();
  const row = await write("I never wrote this");
  alice.me.seeds.set(1, newSeed()); // it was sealed without my user key
  const { message } = await decrypt(row, own);
  assert.equal(message.broken, "not_mine");
});

test("a list that the sender sees otherwise is an alarm", async () => {
  const { server, bob, write, desk, a } = await correspondence();
  assert.deepEqual((await decrypt(await write("before"), desk)).message.warnings, []);
  const shown = server.links.get(bob.id); // to Alice the server shows a list with a ghost on it
  const ghost = { ...bob.links[0].devices[0], id: newId() };
  const devices = [...bob.links[0].devices, ghost];
  const forged = await signLink(nextFields(bob.links[0], { devices, ms: 2 }), bob.aik.privateKey);
  server.links.set(bob.id, [...shown, forged]);
  await a.deviceLists.refresh(bob.id);
  const row = await write("hello");
  server.links.set(bob.id, shown);
  const { message } = await decrypt(row, desk);
  assert.equal(message.content?.body, "hello");
  assert.deepEqual(message.warnings, ["list_forged"]);
});

test("what a revoked device could still have sealed is flagged, what came before is not", async () => {
  const { alice, write, desk, b } = await correspondence();
  const row = await write("hello");
  alice.me.seeds.set(2, newSeed());
  const changes = { g: 2, uk: await kemPublicKey(alice.me.seeds.get(2)), flags: REVOKES, ms: NOW + 1000 };
  alice.links.push(await signLink(nextFields(alice.links[0], changes), alice.aik.privateKey));
  await b.deviceLists.reach(alice.id, 1);
  await b.deviceLists.refresh(alice.id);
  assert.deepEqual((await decrypt(row, desk)).message.warnings, []);
  const later = { ...row, time: NOW + 3_600_000 };
  assert.ok((await decrypt(later, desk)).message.warnings.includes("old_epoch"));
});

test("a clock far off is said", async () => {
  const { write, desk } = await correspondence();
  const row = await write("hello");
  assert.deepEqual((await decrypt({ ...row, time: NOW + 3_600_000 }, desk)).message.warnings, ["odd_time"]);
});

test("no network is no verdict: the row is tried again", async () => {
  const { write, desk } = await correspondence();
  const row = await write("hello");
  const epoch = async () => {
    throw Object.assign(new Error("offline"), { name: "ApiError", status: 0, code: "offline" });
  };
  await assert.rejects(decrypt(row, { ...desk, epoch }), { code: "offline" });
});

test("rows without content keep their place", async () => {
  const { desk, alice } = await correspondence();
  const erased = {
    conv: CONV,
    seq: 3,
    sender: alice.id,
    device: b64(newId()),
    ctr: 4,
    kind: 1,
    ord: 3,
    gone: "erased",
  };
  const { message, step } = await decrypt(erased, desk);
  assert.deepEqual([message.gone, message.content?.body, step.ctr, step.c], ["erased", undefined, 4, null]);
  const { step: none } = await decrypt({ conv: CONV, seq: 4, gone: "withheld" }, desk);
  assert.equal(none, null);
});

function flipped(base64, at) {
  const bytes = fromB64(base64);
  bytes[at] ^= 1;
  return b64(bytes);
}
